import type { ServerEvent, ServerEventType } from './server-events.ts'

/**
 * What became of a text from the wire. `known`: the fields that our code reads are there and of the right type (others may be
 * missing: servers differ). `unknown`: well-formed, but a type we don't act on. `invalid`: to be counted and dropped.
 */
export type Parsed<E>
  = | { kind: 'known', event: E }
    | { kind: 'unknown', type: string, message: string }
    | { kind: 'invalid', type: string, reason: string }

/** A trailing `?` allows `null` and absence. */
type Kind = 'string' | 'string?' | 'number' | 'object' | 'object?' | 'array' | 'array?' | 'item' | 'part'
type Fields = Record<string, Kind>

const inResponse: Fields = { response_id: 'string', item_id: 'string', content_index: 'number' }
const outputItem: Fields = { response_id: 'string', item: 'item' }
const conversationItem: Fields = { item: 'item', previous_item_id: 'string?' }
const response: Fields = { 'response.id': 'string', 'response.status': 'string', 'response.conversation_id': 'string?', 'response.output': 'array?', 'response.usage': 'object?' }
const session: Fields = { 'session.id': 'string', 'session.model': 'string', 'session.audio': 'object?' }
/** The server deals with these itself: whatever they hold, they are no fault to us. */
const mcp: Fields = {}
const transcription: Fields = { item_id: 'string' }

/** Fields that must be there for us to act on an event. */
const fields: Record<ServerEventType, Fields> = {
  'session.created': session,
  'session.updated': session,
  error: { 'error.message': 'string', 'error.type': 'string?', 'error.code': 'string?', 'error.event_id': 'string?' },
  'conversation.item.added': conversationItem,
  'conversation.item.done': conversationItem,
  'conversation.item.retrieved': { item: 'item' },
  'conversation.item.truncated': { item_id: 'string', audio_end_ms: 'number' },
  'conversation.item.deleted': { item_id: 'string' },
  'conversation.item.input_audio_transcription.delta': { ...transcription, delta: 'string?' },
  'conversation.item.input_audio_transcription.completed': { ...transcription, transcript: 'string', usage: 'object?' },
  'conversation.item.input_audio_transcription.failed': { ...transcription, error: 'object', 'error.message': 'string?', 'error.code': 'string?' },
  'input_audio_buffer.committed': { item_id: 'string', previous_item_id: 'string?' },
  'input_audio_buffer.cleared': {},
  'input_audio_buffer.speech_started': { item_id: 'string', audio_start_ms: 'number' },
  'input_audio_buffer.speech_stopped': { item_id: 'string', audio_end_ms: 'number' },
  'input_audio_buffer.timeout_triggered': { item_id: 'string' },
  'response.created': response,
  'response.done': response,
  'response.output_item.added': outputItem,
  'response.output_item.done': outputItem,
  'response.content_part.added': { ...inResponse, part: 'part' },
  'response.content_part.done': { ...inResponse, part: 'part' },
  'response.output_text.delta': { ...inResponse, delta: 'string' },
  'response.output_text.done': { ...inResponse, text: 'string' },
  'response.output_audio.delta': { ...inResponse, delta: 'string' },
  'response.output_audio.done': inResponse,
  'response.output_audio_transcript.delta': { ...inResponse, delta: 'string' },
  'response.output_audio_transcript.done': { ...inResponse, transcript: 'string' },
  'response.function_call_arguments.delta': { response_id: 'string', item_id: 'string' },
  'response.function_call_arguments.done': { response_id: 'string', item_id: 'string' },
  'response.mcp_call_arguments.delta': mcp,
  'response.mcp_call_arguments.done': mcp,
  'response.mcp_call.in_progress': mcp,
  'response.mcp_call.completed': mcp,
  'response.mcp_call.failed': mcp,
  'mcp_list_tools.in_progress': mcp,
  'mcp_list_tools.completed': mcp,
  'mcp_list_tools.failed': mcp,
  'output_audio_buffer.started': { response_id: 'string' },
  'output_audio_buffer.stopped': { response_id: 'string' },
  'output_audio_buffer.cleared': { response_id: 'string' },
  'rate_limits.updated': { rate_limits: 'array' },
}

interface Check { path: string, keys: string[], kind: Kind }
const checks = new Map<string, Check[]>(Object.entries(fields).map(([type, wanted]) =>
  [type, Object.entries(wanted).map(([path, kind]) => ({ path, keys: path.split('.'), kind }))]))

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown) => value === undefined || value === null || typeof value === 'string'

const isPart = (value: unknown) => isObject(value) && typeof value.type === 'string' && isText(value.text) && isText(value.transcript)

/** Whether `value` is an item that our code can read: one of ours with its fields, or of a type that we don't know but with an id. */
export function isReadableItem(value: unknown): boolean {
  if (!isObject(value) || typeof value.id !== 'string' || typeof value.type !== 'string') return false
  if (value.type === 'message') return typeof value.role === 'string' && Array.isArray(value.content) && value.content.every(isPart)
  if (value.type === 'function_call') return [value.call_id, value.name, value.arguments].every(field => typeof field === 'string')
  return true
}

function fits(value: unknown, kind: Kind): boolean {
  if (kind.endsWith('?') && (value === undefined || value === null)) return true
  switch (kind) {
    case 'string': case 'string?': return typeof value === 'string'
    case 'number': return Number.isFinite(value)
    case 'object': case 'object?': return isObject(value)
    case 'array': case 'array?': return Array.isArray(value)
    case 'item': return isReadableItem(value)
    case 'part': return isPart(value)
  }
}

function valueAt(event: Json, keys: string[]): unknown {
  let value: unknown = event
  for (const key of keys) value = isObject(value) ? value[key] : undefined
  return value
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Reads one message of a Realtime server. Never throws, whatever the text; cheap enough for each audio delta (one `JSON.parse` and
 * a few `typeof`). Extra fields pass through untouched.
 */
export function parseServerEvent(text: string): Parsed<ServerEvent> {
  const event = parseJson(text)
  if (!isObject(event)) return { kind: 'invalid', type: '', reason: event === undefined ? 'not JSON' : 'not a JSON object' }
  const { type } = event
  if (typeof type !== 'string' || type === '') return { kind: 'invalid', type: '', reason: '`type` is missing' }
  const wanted = checks.get(type)
  if (!wanted) return { kind: 'unknown', type, message: typeof event.message === 'string' ? event.message : '' }
  for (const { path, keys, kind } of wanted) {
    if (!fits(valueAt(event, keys), kind)) return { kind: 'invalid', type, reason: `\`${path}\` is not ${kind.startsWith('string') ? 'a string' : `a usable ${kind.replace('?', '')}`}` }
  }
  return { kind: 'known', event: event as unknown as ServerEvent }
}
