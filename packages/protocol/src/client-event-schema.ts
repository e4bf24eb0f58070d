import * as z from 'zod'
import { clientEventTypes } from './client-events.ts'
import type { ClientEvent } from './client-events.ts'
import { invalidType, invalidValue, shortened, unknownParameter, wireError } from './errors.ts'
import type { ServerError } from './server-events.ts'
import { wireErrorOf, wirePath } from './client-event-issues.ts'
import { mcpItems, mcpTool, mcpToolChoice } from './mcp-schema.ts'

/**
 * What a client may say, checked at the border (GA protocol, "Client events"). Apart from index.ts, so that zod stays out of
 * the page. Every object is strict: an unknown field is an error on this API, and nothing of its event is applied.
 */

/** The API refuses longer item ids. */
export const MAX_ITEM_ID_CHARS = 32
/** 15 MiB of audio is 20 MiB of base64; the rest is room for the event around it. */
export const MAX_EVENT_CHARS = 21 * 1024 * 1024
/** Deeper than any event of the protocol or any sensible tool schema. */
export const MAX_EVENT_DEPTH = 64
/** Values in one event: a long tool list stays far below. */
export const MAX_EVENT_VALUES = 50_000

const id = z.string().min(1).max(MAX_ITEM_ID_CHARS)
const freeRecord = z.record(z.string(), z.unknown())
const itemStatus = z.enum(['in_progress', 'completed', 'incomplete']).optional()
const itemHead = { id: id.optional(), object: z.literal('realtime.item').optional(), status: itemStatus }

const inputText = z.strictObject({ type: z.literal('input_text'), text: z.string() })
const inputAudio = z.strictObject({
  type: z.literal('input_audio'), audio: z.string(), format: z.literal('pcm16').optional(), transcript: z.string().nullable().optional(),
})
const inputImage = z.strictObject({ type: z.literal('input_image'), image_url: z.string(), detail: z.enum(['auto', 'low', 'high']).optional() })
const outputText = z.strictObject({ type: z.literal('output_text'), text: z.string() })
const outputAudio = z.strictObject({
  type: z.literal('output_audio'), audio: z.string().optional(), format: z.literal('pcm16').optional(), transcript: z.string().optional(),
})

const message = z.discriminatedUnion('role', [
  z.strictObject({ ...itemHead, type: z.literal('message'), role: z.literal('system'), content: z.array(inputText) }),
  z.strictObject({ ...itemHead, type: z.literal('message'), role: z.literal('user'), content: z.array(z.discriminatedUnion('type', [inputText, inputAudio, inputImage])) }),
  z.strictObject({ ...itemHead, type: z.literal('message'), role: z.literal('assistant'), content: z.array(z.discriminatedUnion('type', [outputText, outputAudio])) }),
])
const functionCall = z.strictObject({ ...itemHead, type: z.literal('function_call'), call_id: z.string().min(1).optional(), name: z.string().min(1), arguments: z.string() })
const functionCallOutput = z.strictObject({ ...itemHead, type: z.literal('function_call_output'), call_id: z.string().min(1), output: z.string() })
const itemDraft = z.discriminatedUnion('type', [message, functionCall, functionCallOutput, ...mcpItems(itemHead)])
const itemReference = z.strictObject({ type: z.literal('item_reference'), id })

const audioFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('audio/pcm'), rate: z.literal(24000).optional() }),
  z.strictObject({ type: z.literal('audio/pcmu') }),
  z.strictObject({ type: z.literal('audio/pcma') }),
])
const voice = z.union([z.string().min(1).max(256), z.strictObject({ id: z.string().min(1).max(256) })])
const responding = { create_response: z.boolean().optional(), interrupt_response: z.boolean().optional() }
const milliseconds = z.int().min(0).max(600_000)
const turnDetection = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('server_vad'),
    threshold: z.number().min(0).max(1).optional(),
    prefix_padding_ms: milliseconds.optional(),
    silence_duration_ms: milliseconds.optional(),
    idle_timeout_ms: z.int().min(5_000).max(30_000).nullable().optional(),
    ...responding,
  }),
  z.strictObject({ type: z.literal('semantic_vad'), eagerness: z.enum(['low', 'medium', 'high', 'auto']).optional(), ...responding }),
])
const transcription = z.strictObject({
  model: z.string().optional(),
  language: z.string().max(32).optional(),
  languages: z.array(z.string().max(32)).optional(),
  prompt: z.string().optional(),
  keywords: z.array(z.string()).optional(),
  delay: z.string().optional(),
})
const tool = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('function'), name: z.string().max(64).regex(/^[\w-]+$/, 'a name of letters, digits, _ and -'), description: z.string().optional(), parameters: freeRecord.optional(), strict: z.boolean().optional() }),
  mcpTool,
])
const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.strictObject({ type: z.literal('function'), name: z.string().min(1) }),
  mcpToolChoice,
  // Some clients send a function's bare name; whether it exists is the session's to say.
  z.string().min(1).max(64).transform(name => ({ type: 'function' as const, name })),
])
const modalities = z.union([z.tuple([z.literal('audio')]), z.tuple([z.literal('text')])])
const maxOutputTokens = z.union([z.int().min(1).max(4096), z.literal('inf')])
const reasoning = z.strictObject({ effort: z.enum(['minimal', 'low', 'medium', 'high', 'xhigh']).optional() })
const prompt = z.strictObject({ id: z.string(), version: z.string().nullable().optional(), variables: freeRecord.nullable().optional() }).nullable()

const generation = {
  output_modalities: modalities.optional(),
  instructions: z.string().optional(),
  tools: z.array(tool).max(512).optional(),
  tool_choice: toolChoice.optional(),
  parallel_tool_calls: z.boolean().optional(),
  reasoning: reasoning.optional(),
  max_output_tokens: maxOutputTokens.optional(),
  prompt: prompt.optional(),
}
const audioInput = z.strictObject({
  format: audioFormat.optional(),
  transcription: transcription.nullable().optional(),
  noise_reduction: z.strictObject({ type: z.enum(['near_field', 'far_field']), strength: z.number().min(0).max(1).optional() }).nullable().optional(),
  turn_detection: turnDetection.nullable().optional(),
})
const include = z.array(z.enum(['item.input_audio_transcription.logprobs'])).nullable().optional()
const realtimeUpdate = z.strictObject({
  type: z.literal('realtime'),
  model: z.string().optional(),
  ...generation,
  tracing: z.union([z.enum(['auto']), z.strictObject({ workflow_name: z.string().optional(), group_id: z.string().optional(), metadata: freeRecord.optional() })]).nullable().optional(),
  truncation: z.union([
    z.enum(['auto', 'disabled']),
    z.strictObject({
      type: z.literal('retention_ratio'),
      retention_ratio: z.number().min(0).max(1),
      token_limits: z.strictObject({ post_instructions: z.int().min(0).optional() }).optional(),
    }),
  ]).optional(),
  audio: z.strictObject({
    input: audioInput.optional(),
    output: z.strictObject({ format: audioFormat.optional(), voice: voice.optional(), speed: z.number().min(0.25).max(1.5).optional() }).optional(),
  }).optional(),
  include,
})
const transcriptionUpdate = z.strictObject({ type: z.literal('transcription'), audio: z.strictObject({ input: audioInput.optional() }).optional(), include })
const sessionUpdate = z.discriminatedUnion('type', [realtimeUpdate, transcriptionUpdate])
const metadata = z.record(z.string().max(64), z.string().max(512)).refine(pairs => Object.keys(pairs).length <= 16, 'at most 16 pairs').nullable()
const responseOptions = z.strictObject({
  conversation: z.enum(['auto', 'none']).optional(),
  input: z.array(z.discriminatedUnion('type', [message, functionCall, functionCallOutput, ...mcpItems(itemHead), itemReference])).max(1000).optional(),
  ...generation,
  audio: z.strictObject({ output: z.strictObject({ format: audioFormat.optional(), voice: voice.optional() }).optional() }).optional(),
  metadata: metadata.optional(),
})

const event = <T extends ClientEvent['type'], S extends z.core.$ZodLooseShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), event_id: z.string().max(512).optional(), ...shape })

/** Schema and hand-written type are held together by this annotation: the compiler refuses when they part. */
export const clientEventSchemas: { [T in ClientEvent['type']]: z.ZodType<Extract<ClientEvent, { type: T }>> } = {
  'session.update': event('session.update', { session: sessionUpdate }),
  'input_audio_buffer.append': event('input_audio_buffer.append', { audio: z.string() }),
  'input_audio_buffer.commit': event('input_audio_buffer.commit', {}),
  'input_audio_buffer.clear': event('input_audio_buffer.clear', {}),
  'conversation.item.create': event('conversation.item.create', { item: itemDraft, previous_item_id: z.string().nullable().optional() }),
  'conversation.item.retrieve': event('conversation.item.retrieve', { item_id: z.string() }),
  'conversation.item.truncate': event('conversation.item.truncate', { item_id: z.string(), content_index: z.int().min(0), audio_end_ms: z.int().min(0) }),
  'conversation.item.delete': event('conversation.item.delete', { item_id: z.string() }),
  'response.create': event('response.create', { response: responseOptions.optional() }),
  'response.cancel': event('response.cancel', { response_id: z.string().optional() }),
  'output_audio_buffer.clear': event('output_audio_buffer.clear', {}),
}

/** For other borders that answer in the wire's words. */
export { wireErrorOf } from './client-event-issues.ts'

export type ClientEventParse = { ok: true, event: ClientEvent } | { ok: false, error: ServerError }

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const isClientEventType = (type: string): type is ClientEvent['type'] => (clientEventTypes as readonly string[]).includes(type)
const eventIdOf = (value: unknown): string | null => isRecord(value) && typeof value.event_id === 'string' ? value.event_id.slice(0, 512) : null

/** Walks without recursion, so that a deep value can't exhaust the stack. */
function shapeFault(root: unknown): ServerError | undefined {
  const pending: { value: unknown, path: readonly PropertyKey[] }[] = [{ value: root, path: [] }]
  for (let seen = 0, next = pending.pop(); next; next = pending.pop()) {
    const { value, path } = next
    if (typeof value !== 'object' || value === null) continue
    if (path.length >= MAX_EVENT_DEPTH) return wireError('invalid_event', `Invalid event: nested deeper than ${MAX_EVENT_DEPTH} levels.`)
    const entries: [PropertyKey, unknown][] = Array.isArray(value) ? value.map((entry, index) => [index, entry]) : Object.entries(value)
    seen += entries.length
    if (seen > MAX_EVENT_VALUES) return wireError('invalid_event', `Invalid event: more than ${MAX_EVENT_VALUES} values.`)
    for (const [key, entry] of entries) {
      if (key === '__proto__') return unknownParameter(wirePath([...path, key]))
      if (typeof entry === 'object' && entry !== null) pending.push({ value: entry, path: [...path, key] })
    }
  }
  return undefined
}

/** Checks a parsed JSON value. The first fault in the schema's order is the one reported; `error.event_id` is the client's. */
export function checkClientEvent(value: unknown): ClientEventParse {
  const eventId = eventIdOf(value)
  const refuse = (error: ServerError): ClientEventParse => ({ ok: false, error: { ...error, event_id: eventId } })
  if (!isRecord(value)) return refuse(wireError('invalid_event', 'Invalid event: expected a JSON object.'))
  const fault = shapeFault(value)
  if (fault) return refuse(fault)
  const { type } = value
  if (type === undefined) return refuse(wireError('invalid_event', 'The \'type\' field is missing.', { param: 'type' }))
  if (typeof type !== 'string') return refuse(invalidType('type', 'a string', type === null ? 'null' : shortened(typeof type)))
  if (!isClientEventType(type)) return refuse(invalidValue('type', type, clientEventTypes))
  const result = clientEventSchemas[type].safeParse(value)
  if (result.success) return { ok: true, event: result.data }
  const issue = result.error.issues[0]
  return refuse(issue ? wireErrorOf(issue, value) : wireError('invalid_event', 'Invalid event.'))
}

/** Text of one frame → a client event, or the error to answer with. Never throws. */
export function parseClientEvent(text: string): ClientEventParse {
  if (text.length > MAX_EVENT_CHARS) {
    return { ok: false, error: wireError('invalid_event', `Invalid event: ${text.length} characters, more than the ${MAX_EVENT_CHARS} allowed.`) }
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, error: wireError('invalid_json', 'Invalid event: failed to parse JSON value. Please check the value to ensure it is valid JSON.') }
  }
  return checkClientEvent(value)
}
