import type { SessionUpdate, TranscriptionSessionUpdate } from '@kaiwa/protocol'
import { createSession } from './session.ts'
import type { VoiceTrack } from './output-audio-buffer.ts'
import type { Intent } from './transcription-session.ts'
import type { McpConnector } from './mcp.ts'
import type { StageError, Stages } from './stages.ts'

export interface Clock { nowMs(): number, setTimer(callback: () => void, delayMs: number): () => void }

export interface EngineOptions {
  stages: Stages
  clock: Clock
  /** Makes ids: `ids('item')` → `item_` and 21 characters. */
  ids: (prefix: string) => string
  /** The way to MCP servers. Absent: MCP tools are refused. */
  mcp?: McpConnector
  /** Default session: 60 minutes. */
  sessionMs?: number
  /** A stage failed; the session was told already. For the log: the message holds nothing that was said. */
  onStageFault?: (fault: StageError) => void
  /** The engine itself threw while it handled an event: that event is lost, nothing else. For the log and the alarm. */
  onBug?: (cause: unknown) => void
}

/** One client of the engine: text in, text out, nothing else. */
export interface EngineSession {
  /** One text message of the client; answers come through `send`. Never throws. */
  receive(text: string): void
  /** The client sent a binary frame: answered with an `error` event. */
  receiveBinary(): void
  /** The microphone where it isn't among the client's events: PCM16 at 24 kHz, in order and in real time. Full ⇒ the oldest goes. */
  hear(samples: Int16Array): void
  /** The voice track sent so much of what it got since it was last cleared, in samples. Never more than was really sent. */
  sent(samples: number): void
  /** Idempotent; stops all work of the session. */
  close(): void
}

export interface SessionPort {
  /** One JSON event. */
  send(text: string): void
  /** The engine ends the session (expiry): after the `error` event. */
  close(code: number, reason: string): void
}

export interface OpenOptions {
  model: string
  voice?: string
  /** `transcription`: a session that listens and never answers. @default 'conversation' */
  intent?: Intent
  /** What the session begins with: `session.created` shows it. What can't be had is refused as a whole, by an `error` after that. */
  session?: SessionUpdate | TranscriptionSessionUpdate
  /** Speaks in place of `response.output_audio.delta`; the session then has an output audio buffer, as over WebRTC. */
  voiceTrack?: VoiceTrack
}

export interface Engine {
  openSession(port: SessionPort, options: OpenOptions): EngineSession
}

/** A Realtime server in a box: no sockets, no files. Each session is text in, text out. */
export function createEngine(options: EngineOptions): Engine {
  return { openSession: (port, session) => createSession(options, port, session) }
}
