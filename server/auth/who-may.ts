import { asksForSignIn } from '../config/access-settings.ts'
import { isLoopbackHost, type Settings } from '../config/settings.ts'

type Facts = Pick<Settings, 'host' | 'publicUrl' | 'access'>

/** Programs need no token: nothing was set up, which the server starts with on loopback or with `KAIWA_ALLOW_ANONYMOUS` only. */
export const programsAreFree = ({ access }: Pick<Settings, 'access'>) => !asksForSignIn(access) && access.tokens.size === 0

/**
 * Whether whoever opens the page may talk without signing in. Where only tokens are set up, nobody said that of people: the
 * page is for this machine alone, unless `KAIWA_ALLOW_ANONYMOUS` says more.
 */
export function pageIsFree(facts: Facts): boolean {
  const { access } = facts
  if (asksForSignIn(access)) return false
  return access.allowAnonymous || access.tokens.size === 0 || !isReachedFromOutside(facts)
}

export const isReachedFromOutside = ({ host, publicUrl }: Pick<Facts, 'host' | 'publicUrl'>) =>
  !isLoopbackHost(host) || (publicUrl !== undefined && !isLoopbackHost(publicUrl.hostname))
