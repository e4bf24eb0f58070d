import { createHash } from 'node:crypto'
import {
  allowInsecureRequests, authorizationCodeGrant, AuthorizationResponseError, buildAuthorizationUrl, calculatePKCECodeChallenge, discovery,
  enableNonRepudiationChecks, fetchUserInfo, None, randomNonce, randomPKCECodeVerifier, randomState, type Configuration,
} from 'openid-client'
import { z } from 'zod'
import type { SignInTrouble } from '../../shared/access.ts'
import type { OidcSettings } from '../config/settings.ts'

/** What the browser carries, sealed, while it is at the provider. */
export interface OidcTrip { state: string, nonce: string, verifier: string, redirectUri: string, /** A path of this server. */ to: string }

/** How long somebody may take to sign in there. */
export const TRIP_MS = 10 * 60_000
const TIMEOUT_MS = 8_000
/** RFC 5321, 4.5.3.1. */
const MAX_EMAIL_CHARS = 320
/** The provider's keys and addresses are asked for anew after this. */
const CONFIGURATION_MS = 3600_000

export const tripSchema: z.ZodType<OidcTrip> = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), redirectUri: z.string(), to: z.string() })

export class OidcError extends Error {
  code: SignInTrouble
  constructor(code: SignInTrouble, cause?: unknown) {
    super(code, { cause })
    this.code = code
  }
}

export interface Oidc {
  /** Where the browser goes, and what it has to bring back. @throws OidcError */
  depart(redirectUri: string, to: string): Promise<{ url: URL, trip: OidcTrip }>
  /** Who came back. @param search the query of the address they came back to @throws OidcError */
  arrive(search: string, trip: OidcTrip): Promise<{ id: string, name: string | undefined, /** Verified. */ email?: string }>
}

export interface OidcOptions { nowMs: () => number, timeoutMs?: number, /** Somebody is told by their address. */ wantsAddress?: boolean }

const claimsSchema = z.object({
  iss: z.string(), sub: z.string().min(1), name: z.string().optional(), preferred_username: z.string().optional(),
  email: z.string().optional(), email_verified: z.boolean().optional(),
})

/** Sign-in at an OpenID Connect provider: authorization code with PKCE, state and nonce; the ID token's signature is checked. */
export function createOidc(settings: OidcSettings, { nowMs, timeoutMs = TIMEOUT_MS, wantsAddress = false }: OidcOptions): Oidc {
  let known: { configuration: Promise<Configuration>, atMs: number } | undefined

  /** Asked once and kept for an hour; a failure is not kept. */
  function configuration(): Promise<Configuration> {
    if (known && nowMs() - known.atMs < CONFIGURATION_MS) return known.configuration
    const { issuer, clientId, clientSecret } = settings
    // Plain http is for a provider on this machine; the settings take no other.
    const execute = [enableNonRepudiationChecks, ...(issuer.protocol === 'http:' ? [allowInsecureRequests] : [])]
    const authentication = clientSecret === undefined ? None() : undefined
    const asked = withTimeout(discovery(issuer, clientId, clientSecret, authentication, { execute, timeout: timeoutMs / 1000 }), timeoutMs)
    const entry = { configuration: asked, atMs: nowMs() }
    known = entry
    asked.catch(() => { if (known === entry) known = undefined })
    return asked
  }

  async function claimsOf(config: Configuration, search: string, { redirectUri, state, nonce, verifier }: OidcTrip) {
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true }
    const tokens = await authorizationCodeGrant(config, new URL(`${redirectUri}${search}`), checks)
    const claims = claimsSchema.parse(tokens.claims())
    const lacksAddress = (settings.allow.length > 0 || wantsAddress) && claims.email === undefined && config.serverMetadata().userinfo_endpoint
    if (!lacksAddress) return claims
    return claimsSchema.parse({ ...claims, ...await fetchUserInfo(config, tokens.access_token, claims.sub), iss: claims.iss, sub: claims.sub })
  }

  return {
    async depart(redirectUri, to) {
      const config = await configuration().catch((error: unknown) => { throw new OidcError('provider_unreachable', error) })
      const trip: OidcTrip = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier(), redirectUri, to }
      const url = buildAuthorizationUrl(config, {
        redirect_uri: redirectUri, scope: 'openid profile email', state: trip.state, nonce: trip.nonce,
        code_challenge: await calculatePKCECodeChallenge(trip.verifier), code_challenge_method: 'S256',
      })
      return { url, trip }
    },
    async arrive(search, trip) {
      const config = await configuration().catch((error: unknown) => { throw new OidcError('provider_unreachable', error) })
      const claims = await withTimeout(claimsOf(config, search, trip), 2 * timeoutMs)
        .catch((error: unknown) => { throw new OidcError(troubleOf(error), error) })
      if (!isAllowed(claims, settings.allow)) throw new OidcError('not_allowed')
      const id = createHash('sha256').update(JSON.stringify([claims.iss, claims.sub])).digest('base64url')
      const verified = claims.email_verified === true && claims.email !== undefined && claims.email.length <= MAX_EMAIL_CHARS
      return { id, name: (claims.name ?? claims.preferred_username)?.slice(0, 128), ...(verified && { email: claims.email }) }
    },
  }
}

/** Only an address that the provider has verified counts. */
export function isAllowed({ email, email_verified: verified }: { email?: string, email_verified?: boolean }, allow: readonly string[]): boolean {
  if (allow.length === 0) return true
  if (!email || verified !== true) return false
  const address = email.toLowerCase()
  return allow.some(each => each.startsWith('@') ? address.slice(address.lastIndexOf('@')) === each : address === each)
}

function troubleOf(error: unknown): SignInTrouble {
  if (error instanceof AuthorizationResponseError) return error.error === 'access_denied' ? 'sign_in_refused' : 'sign_in_failed'
  const { name, code, message } = error as { name?: string, code?: string, message?: string }
  return name === 'TimeoutError' || code === 'OAUTH_TIMEOUT' || message === 'fetch failed' ? 'provider_unreachable' : 'sign_in_failed'
}

async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const error = Object.assign(new Error('no answer in time'), { name: 'TimeoutError' })
  const late = new Promise<never>((_resolve, reject) => { timer = setTimeout(() => reject(error), ms) })
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
