import { z } from 'zod'
import { cookieIn, cookieName, setCookie } from './cookie.ts'
import type { EndedSignIns } from './ended-sign-ins.ts'
import type { Person } from './person.ts'
import { createSealer } from './sealer.ts'

export type SignedIn = Extract<Person, { by: 'password' | 'oidc' }>

/** What the cookie says, whoever presents it. */
export interface SignIn { person: SignedIn, begunMs: number, sealedMs: number }

const COOKIE = 'kaiwa'
export const SIGN_IN_MS = 30 * 24 * 3600_000
/** A cookie older than this is sealed anew when it is used. */
const RENEW_MS = 24 * 3600_000

const sealedSchema = z.object({
  by: z.enum(['password', 'oidc']), id: z.string().min(1).max(128), signInId: z.string().min(1).max(64), name: z.string().max(128).optional(),
  email: z.string().max(320).optional(), ground: z.string().max(64),
  begunMs: z.number(), sealedMs: z.number(),
})

export interface SignInCookies {
  /** `live`: signed in. `ended`: it was, in this browser. */
  read(cookieHeader: string | undefined, secure: boolean): Promise<{ signIn: SignIn, live: boolean } | undefined>
  /** `Set-Cookie` of a sign-in that begins now. */
  begin(person: SignedIn, secure: boolean): Promise<string>
  /** `Set-Cookie` for one that is used and not quite fresh any more; else undefined. */
  renew(signIn: SignIn, secure: boolean): Promise<string | undefined>
  /** `Set-Cookie` that takes it away. */
  clear(secure: boolean): string
}

export interface SignInCookiesOptions {
  key: () => Uint8Array
  nowMs: () => number
  ended: EndedSignIns
  /** What a sign-in of that kind rests on now; undefined: nobody signs in that way any more. */
  groundOf(by: SignedIn['by']): string | undefined
  /** Whether this person may still talk. */
  mayTalk(person: SignedIn): boolean
}

/** Who is signed in, kept by their own browser in a sealed cookie. Good for thirty days after it was last used. */
export function createSignInCookies({ key, nowMs, ended, groundOf, mayTalk }: SignInCookiesOptions): SignInCookies {
  const sealer = createSealer(key, 'sign-in', SIGN_IN_MS)

  async function write({ person: { by, id, signInId, name, email }, begunMs }: Omit<SignIn, 'sealedMs'>, secure: boolean): Promise<string> {
    const known = { ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) }
    const sealed = await sealer.seal({ by, id, signInId, ...known, ground: groundOf(by), begunMs, sealedMs: nowMs() })
    return setCookie(COOKIE, sealed, { secure, maxAgeSeconds: SIGN_IN_MS / 1000 })
  }

  return {
    async read(cookieHeader, secure) {
      const value = cookieIn(cookieHeader, cookieName(COOKIE, secure))
      const said = value === undefined ? undefined : sealedSchema.safeParse(await sealer.unseal(value)).data
      if (!said || said.sealedMs + SIGN_IN_MS <= nowMs()) return undefined
      const { by, id, signInId, name, email, ground, begunMs, sealedMs } = said
      const person = { by, id, signInId, name, ...(email === undefined ? {} : { email }) }
      return { signIn: { person, begunMs, sealedMs }, live: ground === groundOf(by) && mayTalk(person) && !ended.isEnded({ id: signInId, begunMs }) }
    },
    begin: (person, secure) => write({ person, begunMs: nowMs() }, secure),
    renew: async (signIn, secure) => nowMs() - signIn.sealedMs < RENEW_MS ? undefined : await write(signIn, secure),
    clear: secure => setCookie(COOKIE, '', { secure, maxAgeSeconds: 0 }),
  }
}
