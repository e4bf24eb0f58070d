import type { Fault, FaultCode } from '../dialogue.ts'
import type { ServerEventOf } from '../server-events.ts'
import { settleRefusedRequest } from './arbiter.ts'
import { settleRefusedNoiseReduction } from './noise-reduction.ts'
import { change } from './state.ts'
import type { Step } from './state.ts'
import { settleRefusedChange } from './turn-taking.ts'

/** Codes of the wire (the API's, and our own server's) → ours. */
const faultCodes = new Map<string, FaultCode>([
  ['invalid_api_key', 'key_refused'], ['account_deactivated', 'key_refused'],
  ['insufficient_quota', 'quota_spent'], ['billing_hard_limit_reached', 'quota_spent'],
  ['rate_limit_exceeded', 'rate_limited'],
  ['invalid_model', 'model_unavailable'], ['missing_model', 'model_unavailable'], ['model_not_found', 'model_unavailable'],
  ['client_too_slow', 'upstream_lost'], ['client_too_fast', 'rate_limited'],
  ...(['key_refused', 'quota_spent', 'rate_limited', 'model_unavailable', 'session_expired', 'server_full', 'upstream_unavailable', 'upstream_lost',
    'not_admitted', 'engine_failed', 'bad_request', 'server_error',
    'budget_spent', 'call_too_long', 'call_idle', 'server_draining', 'too_many_calls', 'server_busy', 'model_not_priced', 'signed_out', 'access_withdrawn'] as const satisfies FaultCode[]).map(code => [code, code] as const),
])

/**
 * After these the session can't go on. A rate limit is not among them: the line stays, and a later try may pass. Nor is what ends
 * a call kindly (`budget_spent`, `call_too_long`, `call_idle`, `server_draining`): the close follows, and last words may still be heard.
 */
const fatalCodes = new Set<FaultCode>([
  'key_refused', 'quota_spent', 'model_unavailable', 'session_expired', 'server_full', 'upstream_unavailable', 'upstream_lost', 'not_admitted',
  'too_many_calls', 'server_busy', 'model_not_priced', 'signed_out', 'access_withdrawn',
])
/** Refusals that change nothing: we and the server crossed on the wire. */
const benignCodes = new Set([
  'response_cancel_not_active', 'conversation_already_has_active_response', 'input_audio_buffer_commit_empty',
  'item_truncate_invalid_item_id', 'item_delete_invalid_item_id', 'item_retrieve_invalid_item_id',
])
/** Refusals without a code of their own. */
const benignMessages = /already shorter than|^Cancellation failed|Only model output audio messages can be truncated/

function faultOf(code: string | null, type: string | null, detail: string): Fault {
  const mapped = faultCodes.get(code ?? '') ?? (type === 'invalid_request_error' ? 'bad_request' : 'server_error')
  return { code: mapped, detail, fatal: fatalCodes.has(mapped) }
}

const textOrNull = (value: unknown) => typeof value === 'string' ? value : null

/** The fault of a failed response, from `status_details.error` (in any shape). */
export function faultOfResponse(error: unknown): Fault {
  const { code, type, message } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>
  return faultOf(textOrNull(code), textOrNull(type), textOrNull(message) ?? 'The response failed, and the server gave no reason.')
}

/** An `error` event: a notice when it changes nothing, else a fault. One that comes before the session does is why there will be none. */
export function receiveError(step: Step, { error }: ServerEventOf<'error'>): void {
  const code = error.code ?? null
  const benign = benignCodes.has(code ?? '') || benignMessages.test(error.message)
  if (code === 'input_audio_buffer_commit_empty') change(step, { turnEnded: false })
  if (!benign || code === 'conversation_already_has_active_response') settleRefusedRequest(step, { code, eventId: error.event_id ?? null })
  const eventId = error.event_id ?? null
  const wasWish = settleRefusedChange(step, eventId) || settleRefusedNoiseReduction(step, eventId)
  if (benign || wasWish) return void step.events.push({ type: 'notice', code: code ?? 'refused', detail: error.message })
  const fault = faultOf(code, error.type ?? null, error.message)
  step.events.push({ type: 'fault', fault: { ...fault, fatal: fault.fatal || step.state.line === null } })
}
