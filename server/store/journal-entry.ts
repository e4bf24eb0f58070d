import type { UsageAmount } from '../../shared/calls.ts'

/** Milliseconds since the call began. Below 0: it was said while the line was being made. */
export interface Span { fromMs: number, toMs: number }

/** Where an entry belongs. `seq` counts the entries of one call from 1: an entry that is written twice is the same entry. */
interface Place { callId: string, conversationId: string, seq: number, /** Unix, ms. */ atMs: number }

/** A conversation goes on, or branches off, after this item; null: from its beginning. */
export interface Continues { conversationId: string, afterItemId: string | null }

/** What is kept of one item; the latest entry of an id replaces those before. */
export interface StoredItem {
  id: string
  /** It stands directly after this one; null: first. */
  afterId: string | null
  kind: 'message' | 'function_call' | 'function_call_output' | 'other'
  role: 'user' | 'assistant' | 'system' | null
  /** What was said, typed or written; of a call its arguments, of its output the result. */
  text: string
  /** `pending`: none yet, but it will come. `unavailable`: it never will. */
  textState: 'pending' | 'final' | 'unavailable'
  medium: 'voice' | 'text'
  status: 'in_progress' | 'completed' | 'incomplete'
  /** Cut: so much of it had been heard, ms of its own audio. */
  cutAtMs: number | null
  /** When it was spoken. */
  span: Span | null
  /** Of an assistant's item. */
  responseId: string | null
  /** Of a tool: its name. */
  name: string | null
  /** Joins a function call and its output. */
  toolCallId: string | null
  /** The item of the wire as JSON, without audio. */
  wire: string
}

/** One turn by one clock, the relay's: milliseconds after the end of the user's speech as the model's side told it; null: didn't happen. */
export interface TurnLatency {
  responseId: string
  /** The end of speech, ms since the call began. */
  speechEndMs: number
  committedMs: number | null
  firstTextMs: number | null
  /** At the relay. */
  firstAudioMs: number | null
  /** As the page reported it. */
  firstHeardMs: number | null
  /** How much of it this server's relay took. */
  relayMs: number | null
}

/** What happened in a call, as it is kept. In the order of `seq`. */
export type JournalEntry
  = | Place & {
    type: 'call_began'
    /** Key of the person whose conversation it is. */
    owner: string
    from: 'page' | 'client'
    transport: 'websocket' | 'webrtc'
    brain: string
    model: string
    voice: string | null
    /** `version`: hash of what the persona was when the call began; `body`: that, as JSON without secrets. */
    persona: { id: string, name: string, version: string, body: string } | null
    continues: Continues | null
  }
  | Place & { type: 'item', item: StoredItem }
  | Place & { type: 'item_removed', itemId: string }
  | Place & { type: 'response', responseId: string, status: string, model: string, usage: UsageAmount | null, pricesOf: string | null }
  /** A transcription that is billed apart. */
  | Place & { type: 'transcription_usage', itemId: string | null, model: string, usage: UsageAmount, pricesOf: string | null }
  | Place & { type: 'turn_latency', latency: TurnLatency }
  /** For the inspector of a replay; at most some hundred of a call, without audio, cut at a few kB. */
  | Place & { type: 'wire_event', direction: 'in' | 'out', eventType: string, callMs: number, payload: string }
  /**
   * A stretch of one voice in a file of its own; `key` is its name in the keeper of audio, and ends in how it is written: raw little-endian
   * `pcm` of 16 bits, `ulaw` or `alaw`.
   */
  | Place & { type: 'audio', itemId: string | null, speaker: 'user' | 'assistant', key: string, sampleRate: number, span: Span, bytes: number }
  | Place & { type: 'call_ended', how: string, code: string | null }
