import { isLoopbackHost, type Settings } from '../config/settings.ts'
import type { Program } from './api-tokens.ts'
import { bearerIn, offeredIn } from './bearer.ts'
import type { Caller, CallerAddress } from './caller-address.ts'
import type { Person } from './person.ts'
import type { SignIn, SignInCookies } from './sign-in-cookie.ts'
import { pageIsFree } from './who-may.ts'

/** Who knocks, as far as their headers prove it. */
export interface Identity {
  /** Anyone, by network address. */
  caller: Extract<Person, { by: 'anonymous' }>
  /** Who the page belongs to; undefined: they have to sign in first. */
  visitor: Extract<Person, { by: 'anonymous' | 'password' | 'oidc' }> | undefined
  /** Whose API token they showed. */
  program: Program | undefined
  /** The cookie behind `visitor`. */
  signIn: SignIn | undefined
  /** Signed in here before, with this browser, but no longer. */
  formerly: SignIn | undefined
  /** For tries to be counted by. */
  address: string | undefined
  /** Cookies travel by https only. */
  secure: boolean
  /** They came without https although this server is known by an https address. */
  overPlainHttp: boolean
}

export interface IdentifyOptions {
  settings: Pick<Settings, 'host' | 'publicUrl' | 'access' | 'countLoopbackUsers'>
  addressOf: (caller: Caller) => CallerAddress
  cookies: Pick<SignInCookies, 'read'>
  programOf: (token: string) => Program | undefined
}

export type Identify = (caller: Caller) => Promise<Identity>

/**
 * Whoever isn't signed in counts by network address. This machine's own is not one person (a proxy stands there, or the
 * operator), unless the cap was set on purpose.
 */
export const callerAt = (address: string | undefined, countLoopback: boolean): Identity['caller'] =>
  ({ by: 'anonymous', id: !address || (isLoopbackHost(address) && !countLoopback) ? undefined : address })

const only = (header: string | string[] | undefined) => Array.isArray(header) ? header.join(', ') : header

/** Reads cookie, token and address; no network, no file. */
export function createIdentify({ settings, addressOf, cookies, programOf }: IdentifyOptions): Identify {
  const { publicUrl } = settings
  return async knocking => {
    const { headers } = knocking
    const { address, by } = addressOf(knocking)
    const secure = publicUrl?.protocol === 'https:' || by === 'https'
    const caller = callerAt(address, settings.countLoopbackUsers)
    const bearer = bearerIn({ authorization: only(headers.authorization) }, offeredIn(only(headers['sec-websocket-protocol'])))
    const found = await cookies.read(only(headers.cookie), secure)
    const signIn = found?.live ? found.signIn : undefined
    return {
      caller,
      visitor: signIn?.person ?? (pageIsFree(settings) ? caller : undefined),
      program: bearer === undefined ? undefined : programOf(bearer),
      signIn,
      formerly: found && !found.live ? found.signIn : undefined,
      address,
      secure,
      overPlainHttp: publicUrl?.protocol === 'https:' && by === 'http',
    }
  }
}
