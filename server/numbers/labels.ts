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
  'sign_in_not_set_up', 'https_required', 'api_key_missing', 'ticket_of_another', 'model_not_priced', 'server_busy',
])

const faults: Record<RelayFault['code'], true> = {
  upstream_unreachable: true, upstream_refused: true, upstream_resting: true, upstream_lost: true, upstream_stalled: true, upstream_babble: true,
  client_too_slow: true, client_too_fast: true, rules_broken: true, engine_failed: true, call_too_long: true, call_idle: true, server_draining: true,
  budget_spent: true, signed_out: true, access_withdrawn: true, session_expired: true,
}
export const faultCodes: LabelSet = new Set([...Object.keys(faults), 'none'])

/** Codes of `error` events, the API's (GA protocol, "Errors") and our own, and of events that were refused. */
export const errorCodes: LabelSet = new Set([
  ...faultCodes, 'event_not_allowed', 'too_many_events', 'upstream_unavailable', 'server_error',
  'invalid_event', 'invalid_json', 'invalid_value', 'invalid_type', 'missing_required_parameter', 'unknown_parameter',
  'conversation_already_has_active_response', 'response_cancel_not_active', 'input_audio_buffer_commit_empty', 'cannot_update_voice', 'unsupported_content_type',
  'item_truncate_invalid_item_id', 'item_delete_invalid_item_id', 'item_retrieve_invalid_item_id', 'item_not_found', 'session_expired',
  'rate_limit_exceeded', 'insufficient_quota', 'account_deactivated', 'billing_hard_limit_reached', 'invalid_api_key', 'model_not_found', 'missing_model', 'invalid_model',
  'beta_api_shape_disabled',
])

export const enders: LabelSet = new Set(['client', 'upstream', 'fault'])
export const brains: LabelSet = new Set(['openai', 'azure', 'local'])
