import type { Fault, FaultCode } from '@kaiwa/protocol'
import type { Ending, Trouble } from './call.ts'
import type { MicrophoneFault } from './microphone.ts'

/** Whatever went wrong → the page's words for it (by code). Total: every closure, refusal and fault ends as one `Trouble`. */

export interface Closure { code: number, reason: string, detail?: string, retryAfterSeconds?: number }

/** Codes that a server names in `<type>.<code>` of a close reason or in the body of a refusal. A map: a reason may be `toString`. */
const byReason = new Map<string, FaultCode | 'server_unreachable' | 'webrtc_failed' | 'conversation_busy' | 'conversation_gone'>(Object.entries({
  invalid_api_key: 'key_refused',
  key_refused: 'key_refused',
  insufficient_quota: 'quota_spent',
  billing_hard_limit_reached: 'quota_spent',
  account_deactivated: 'key_refused',
  quota_spent: 'quota_spent',
  rate_limit_exceeded: 'rate_limited',
  rate_limited: 'rate_limited',
  missing_model: 'model_unavailable',
  invalid_model: 'model_unavailable',
  model_not_found: 'model_unavailable',
  model_unavailable: 'model_unavailable',
  session_expired: 'session_expired',
  call_too_long: 'call_too_long',
  call_idle: 'call_idle',
  budget_spent: 'budget_spent',
  server_full: 'server_full',
  too_many_calls: 'too_many_calls',
  server_busy: 'server_busy',
  server_overloaded: 'server_busy',
  server_draining: 'server_draining',
  model_not_priced: 'model_not_priced',
  upstream_unavailable: 'upstream_unavailable',
  upstream_timeout: 'upstream_unavailable',
  upstream_lost: 'upstream_lost',
  not_admitted: 'not_admitted',
  signed_out: 'signed_out',
  sign_in_required: 'signed_out',
  access_withdrawn: 'access_withdrawn',
  ticket_refused: 'not_admitted',
  engine_failed: 'engine_failed',
  webrtc_failed: 'webrtc_failed',
  webrtc_unavailable: 'webrtc_failed',
  invalid_offer: 'webrtc_failed',
  sideband_lost: 'upstream_lost',
  client_too_slow: 'upstream_lost',
  client_too_fast: 'rate_limited',
  conversation_busy: 'conversation_busy',
  conversation_not_found: 'conversation_gone',
  item_not_found: 'conversation_gone',
  nothing_kept: 'conversation_gone',
  event_not_allowed: 'bad_request',
  beta_api_shape_disabled: 'bad_request',
} as const))

/** Close codes, and HTTP statuses of a refused call, when the reason says nothing we know. */
const byCode: Record<number, FaultCode | 'server_unreachable'> = {
  400: 'bad_request', 401: 'signed_out', 403: 'not_admitted', 404: 'server_error', 429: 'server_full', 503: 'server_full',
  502: 'upstream_unavailable', 504: 'upstream_unavailable',
  1001: 'upstream_lost', 1005: 'upstream_lost', 1006: 'server_unreachable', 1008: 'bad_request', 1009: 'bad_request', 1011: 'server_error',
  3000: 'not_admitted', 4000: 'bad_request', 4001: 'signed_out', 4003: 'access_withdrawn', 4008: 'upstream_lost', 4009: 'not_admitted', 4029: 'rate_limited',
}

/**
 * Why the line is gone. Undefined: the other side was done (1000), which is no trouble.
 * `fault`: what an `error` event said just before; it knows more than a close code.
 */
export function troubleOfClosure(closure: Closure, fault?: Fault): Trouble | undefined {
  const named = byReason.get(closure.reason.slice(closure.reason.lastIndexOf('.') + 1))
  if (closure.code === 1000 && !named && !fault) return undefined
  const code = named ?? fault?.code ?? byCode[closure.code] ?? (closure.code < 400 ? 'server_unreachable' : closure.code < 500 ? 'not_admitted' : 'server_error')
  const { retryAfterSeconds } = closure
  return { code, detail: fault?.detail ?? closure.detail ?? describe(closure), ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) }
}

/** A server that ends a call for one of these has no trouble: it is over. Undefined: trouble. */
export function endingOf({ code }: Trouble): Ending | undefined {
  switch (code) {
    case 'budget_spent': return 'budget'
    case 'call_too_long': return 'time'
    case 'call_idle': return 'idle'
    case 'server_draining': return 'server'
    default: return undefined
  }
}

function describe({ code, reason }: Closure): string {
  return `The line was closed (${[String(code), reason].filter(Boolean).join(' ')}).`
}

export const troubleOfFault = ({ code, detail }: Fault): Trouble => ({ code, detail })
export const troubleOfMicrophone = ({ code, detail }: MicrophoneFault): Trouble => ({ code, detail })
export const troubleOfOutput = (code: 'audio_blocked' | 'audio_lost' | 'audio_failed', error: unknown): Trouble =>
  ({ code, detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
