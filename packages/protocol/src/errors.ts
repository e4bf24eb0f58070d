import type { ServerError, ServerEventDraft } from './server-events.ts'

/**
 * The error codes and close codes of the wire (GA protocol, "Errors"), as data. `close` is set where a connection doesn't
 * survive the error: the close reason is then `<type>.<code>`, except for `session_expired`, whose reason is its sentence.
 */
export interface WireErrorKind { type: 'invalid_request_error' | 'server_error' | 'transcription_error', close?: number }

export const wireErrors = {
  invalid_value: { type: 'invalid_request_error' },
  invalid_type: { type: 'invalid_request_error' },
  invalid_json: { type: 'invalid_request_error' },
  invalid_event: { type: 'invalid_request_error' },
  missing_required_parameter: { type: 'invalid_request_error' },
  unknown_parameter: { type: 'invalid_request_error' },
  string_above_max_length: { type: 'invalid_request_error' },
  input_audio_buffer_commit_empty: { type: 'invalid_request_error' },
  conversation_already_has_active_response: { type: 'invalid_request_error' },
  response_cancel_not_active: { type: 'invalid_request_error' },
  cannot_update_voice: { type: 'invalid_request_error' },
  item_truncate_invalid_item_id: { type: 'invalid_request_error' },
  item_delete_invalid_item_id: { type: 'invalid_request_error' },
  item_retrieve_invalid_item_id: { type: 'invalid_request_error' },
  invalid_tool_call_id: { type: 'invalid_request_error' },
  unsupported_content_type: { type: 'invalid_request_error' },
  session_expired: { type: 'invalid_request_error', close: 1001 },
  invalid_api_key: { type: 'invalid_request_error', close: 3000 },
  missing_model: { type: 'invalid_request_error', close: 4000 },
  invalid_model: { type: 'invalid_request_error', close: 4000 },
  beta_api_shape_disabled: { type: 'invalid_request_error', close: 4000 },
  rate_limit_exceeded: { type: 'invalid_request_error' },
  insufficient_quota: { type: 'invalid_request_error' },
  server_error: { type: 'server_error' },
  // Ours; the public API names no code for these.
  event_not_allowed: { type: 'invalid_request_error' },
  event_too_large: { type: 'invalid_request_error' },
  input_audio_buffer_full: { type: 'invalid_request_error' },
  conversation_full: { type: 'invalid_request_error' },
} as const satisfies Record<string, WireErrorKind>

export type WireErrorCode = keyof typeof wireErrors

/** WebSocket close codes in use, by meaning. */
export const closeCodes = {
  done: 1000,
  goingAway: 1001,
  policy: 1008,
  tooLarge: 1009,
  internal: 1011,
  notAuthorised: 3000,
  refusedAtConnect: 4000,
  signedOut: 4001,
  tooSlowReader: 4008,
  takenOver: 4009,
  tooFast: 4029,
} as const

/** Where an error points: `param` is a path as on the wire (`session.audio.output.voice`, `session.tools[0].name`). */
export interface ErrorContext { param?: string | null, eventId?: string | null }

/** The body of an `error` event, every key present. */
export function wireError(code: WireErrorCode, message: string, { param = null, eventId = null }: ErrorContext = {}): ServerError {
  return { type: wireErrors[code].type, code, message, param, event_id: eventId }
}

/** An `error` event, still without its `event_id`. */
export function errorEvent(error: ServerError): ServerEventDraft & { type: 'error' } {
  return { type: 'error', error }
}

/** `<error.type>.<error.code>`: the reason of a close that follows an `error` event. */
export function closeReason(code: WireErrorCode): string {
  return `${wireErrors[code].type}.${code}`
}

const quoted = (values: readonly unknown[]) => values.map(value => `'${String(value)}'`).join(', ')

/** Longest piece of the client's own text that an error repeats. */
const ECHO_CHARS = 64
export const shortened = (value: unknown): string => {
  const text = typeof value === 'string' ? value : String(JSON.stringify(value))
  return text.length > ECHO_CHARS ? `${text.slice(0, ECHO_CHARS)}…` : text
}

export const invalidValue = (param: string, value: unknown, supported: readonly unknown[], eventId?: string | null): ServerError =>
  wireError('invalid_value', `Invalid value: '${shortened(value)}'. Supported values are: ${quoted(supported)}.`, { param, eventId })

export const unknownParameter = (param: string, eventId?: string | null): ServerError =>
  wireError('unknown_parameter', `Unknown parameter: '${shortened(param)}'.`, { param: shortened(param), eventId })

export const missingParameter = (param: string, eventId?: string | null): ServerError =>
  wireError('missing_required_parameter', `Missing required parameter: '${param}'.`, { param, eventId })

export const invalidType = (param: string, expected: string, got: string, eventId?: string | null): ServerError =>
  wireError('invalid_type', `Invalid type for '${param}': expected ${expected}, but got ${got} instead.`, { param, eventId })
