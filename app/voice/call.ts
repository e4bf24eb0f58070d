/** What the page shows of a call. Plain data: made by the voice session, drawn by components. */

import type { Capabilities, Fault, MeterReading, Segment } from '@kaiwa/protocol'
import type { NetworkFacts, Route } from './transport.ts'
import type { VoiceSettings } from './voice-settings.ts'

/** `product.md`'s states; each has a word, a look, a status text and a set of allowed actions. */
export type CallState
  = | { name: 'idle' }
    | { name: 'permission' }
    | { name: 'connecting', sinceMs: number }
    | { name: 'listening' }
    | { name: 'user-speaking', sinceMs: number }
    | { name: 'thinking', sinceMs: number }
    | { name: 'speaking', sinceMs: number }
    | { name: 'interrupted', sinceMs: number }
    | { name: 'held', sinceMs: number }
    | { name: 'reconnecting', attempt: number, attempts: number }
    | { name: 'rolling-over' }
    /** Time or money is used up: the call ends in a moment, after a goodbye where there is one. */
    | { name: 'limit', of: Limit }
    | { name: 'error', trouble: Trouble }
    /** `because`: the server ended it, kindly; undefined: the talker did, or the other side was done. */
    | { name: 'ended', durationMs: number, turns: number, because?: Ending }

export type CallStateName = CallState['name']

export type Limit = 'call' | 'person' | 'everyone' | 'time'

/** Why a server ends a call that nothing is wrong with. */
export type Ending = Limit | 'budget' | 'idle' | 'server'

/** Something will end this call before long: nearly used up, or the server is stopping. Ms since the call began. */
export interface Warning { of: Limit | 'server', spentUsd?: number, budgetUsd?: number, endsAtMs?: number }

/** What something took. */
export interface Spent {
  /** Undefined: the model has no price here. */
  usd: number | undefined
  /** Cached ones among them. */
  inputTokens: { text: number, audio: number, image: number }
  cachedTokens: { text: number, audio: number, image: number }
  outputTokens: { text: number, audio: number }
  /** Transcription that is billed by time. */
  transcribedSeconds: number
}

export interface Usage {
  model: string
  /** Date of the price list, `YYYY-MM-DD`. */
  pricesOf: string | undefined
  /** What `last` is. */
  of: 'response' | 'transcription'
  last: Spent
  call: Spent
  /** This person's day (UTC), all their calls. */
  day: Spent
}

/** How long an answer took, by the server's clock: ms after the end of the user's speech. Undefined: didn't happen, or isn't known. */
export interface AnswerLatency {
  replyId: string
  /** The server had the turn. */
  committedMs: number | undefined
  textMs: number | undefined
  /** The first sound, at the server. */
  audioMs: number | undefined
  /** As this page reported it. */
  heardMs: number | undefined
  /** How much of it the server took to pass on; undefined: the sound goes another way. */
  relayMs: number | undefined
}

/** Why the page can't go on as asked: a fault of the line, or of the microphone. Each code has its own words in the page. */
export type Trouble
  = | { code: 'mic_denied' | 'mic_missing' | 'mic_busy' | 'mic_failed' | 'insecure_page' | 'audio_blocked' | 'audio_lost' | 'audio_failed', detail: string }
  /** The page can't reach its own server, which is not the same as the model being unreachable. */
    | { code: 'server_unreachable' | 'webrtc_failed', detail: string }
  /** Of the conversation that a call was to go on with. */
    | { code: 'conversation_busy' | 'conversation_gone', detail: string }
    | { code: Fault['code'], detail: string, /** As the server said with its refusal. */ retryAfterSeconds?: number }

export type Action = 'start' | 'end' | 'mute' | 'interrupt' | 'hold' | 'say' | 'retry'

/** How far the assistant's segment has been heard; owner: the player. */
export interface Heard {
  segmentId: string
  heardMs: number
  receivedMs: number
  /** No more audio of it will come. */
  complete: boolean
}

/** A turn as the thread shows it, in order. */
export interface Turn {
  segment: Segment
  /** When it began, ms since the call began. */
  startedAtMs: number
  /** Length of what was spoken, for its print; undefined when typed. */
  durationMs?: number
  heard?: Heard
  /** Characters of `segment.text` that were heard (assistant, voice): the rest is shown unheard. */
  heardChars?: number
  /** Of a call before this one: still shown, but not of this call. */
  earlier?: true
}

/** One stroke of the waveform: 120 ms of one voice. */
export interface Stroke {
  /** Its place on the call's time axis, ms since the call began; for unheard assistant strokes, when it will be heard. */
  atMs: number
  /** 0 to 1, measured. */
  level: number
  /** `heard`: reached the other side (filled). `waiting`: not yet (thin). `cut`: never will (thin, stays). */
  state: 'heard' | 'waiting' | 'cut'
}

export interface Timeline {
  user: Stroke[]
  assistant: Stroke[]
  /** From the end of the user's speech to the first sample heard; open while it lasts. */
  waits: { fromMs: number, toMs?: number }[]
  /** Where the user cut the assistant. */
  cuts: { atMs: number }[]
}

/** How well the answers of a call could be played. */
export interface PlaybackFacts {
  /** Times the line fell behind and a gap was heard. */
  ranOut: number
  /** Ms of audio that found no room. */
  refusedMs: number
  /** Times it went on on another audio context. */
  moves: number
  /** Gaps that the browser counts between itself and the device since this context began; undefined: it doesn't count. */
  deviceGaps?: number
}

export interface CallSnapshot {
  state: CallState
  muted: boolean
  /** A typed-only conversation has a line but no microphone. */
  microphone: 'off' | 'opening' | 'on' | 'failed'
  allowed: ReadonlySet<Action>
  turns: Turn[]
  /** Unset until the line is up. */
  line?: { model: string, voice: string, capabilities: Capabilities }
  /** The microphone in use, as the browser names it. `instead`, `filterMissing`: the chosen one is not there. `quiet`: it gives no sound at all. */
  listensWith?: { deviceId: string, label: string, instead: boolean, quiet: boolean, filterMissing: boolean }
  /** Unset until something was heard. */
  playback?: PlaybackFacts
  /** The way that the call goes; unset until there is one. */
  route?: Route
  /** How well the voices come through, where that is known. */
  network?: NetworkFacts
  /** Somebody talks into a muted microphone. */
  mutedHint?: boolean
  /** Trouble that doesn't end what can still be done (typing goes on). */
  trouble?: Trouble
  /** What the call used so far; unset until the answering side says it. */
  meter?: readonly MeterReading[]
  /** What it took, and costs, as our server counts; unset until its first word. */
  usage?: Usage
  /** Of answers to speech, oldest first; bounded (oldest dropped). */
  latencies?: readonly AnswerLatency[]
  warning?: Warning
  /** Epoch ms of the call's start; unset while idle. */
  startedAt?: number
}

/** One event of either direction, for the inspector. */
export interface WireRecord {
  seq: number
  direction: 'in' | 'out'
  type: string
  /** Ms since the call began. */
  atMs: number
  bytes: number
  /** The event's text, audio shortened. */
  json: string
  known: boolean
}

/** The one object that components talk to (through a thin composable). Framework-free. */
export interface VoiceSession {
  readonly snapshot: CallSnapshot
  /** Called on every change of `snapshot`, at most once per animation frame for growing text. Returns the way out. */
  subscribe(listener: (snapshot: CallSnapshot) => void): () => void
  /** Before the first call: turns of a conversation that it goes on with. */
  restore(turns: readonly Turn[]): void
  /** From a click: opens microphone and line. Never rejects: trouble is a state. */
  start(): Promise<void>
  end(): void
  setMuted(muted: boolean): void
  interrupt(): void
  /** Push-to-talk: down keeps the floor, up gives it back and asks for an answer. */
  hold(down: boolean): void
  /** Opens the line (without microphone) when there is none. */
  say(text: string): void
  readonly settings: VoiceSettings
  /** How somebody wants to talk and hear from now on; in a running call at once, where it can be. */
  configure(change: Partial<VoiceSettings>): void
  /** Ms since the call began, from the audio clock when it runs. */
  nowMs(): number
  /** The waveform's strokes in a window of the call's time; cheap enough for each frame. */
  timeline(fromMs: number, toMs: number): Timeline
  /** Bounded (oldest dropped); `version` changes with each record. */
  readonly records: { list(): readonly WireRecord[], version: number, dropped: number, subscribe(listener: () => void): () => void }
  close(): void
}
