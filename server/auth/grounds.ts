import { createHmac } from 'node:crypto'
import type { AccessSettings } from '../config/settings.ts'
import { isAllowed } from './oidc.ts'
import type { Person } from './person.ts'
import type { SignedIn } from './sign-in-cookie.ts'

/**
 * What a sign-in rests on, as a word that tells nothing of it: another one as soon as the password, or the provider, is another.
 * Undefined: nobody signs in that way here.
 */
export function groundOf(by: SignedIn['by'], { password, oidc }: Pick<AccessSettings, 'password' | 'oidc'>, key: Uint8Array): string | undefined {
  const ground = by === 'password' ? password : oidc && JSON.stringify([oidc.issuer.href, oidc.clientId])
  return ground === undefined ? undefined : createHmac('sha256', key).update(`kaiwa ground of ${by}\0${ground}`).digest('base64url').slice(0, 22)
}

/** Whether somebody who was let in would be let in still: their call ends otherwise. */
export function mayStayWith(before: AccessSettings, now: AccessSettings, anonymousMay: boolean): (person: Person) => boolean {
  return person => {
    switch (person.by) {
      case 'anonymous': return anonymousMay
      case 'token': return now.tokens.get(person.name) !== undefined && now.tokens.get(person.name) === before.tokens.get(person.name)
      case 'password': return now.password !== undefined && now.password === before.password
      case 'oidc': return now.oidc !== undefined && now.oidc.issuer.href === before.oidc?.issuer.href && now.oidc.clientId === before.oidc.clientId && isGuest(person, now.oidc.allow)
      default: return person satisfies never
    }
  }
}

/** Whether the list of those who may talk still has them. */
export const isGuest = ({ email }: Pick<SignedIn, 'email'>, allow: readonly string[]) => isAllowed({ email, email_verified: email !== undefined }, allow)
