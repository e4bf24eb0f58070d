import { z } from 'zod'
import type { MeAnswer } from '../../shared/access.ts'
import type { Settings } from '../config/settings.ts'
import type { Log } from '../log.ts'
import { refusalBody, refuseForOrigin, signInRequired, type Knock, type Refusal } from '../realtime/admission.ts'
import { noteRefusal } from '../realtime/refusal-line.ts'
import type { Access } from './access.ts'
import { neighbourhoodOf } from './caller-address.ts'
import { cookieIn, cookieName, setCookie } from './cookie.ts'
import type { Identity } from './identify.ts'
import { OidcError, TRIP_MS, tripSchema } from './oidc.ts'

/** An HTTP answer as a value. */
export interface AuthAnswer { status: number, headers: [name: string, value: string][], body?: object }

export interface AuthAsk {
  headers: Knock['headers'] & { 'content-type'?: string, cookie?: string }
  identity: Identity
  /** The body's text; longer than `MAX_LOGIN_BODY_CHARS` it is refused. */
  body: string
  /** Path and query. */
  url: string
}

export interface AuthHouse { access: Access, settings: Pick<Settings, 'host' | 'publicUrl' | 'access' | 'maxCalls' | 'maxCallsPerUser' | 'countLoopbackUsers'>, log: Log }

export const MAX_LOGIN_BODY_CHARS = 4096
const TRIP_COOKIE = 'kaiwa-oidc'
const noStore: [string, string] = ['Cache-Control', 'no-store']
const loginSchema = z.strictObject({ password: z.string().min(1).max(512) })

/** Every refusal of sign-in, with its line in the log. */
function refuse(refusal: Refusal, { identity, url }: AuthAsk, { log }: AuthHouse, more: { body?: object } = {}): AuthAnswer {
  noteRefusal(log, 'request', refusal, { by: identity.visitor?.by, address: identity.address }, url.split('?')[0])
  const retry: [string, string][] = refusal.retryAfterSeconds === undefined ? [] : [['Retry-After', String(refusal.retryAfterSeconds)]]
  return { status: refusal.status, headers: [noStore, ...retry], body: { ...refusalBody(refusal), ...more.body } }
}

const refusal = (status: Refusal['status'], code: string, message: string, retryAfterSeconds?: number): Refusal => ({ admitted: false, status, code, message, retryAfterSeconds })

/** `GET /api/me`: who the page belongs to. */
export async function answerMe(ask: AuthAsk, house: AuthHouse): Promise<AuthAnswer> {
  const { headers, identity } = ask
  // A browser names no origin when a page reads from its own server; another site's page couldn't read the answer.
  const misplaced = refuseForOrigin({ host: headers.host, origin: headers.origin }, house.settings)
  if (misplaced) return refuse(misplaced, ask, house)
  const { signIn, person } = house.access.infoOf(identity)
  if (!person) return refuse(signInRequired(house.settings), ask, house, { body: { sign_in: signIn } })
  const renewed = identity.signIn && await house.access.cookies.renew(identity.signIn, identity.secure)
  const body: MeAnswer = { person: { name: person.name ?? null, by: person.by }, sign_in: signIn }
  return { status: 200, headers: [noStore, ...(renewed ? [['Set-Cookie', renewed] satisfies [string, string]] : [])], body }
}

/** `POST /api/login`: 204 and a cookie for the right password. */
export async function answerLogin(ask: AuthAsk, house: AuthHouse): Promise<AuthAnswer> {
  const misplaced = refuseForOrigin(ask.headers, house.settings)
  if (misplaced) return refuse(misplaced, ask, house)
  const { access } = house
  const { identity } = ask
  if (!access.password) return refuse(refusal(404, 'sign_in_not_set_up', 'Nobody signs in with a password here. Whoever runs this server can set KAIWA_PASSWORD.'), ask, house)
  const said = readLogin(ask)
  if ('admitted' in said) return refuse(said, ask, house)
  const before = identity.signIn ?? identity.formerly
  const attempt = await access.limits.attempt(neighbourhoodOf(identity.address), before?.person.id)
  if (!attempt.allowed) return refuse(refusal(429, 'too_many_tries', 'That were too many wrong passwords. Wait before the next try.', attempt.retryAfterSeconds), ask, house)
  const outcome = await access.password.check(said.password)
  if (outcome === 'busy') return refuse(refusal(429, 'too_many_tries', 'Too many people are signing in at once. Try again in a moment.', 2), ask, house)
  if (outcome === 'wrong') return refuse(refusal(401, 'wrong_password', 'That is not the password.'), ask, house)
  await attempt.right()
  // The same person in the same browser, but never the same sign-in: a cookie that somebody planted, or copied, is worth nothing from here on.
  const same = identity.signIn?.person.by === 'password' ? identity.signIn.person.id : undefined
  const cookie = await access.begin({ by: 'password', id: same ?? access.ids('person'), name: undefined }, identity.signIn, identity.secure)
  house.log.info({ by: 'password' }, 'signed in')
  return { status: 204, headers: [noStore, ['Set-Cookie', cookie]] }
}

function readLogin({ headers, body }: AuthAsk): { password: string } | Refusal {
  if (!/^application\/json\b/i.test(headers['content-type'] ?? '')) return refusal(400, 'invalid_content_type', 'The body has to be JSON (Content-Type: application/json).')
  if (body.length > MAX_LOGIN_BODY_CHARS) return refusal(400, 'body_too_large', 'The body is too long for a password.')
  try {
    const parsed = loginSchema.safeParse(JSON.parse(body)).data
    if (parsed) return parsed
  } catch { /* as below */ }
  return refusal(400, 'invalid_value', 'The body has to be {"password": "…"}, of 1 to 512 characters.')
}

/** `POST /api/logout`: 204 whether anybody was signed in or not. */
export function answerLogout(ask: AuthAsk, house: AuthHouse): AuthAnswer {
  const { headers, identity } = ask
  const misplaced = refuseForOrigin(headers, house.settings)
  if (misplaced) return refuse(misplaced, ask, house)
  if (identity.signIn) {
    house.access.end(identity.signIn)
    house.log.info({ by: identity.signIn.person.by }, 'signed out')
  }
  return { status: 204, headers: [noStore, ['Set-Cookie', house.access.cookies.clear(identity.secure)]] }
}

/** A path of this server and nothing else: no host can hide in it. */
export const safePath = (to: string | null | undefined): string => to && to.length <= 512 && /^\/(?![/\\])[^\\\s\p{Cc}]*$/u.test(to) ? to : '/'

const away = (location: string, ...cookies: string[]): AuthAnswer =>
  ({ status: 302, headers: [noStore, ['Location', location], ...cookies.map(cookie => ['Set-Cookie', cookie] satisfies [string, string])] })

function trouble(error: unknown, { identity: { address } }: AuthAsk, house: AuthHouse, ...cookies: string[]): AuthAnswer {
  const code = error instanceof OidcError ? error.code : 'sign_in_failed'
  const cause = error instanceof OidcError ? error.cause as { code?: unknown, name?: unknown } | undefined : error as { code?: unknown, name?: unknown }
  // Names only: a provider's words may hold codes and tokens.
  house.log[code === 'not_allowed' || code === 'sign_in_refused' || code === 'sign_in_expired' ? 'info' : 'warn']({ code, address, why: cause?.code ?? cause?.name }, 'sign-in at the provider failed')
  return away(`/login?error=${code}`, ...cookies)
}

const queryOf = (url: string) => url.includes('?') ? url.slice(url.indexOf('?')) : ''
const CALLBACK = '/auth/oidc/callback'

/** `GET /auth/oidc`: off to the provider. */
export async function answerOidcDeparture(ask: AuthAsk, house: AuthHouse): Promise<AuthAnswer> {
  const { headers, identity, url } = ask
  const { access, settings } = house
  const misplaced = refuseForOrigin({ host: headers.host }, settings)
  if (misplaced) return refuse(misplaced, ask, house)
  if (!access.oidc) return refuse(refusal(404, 'sign_in_not_set_up', 'No sign-in provider is set up here. Whoever runs this server can set KAIWA_OIDC_ISSUER.'), ask, house)
  const origin = settings.publicUrl?.origin ?? `${identity.secure ? 'https' : 'http'}://${headers.host}`
  try {
    const { url: there, trip } = await access.oidc.depart(`${origin}${CALLBACK}`, safePath(new URLSearchParams(queryOf(url)).get('to')))
    return away(there.href, setCookie(TRIP_COOKIE, await access.trips.seal(trip), { secure: identity.secure, maxAgeSeconds: TRIP_MS / 1000 }))
  } catch (error) {
    return trouble(error, ask, house)
  }
}

/** `GET /auth/oidc/callback`: back from the provider. */
export async function answerOidcArrival(ask: AuthAsk, house: AuthHouse): Promise<AuthAnswer> {
  const { headers, identity, url } = ask
  const { access, settings } = house
  const misplaced = refuseForOrigin({ host: headers.host }, settings)
  if (misplaced) return refuse(misplaced, ask, house)
  if (!access.oidc) return refuse(refusal(404, 'sign_in_not_set_up', 'No sign-in provider is set up here. Whoever runs this server can set KAIWA_OIDC_ISSUER.'), ask, house)
  const noTrip = setCookie(TRIP_COOKIE, '', { secure: identity.secure, maxAgeSeconds: 0 })
  try {
    const carried = cookieIn(headers.cookie, cookieName(TRIP_COOKIE, identity.secure))
    const trip = tripSchema.safeParse(carried && await access.trips.unseal(carried)).data
    if (!trip) throw new OidcError('sign_in_expired')
    const arrived = await access.oidc.arrive(queryOf(url), trip)
    const cookie = await access.begin({ by: 'oidc', ...arrived }, identity.signIn, identity.secure)
    house.log.info({ by: 'oidc' }, 'signed in')
    return away(safePath(trip.to), cookie, noTrip)
  } catch (error) {
    return trouble(error, ask, house, noTrip)
  }
}
