import { wireErrors } from '@kaiwa/protocol/errors'
import type { RelayFault } from '../relay/fault.ts'

/**
 * What a label may say. Whatever isn't in its list is counted as `other`: a series for each word that somebody sends would fill
 * the memory of whoever collects them, and free text could hold a name or a secret.
 */
export const OTHER = 'other'

export type LabelSet = ReadonlySet<string>

export const labelIn = (set: LabelSet, said: unknown): string => typeof said === 'string' && set.has(said) ? said : OTHER

/** Why a connection, a ticket, a secret or a sign-in was refused; a test compares it with the sources. */
export const refusalCodes: LabelSet = new Set([
  'server_draining', 'server_full', 'too_many_calls', 'rate_limit_exceeded', 'upstream_unavailable', 'budget_spent',
  'host_not_allowed', 'origin_not_allowed', 'origin_missing', 'not_found', 'method_not_allowed', 'secret_in_url', 'unknown_subprotocol', 'call_id_not_found',
  'conversation_not_found', 'persona_not_found', 'persona_unavailable', 'invalid_api_key', 'invalid_intent', 'invalid_model', 'ticket_refused', 'bad_handshake', 'bad_websocket_version',
  'metrics_token_required', 'body_too_large', 'invalid_content_type', 'sign_in_required', 'wrong_password', 'too_many_tries', 'invalid_value', 'invalid_json',
  'sign_in_not_set_up', 'https_required', 'api_key_missing', 'ticket_of_another', 'model_not_priced', 'server_busy', 'store_full',
  'too_many_offers', 'session_not_allowed', 'missing_required_parameter', 'unknown_parameter', 'caller_left', 'invalid_offer', 'webrtc_unavailable', 'model_not_found',
  'insufficient_quota', 'engine_failed', 'signed_out', 'access_withdrawn',
  'nothing_kept', 'item_not_found', 'no_audio', 'changed_elsewhere', 'conversation_busy', 'store_unavailable',
])

const faults: Record<RelayFault['code'], true> = {
  upstream_unreachable: true, upstream_refused: true, upstream_resting: true, upstream_lost: true, upstream_stalled: true, upstream_babble: true,
  client_too_slow: true, client_too_fast: true, rules_broken: true, engine_failed: true, call_too_long: true, call_idle: true, server_draining: true,
  budget_spent: true, signed_out: true, access_withdrawn: true, session_expired: true,
  webrtc_unavailable: true, offer_refused: true, upstream_no_answer: true, sideband_lost: true, webrtc_not_connected: true,
}
export const faultCodes: LabelSet = new Set([...Object.keys(faults), 'none'])

/** Codes of `error` events, the API's (GA protocol, "Errors") and our own, and of events that were refused. */
export const errorCodes: LabelSet = new Set([
  ...faultCodes, ...Object.keys(wireErrors), 'upstream_unavailable', 'call_ending',
  'item_not_found', 'account_deactivated', 'billing_hard_limit_reached', 'model_not_found', 'invalid_offer',
])

export const enders: LabelSet = new Set(['client', 'upstream', 'fault'])
export const brains: LabelSet = new Set(['openai', 'azure', 'local'])
