import type { Item, ResponsePart } from './items.ts'
import type { RealtimeSession, TranscriptionSession } from './session-config.ts'

/** What a server may say (GA protocol, "Server events"); `output_audio_buffer.*` over WebRTC only. Events we only pass on are `unknown` to the parser. */

export interface ServerError {
  type: string
  code: string | null
  message: string
  param: string | null
  /** The client event that caused it, when the server can tell. */
  event_id: string | null
}

export interface TokenDetails { text_tokens: number, audio_tokens: number, image_tokens?: number }
export interface ResponseUsage {
  total_tokens: number
  input_tokens: number
  output_tokens: number
  /** Cached tokens are a subset of the input tokens. */
  input_token_details: TokenDetails & { cached_tokens: number, cached_tokens_details?: TokenDetails }
  output_token_details: { text_tokens: number, audio_tokens: number }
}

export type ResponseStatus = 'in_progress' | 'completed' | 'cancelled' | 'incomplete' | 'failed'
export interface ResponseStatusDetails {
  type: Exclude<ResponseStatus, 'in_progress'>
  reason?: 'turn_detected' | 'client_cancelled' | 'max_output_tokens' | 'content_filter'
  error?: { type: string, code?: string, message?: string }
}
export interface ResponseObject {
  id: string
  object: 'realtime.response'
  status: ResponseStatus
  status_details: ResponseStatusDetails | null
  output: Item[]
  conversation_id: string | null
  output_modalities: ['audio'] | ['text']
  max_output_tokens: number | 'inf'
  audio?: { output: { format: unknown, voice: string | { id: string } } }
  usage: ResponseUsage | null
  metadata: Record<string, string> | null
}

export type TranscriptionUsage
  = | { type: 'duration', seconds: number }
    | { type: 'tokens', total_tokens: number, input_tokens: number, output_tokens: number, input_token_details: { text_tokens: number, audio_tokens: number } }

export interface RateLimit { name: 'requests' | 'tokens', limit: number, remaining: number, reset_seconds: number }

interface Ev<T extends string> { type: T, event_id: string }
interface InResponse { response_id: string, item_id: string, output_index: number, content_index: number }
interface InMcpCall { response_id: string, item_id: string, output_index: number }
interface InCall { response_id: string, item_id: string, output_index: number, call_id: string }

export type ServerEvent
  = | Ev<'session.created'> & { session: RealtimeSession | TranscriptionSession }
    | Ev<'session.updated'> & { session: RealtimeSession | TranscriptionSession }
    | Ev<'error'> & { error: ServerError }
    | Ev<'conversation.item.added'> & { item: Item, previous_item_id: string | null }
    | Ev<'conversation.item.done'> & { item: Item, previous_item_id: string | null }
    | Ev<'conversation.item.retrieved'> & { item: Item }
    | Ev<'conversation.item.truncated'> & { item_id: string, content_index: number, audio_end_ms: number }
    | Ev<'conversation.item.deleted'> & { item_id: string }
    | Ev<'conversation.item.input_audio_transcription.delta'> & { item_id: string, content_index: number, delta: string }
    | Ev<'conversation.item.input_audio_transcription.completed'> & { item_id: string, content_index: number, transcript: string, usage: TranscriptionUsage }
    | Ev<'conversation.item.input_audio_transcription.failed'> & { item_id: string, content_index: number, error: { type?: string, code?: string, message?: string, param?: string } }
    | Ev<'input_audio_buffer.committed'> & { item_id: string, previous_item_id: string | null }
    | Ev<'input_audio_buffer.cleared'>
    | Ev<'input_audio_buffer.speech_started'> & { item_id: string, audio_start_ms: number }
    | Ev<'input_audio_buffer.speech_stopped'> & { item_id: string, audio_end_ms: number }
    | Ev<'input_audio_buffer.timeout_triggered'> & { item_id: string, audio_start_ms: number, audio_end_ms: number }
    | Ev<'response.created'> & { response: ResponseObject }
    | Ev<'response.done'> & { response: ResponseObject }
    | Ev<'response.output_item.added'> & { response_id: string, output_index: number, item: Item }
    | Ev<'response.output_item.done'> & { response_id: string, output_index: number, item: Item }
    | Ev<'response.content_part.added'> & InResponse & { part: ResponsePart }
    | Ev<'response.content_part.done'> & InResponse & { part: ResponsePart }
    | Ev<'response.output_text.delta'> & InResponse & { delta: string }
    | Ev<'response.output_text.done'> & InResponse & { text: string }
    | Ev<'response.output_audio.delta'> & InResponse & { delta: string }
    | Ev<'response.output_audio.done'> & InResponse
    | Ev<'response.output_audio_transcript.delta'> & InResponse & { delta: string }
    | Ev<'response.output_audio_transcript.done'> & InResponse & { transcript: string }
    | Ev<'response.function_call_arguments.delta'> & InCall & { delta: string }
    | Ev<'response.function_call_arguments.done'> & InCall & { name: string, arguments: string }
    | Ev<'response.mcp_call_arguments.delta'> & InMcpCall & { delta: string, /** Padding, so that the length of a delta tells nothing. */ obfuscation?: string }
    | Ev<'response.mcp_call_arguments.done'> & InMcpCall & { arguments: string }
    | Ev<'response.mcp_call.in_progress'> & { item_id: string, output_index: number }
    | Ev<'response.mcp_call.completed'> & { item_id: string, output_index: number }
    | Ev<'response.mcp_call.failed'> & { item_id: string, output_index: number }
    | Ev<'mcp_list_tools.in_progress'> & { item_id: string }
    | Ev<'mcp_list_tools.completed'> & { item_id: string }
    | Ev<'mcp_list_tools.failed'> & { item_id: string }
    | Ev<'output_audio_buffer.started'> & { response_id: string }
    | Ev<'output_audio_buffer.stopped'> & { response_id: string }
    | Ev<'output_audio_buffer.cleared'> & { response_id: string }
    | Ev<'rate_limits.updated'> & { rate_limits: RateLimit[] }

export type ServerEventType = ServerEvent['type']
export type ServerEventOf<T extends ServerEventType> = Extract<ServerEvent, { type: T }>
/** A server event before its `event_id` is stamped on. */
export type ServerEventDraft = ServerEvent extends infer E ? E extends { event_id: string } ? Omit<E, 'event_id'> : never : never
