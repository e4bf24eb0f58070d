/**
 * Kaiwa's own vocabulary for a conversation: what the page's voice session, the conversation view and the store speak.
 * No wire name appears here, so that another protocol needs only another adapter.
 */

export type Speaker = 'user' | 'assistant'
export type Voice = 'server' | 'user'

/** How a segment was cut: by whom, and how much of it had been heard. */
export interface Cut { by: 'barge_in' | 'user' | 'server', heardMs: number }

/** One party's stretch of the conversation. A `segment` event carries it whole: the latest one replaces those before. */
export interface Segment {
  id: string
  speaker: Speaker
  /** Where it stands: directly after this segment. `null`: first. `undefined`: not told (yet). */
  afterId: string | null | undefined
  medium: 'voice' | 'text'
  /** Whole text so far. */
  text: string
  /** `pending`: none yet, but it will come. `unavailable`: it never will (transcription off or failed). */
  textState: 'pending' | 'partial' | 'final' | 'unavailable'
  /** Still growing. */
  open: boolean
  cut?: Cut
}

export type ReplyEnd
  = | { how: 'completed' }
    | { how: 'cancelled', by: 'barge_in' | 'user' | 'server' }
    | { how: 'incomplete', reason: 'length' | 'content_filter' | 'unknown' }
    | { how: 'failed', fault: Fault }

/** Something went wrong. `code` is stable and drives the page's words; `detail` is the other side's sentence, for the inspector. */
export interface Fault {
  code: FaultCode
  detail: string
  /** The call is over because of it. */
  fatal: boolean
}

export type FaultCode
  = | 'key_refused' | 'quota_spent' | 'rate_limited' | 'model_unavailable' | 'session_expired'
    | 'server_full' | 'upstream_unavailable' | 'upstream_lost' | 'not_admitted' | 'engine_failed'
    | 'bad_request' | 'server_error'
    | HouseCode

/** What only our own server says: who may talk, how long, for how much. */
export type HouseCode
  = | 'budget_spent' | 'call_too_long' | 'call_idle' | 'server_draining' | 'too_many_calls' | 'server_busy' | 'model_not_priced' | 'signed_out' | 'access_withdrawn'

/** What the other side can do, as part of `opened`. The page asks this, never for a provider's name. */
export interface Capabilities {
  /** Who ends a turn: the server's turn detection, or the page alone. */
  turnTaking: 'server' | 'manual'
  /** Whether speech over an answer cancels it at the server. */
  serverInterrupts: boolean
  /** Whether the voice can be held back without losing any of it. If not, a voice that gives way gets quieter and speaks on. */
  voiceWaits: boolean
  typedText: boolean
  transcripts: { user: boolean, assistant: boolean }
}

/** Cumulative readings; the unit tells how to price them. */
export interface MeterReading { unit: 'input_text_tokens' | 'input_audio_tokens' | 'cached_tokens' | 'output_text_tokens' | 'output_audio_tokens' | 'transcription_seconds', total: number }

/** How the page wishes turns to be taken. What it leaves out is as the session was opened. */
export interface TurnWish {
  /** What ends the user's turn: silence, silence weighed by what was said, or `end_turn` alone. */
  endedBy?: 'silence' | 'sense' | 'page'
  /** A longer pause than usual ends a turn. */
  patient?: boolean
  /** Who decides whether speech over an answer stops it. */
  interruptedBy?: 'server' | 'page'
  /** Who asks for the answer to a turn that the server ended. */
  answeredBy?: 'server' | 'page'
}

/** Noise taken out at the other side: for a microphone near the mouth, far from it, not at all, or as the session was opened. */
export type NoiseReductionWish = 'near_field' | 'far_field' | 'off' | 'as_opened'

export type DialogueEvent
  = | { type: 'opened', sessionId: string, model: string, voice: string, capabilities: Capabilities }
    | { type: 'segment', segment: Segment }
    | { type: 'segment_removed', segmentId: string }
    | { type: 'reply_started', replyId: string }
    | { type: 'reply_ended', replyId: string, end: ReplyEnd }
  /** Voice of the assistant: base64 PCM16, 24 kHz mono, in order. */
    | { type: 'voice', replyId: string, segmentId: string, pcm16Base64: string }
    | { type: 'voice_ended', replyId: string, segmentId: string }
  /** The transport itself carries the voice of a reply, from now on (`null`: not known what of it), or no longer: all of it was sent, or the rest dropped. */
    | { type: 'voice_began', replyId: string, segmentId: string | null }
    | { type: 'voice_over', replyId: string, cut: boolean }
  /** Times are ms of audio since the session began, as the side that noticed counts them. */
    | { type: 'user_speech', on: boolean, by: Voice, atMs: number, segmentId: string | null }
  /** The server ended the user's turn, and no answer to it comes unless the page asks for one. */
    | { type: 'answer_due', segmentId: string }
    | { type: 'interrupted', by: 'barge_in' | 'user', segmentId: string, heardMs: number }
    | { type: 'tool_call', callId: string, name: string, argumentsJson: string }
    | { type: 'meter', readings: MeterReading[] }
    | { type: 'fault', fault: Fault }
    | { type: 'notice', code: string, detail: string }

export type DialogueCommand
  = | { type: 'audio', pcm16Base64: string }
    | { type: 'end_turn' }
  /** An answer to what was said. */
    | { type: 'answer' }
  /** What is being said is forgotten; with `segmentId`, that turn, as if it had never been. */
    | { type: 'discard_turn', segmentId?: string }
    | { type: 'say', text: string, segmentId: string }
  /** The player fell silent: this much of the segment was heard. `undefined` heard: nothing was playing. */
    | { type: 'stop_speaking', by: 'barge_in' | 'user', heard?: { segmentId: string, heardMs: number, receivedMs: number } }
    | { type: 'answer_tool', callId: string, output: string }
  /** What the user said in a session before this one, in order, so that the new one knows it. Nothing answers it. */
    | { type: 'recall', said: readonly { segmentId: string, text: string }[] }
  /**
   * Who ends the user's turn from now on. `manual` while the user holds the floor (only `end_turn` ends the turn then);
   * `server` restores the turn detection that the session was opened with, or the one wished for. `turns` replaces the wishes before.
   * No wire events when nothing changes. A server that refuses a wish goes on as it was, and says so in its capabilities.
   */
    | { type: 'change', turnTaking?: Capabilities['turnTaking'], turns?: TurnWish, noiseReduction?: NoiseReductionWish }
