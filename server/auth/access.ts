import type { AccessInfo } from '../../shared/access.ts'
import { asksForSignIn } from '../config/access-settings.ts'
import type { AccessSettings, Settings } from '../config/settings.ts'
import type { RelayFault } from '../relay/fault.ts'
import { createApiTokens } from './api-tokens.ts'
import { createCallerAddress } from './caller-address.ts'
import { createEndedSignIns } from './ended-sign-ins.ts'
import { groundOf, isGuest, mayStayWith } from './grounds.ts'
import { createIdentify, type Identify, type Identity } from './identify.ts'
import { isOperator } from './operator.ts'
import { createOidc, TRIP_MS, type Oidc } from './oidc.ts'
import { createPasswordCheck, type PasswordCheck } from './password.ts'
import type { Person } from './person.ts'
import { createSealer, type Sealer } from './sealer.ts'
import { createSignInCookies, SIGN_IN_MS, type SignedIn, type SignIn, type SignInCookies } from './sign-in-cookie.ts'
import { createSignInLimits, type SignInLimits } from './sign-in-limits.ts'
import { pageIsFree, programsAreFree } from './who-may.ts'

/** Who may talk: the parts of it. */
export interface Access {
  identify: Identify
  infoOf(identity: Identity): AccessInfo
  cookies: SignInCookies
  /** Undefined: no password is set up. */
  password: PasswordCheck | undefined
  limits: SignInLimits
  oidc: Oidc | undefined
  trips: Sealer
  ids: (prefix: string) => string
  /** A sign-in that begins: what it replaces, in this browser, dies. Returns `Set-Cookie`. */
  begin(person: Omit<SignedIn, 'signInId'>, before: SignIn | undefined, secure: boolean): Promise<string>
  /** Ends a sign-in and its calls. */
  end(signIn: SignIn): void
  /** Others may talk from now on. Ends the calls of those who may no longer; how many they were. */
  change(next: AccessSettings): number
}

export interface AccessOptions {
  settings: Pick<Settings, 'host' | 'publicUrl' | 'access' | 'countLoopbackUsers' | 'dataDir'>
  key: () => Uint8Array
  ids: (prefix: string) => string
  nowMs: () => number
  warn: (sentence: string) => void
  endCalls(match: (person: Person) => boolean, fault: RelayFault): number
  /** Ephemeral secrets of theirs begin no more sessions. */
  forgetSecrets(match: (person: Person) => boolean): void
  oidcTimeoutMs?: number
}

/** Puts them together; opens nothing but what is asked for later. */
export function createAccess({ settings, key, ids, nowMs, warn, endCalls, forgetSecrets, oidcTimeoutMs }: AccessOptions): Access {
  let { password, oidc, programOf } = partsOf(settings.access)
  const ended = createEndedSignIns({ dataDir: settings.dataDir, nowMs, rememberMs: SIGN_IN_MS, warn })
  const cookies = createSignInCookies({
    key, nowMs, ended,
    groundOf: by => groundOf(by, settings.access, key()),
    mayTalk: person => person.by === 'password' || isGuest(person, settings.access.oidc?.allow ?? []),
  })
  const ways = (): AccessInfo['signIn']['ways'] => [...(oidc ? ['oidc' as const] : []), ...(password ? ['password' as const] : [])]

  function partsOf(access: AccessSettings) {
    return {
      password: access.password === undefined ? undefined : createPasswordCheck(access.password),
      oidc: access.oidc && createOidc(access.oidc, { nowMs, timeoutMs: oidcTimeoutMs, wantsAddress: access.operators.some(name => name.includes('@')) }),
      programOf: createApiTokens(access.tokens),
    }
  }

  function change(next: AccessSettings): number {
    const before = settings.access
    settings.access = next
    ;({ password, oidc, programOf } = partsOf(next))
    const mayStay = mayStayWith(before, next, pageIsFree(settings) || programsAreFree(settings))
    forgetSecrets(person => !mayStay(person))
    return endCalls(person => !mayStay(person), { code: 'access_withdrawn' })
  }

  function end({ person: { signInId }, begunMs }: SignIn) {
    ended.end({ id: signInId, begunMs })
    endCalls(person => 'signInId' in person && person.signInId === signInId, { code: 'signed_out' })
  }

  return {
    identify: createIdentify({ settings, addressOf: createCallerAddress(settings.access.trustedProxies), cookies, programOf: token => programOf(token) }),
    infoOf: identity => ({
      signIn: { needed: asksForSignIn(settings.access), ways: ways() },
      person: identity.visitor && { name: 'name' in identity.visitor ? identity.visitor.name : undefined, by: identity.visitor.by },
      ...(isOperator(identity, settings) && { operator: true }),
    }),
    cookies,
    get password() { return password },
    limits: createSignInLimits(),
    get oidc() { return oidc },
    trips: createSealer(key, 'oidc-trip', TRIP_MS),
    ids,
    async begin(person, before, secure) {
      if (before) end(before)
      return await cookies.begin({ ...person, signInId: ids('signin') }, secure)
    },
    end,
    change,
  }
}
