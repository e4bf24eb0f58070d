import type { ItemDraft } from './items.ts'
import type { AudioFormat, SessionUpdate, ToolChoice, Tool, Reasoning, TranscriptionSessionUpdate } from './session-config.ts'

/** What a client may say (GA protocol, "Client events"). All take an optional `event_id`, echoed in errors. */

interface ClientEventBase { event_id?: string }

export interface SessionUpdateEvent extends ClientEventBase { type: 'session.update', session: SessionUpdate | TranscriptionSessionUpdate }
/** `audio` is base64, at most 15 MiB decoded; nothing acknowledges it. */
export interface InputAudioAppendEvent extends ClientEventBase { type: 'input_audio_buffer.append', audio: string }
export interface InputAudioCommitEvent extends ClientEventBase { type: 'input_audio_buffer.commit' }
export interface InputAudioClearEvent extends ClientEventBase { type: 'input_audio_buffer.clear' }
export interface ItemCreateEvent extends ClientEventBase {
  type: 'conversation.item.create'
  item: ItemDraft
  /** Absent: append. `root`: first. Else insert after that item. */
  previous_item_id?: string | null
}
export interface ItemRetrieveEvent extends ClientEventBase { type: 'conversation.item.retrieve', item_id: string }
/** `audio_end_ms`: how much of the assistant's audio was heard, whole ms. */
export interface ItemTruncateEvent extends ClientEventBase { type: 'conversation.item.truncate', item_id: string, content_index: number, audio_end_ms: number }
export interface ItemDeleteEvent extends ClientEventBase { type: 'conversation.item.delete', item_id: string }

/** Overrides for one response. `instructions` replaces the session's. */
export interface ResponseOptions {
  conversation?: 'auto' | 'none'
  input?: (ItemDraft | { type: 'item_reference', id: string })[]
  instructions?: string
  output_modalities?: ['audio'] | ['text']
  audio?: { output?: { format?: { type: AudioFormat['type'], rate?: 24000 }, voice?: string | { id: string } } }
  tools?: Tool[]
  tool_choice?: ToolChoice
  max_output_tokens?: number | 'inf'
  metadata?: Record<string, string> | null
  parallel_tool_calls?: boolean
  reasoning?: Reasoning
  prompt?: Record<string, unknown> | null
}
export interface ResponseCreateEvent extends ClientEventBase { type: 'response.create', response?: ResponseOptions }
export interface ResponseCancelEvent extends ClientEventBase { type: 'response.cancel', response_id?: string }
/** WebRTC and SIP only. */
export interface OutputAudioClearEvent extends ClientEventBase { type: 'output_audio_buffer.clear' }

export type ClientEvent
  = | SessionUpdateEvent | InputAudioAppendEvent | InputAudioCommitEvent | InputAudioClearEvent
    | ItemCreateEvent | ItemRetrieveEvent | ItemTruncateEvent | ItemDeleteEvent
    | ResponseCreateEvent | ResponseCancelEvent | OutputAudioClearEvent

export const clientEventTypes = [
  'session.update', 'input_audio_buffer.append', 'input_audio_buffer.commit', 'input_audio_buffer.clear',
  'conversation.item.create', 'conversation.item.truncate', 'conversation.item.delete', 'conversation.item.retrieve',
  'response.create', 'response.cancel', 'output_audio_buffer.clear',
] as const satisfies ClientEvent['type'][]
