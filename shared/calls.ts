import type { ContinuedGrant } from './history.ts'

/** What the page and the server say to each other about a call, over HTTP and as `kaiwa.*` events. */

export interface CallLimits { max_call_minutes: number, idle_seconds: number }

/** Answer of `POST /api/calls` (201). The ticket opens one connection. */
export interface CallGrant {
  call_id: string
  conversation_id: string
  ticket: string
  /** Unix seconds. */
  expires_at: number
  /** WebSocket address, absolute. */
  url: string
  limits: CallLimits
  /** Whom it will be with. */
  persona: string
  /** Null: a new conversation. */
  continued: ContinuedGrant | null
}

/** Answer of `POST /api/calls/{rtc_…}/ticket` (201): opens the page's own socket to its WebRTC call once more. */
export interface HouseTicketGrant {
  ticket: string
  /** Unix seconds. */
  expires_at: number
}

/** Every refusal, before or instead of an upgrade, has this body. */
export interface Refusal { error: { type: string, code: string, message: string, /** The field of the body that is wrong. */ param?: string | null } }

/** First event on a `kaiwa.v1` connection. */
export interface KaiwaCallEvent {
  type: 'kaiwa.call'
  event_id: string
  call_id: string
  conversation_id: string
  limits: CallLimits
  resume_ticket: string | null
  seq: number
  /** As in the grant. */
  continued: ContinuedGrant | null
}

export interface KaiwaDrainingEvent { type: 'kaiwa.draining', event_id: string, seconds: number }

/**
 * The server lost its own connection to a WebRTC call, which goes on as its operator wishes: without captions, usage or anything else that
 * comes over this socket, until its limits end it.
 */
export interface KaiwaSidebandEvent { type: 'kaiwa.sideband', event_id: string, state: 'lost' }

/** What something took, in the units that are billed. Cached tokens are a part of the input's. */
export interface UsageAmount {
  /** US dollars; null: the model has no price here. */
  usd: number | null
  input_tokens: { text: number, audio: number, image: number, cached_text: number, cached_audio: number, cached_image: number }
  output_tokens: { text: number, audio: number }
  /** Transcription of what was said, where it is billed by time. */
  transcription_seconds: number
}

/** After each response, and each transcription that is billed apart. */
export interface KaiwaUsageEvent {
  type: 'kaiwa.usage'
  event_id: string
  /** Null: a transcription. */
  response_id: string | null
  model: string
  /** Date of the price list, `YYYY-MM-DD`; null: no price. */
  prices_of: string | null
  response: UsageAmount
  call: UsageAmount
  /** This person's day (UTC), all their calls. */
  day: UsageAmount
}

/** Something is nearly, or wholly, used up. Reached: the call ends within five seconds, after a goodbye where there can be one. */
export interface KaiwaLimitEvent {
  type: 'kaiwa.limit'
  event_id: string
  of: 'call' | 'person' | 'everyone' | 'time'
  state: 'near' | 'reached'
  /** US dollars; null for time, and for `everyone`, whose spending isn't everyone's to know. */
  spent_usd: number | null
  budget_usd: number | null
  /** Seconds until the call ends; null while it doesn't. */
  ends_in_seconds: number | null
}

/**
 * After each turn that was spoken to: when the answer was heard and done, or when the next turn begins. By the server's clock, in
 * milliseconds after the end of speech as the model's side tells it; null: didn't happen, or nobody said.
 */
export interface KaiwaLatencyEvent {
  type: 'kaiwa.latency'
  event_id: string
  response_id: string
  /** Ms since the call began. */
  speech_end_ms: number
  committed_ms: number | null
  first_text_ms: number | null
  /** At the server. */
  first_audio_ms: number | null
  /** As the page said with `kaiwa.ack`. */
  first_heard_ms: number | null
  /** How much of it this server took to pass on; null: the sound goes another way. */
  relay_ms: number | null
}

/** From the page: so much of an answer was heard by now. Never reaches the model. */
export interface KaiwaAckEvent {
  type: 'kaiwa.ack'
  event_id?: string
  item_id: string
  played_ms: number
  /** Of the last event that came. */
  seq?: number
}
