import type { SignInTrouble } from '../../../shared/access.ts'

/** Why one isn't signed in; each has its words under `signIn.problems`. */
export type SignInProblem = { code: 'wrong_password' | 'unreachable' | 'server_failed' | SignInTrouble } | { code: 'too_many_tries', seconds: number }

/** A password takes a server a quarter of a second to compare; a person waits. */
export const SIGN_IN_TIMEOUT_MS = 10_000
/** When a server doesn't say how long to wait. */
const USUAL_WAIT_SECONDS = 30

/** `POST /api/login`. Undefined: signed in. Never rejects. `signal` ends the wait (`AbortSignal.timeout(SIGN_IN_TIMEOUT_MS)`). */
export async function signIn(password: string, fetch: typeof globalThis.fetch, signal: AbortSignal): Promise<SignInProblem | undefined> {
  try {
    const { status, headers } = await fetch('/api/login', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ password }), credentials: 'same-origin', signal,
    })
    if (status === 204) return undefined
    if (status === 401) return { code: 'wrong_password' }
    if (status === 429) return { code: 'too_many_tries', seconds: secondsOf(headers.get('retry-after')) }
    return { code: 'server_failed' }
  } catch {
    return { code: 'unreachable' }
  }
}

function secondsOf(header: string | null): number {
  return header !== null && /^\d{1,6}$/.test(header) ? Math.max(1, Number(header)) : USUAL_WAIT_SECONDS
}

const troubles: readonly unknown[] = ['provider_unreachable', 'sign_in_expired', 'sign_in_refused', 'sign_in_failed', 'not_allowed'] satisfies SignInTrouble[]

/** The `error` of `/login?error=<code>`; one that nobody knows is a plain failure. */
export function problemOfQuery(error: unknown): SignInProblem | undefined {
  if (error === undefined) return undefined
  return { code: troubles.includes(error) ? error as SignInTrouble : 'sign_in_failed' }
}
