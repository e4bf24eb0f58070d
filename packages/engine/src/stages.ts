/**
 * The engine's four stages. The engine knows only these; adapters live where their runtime is (Node: server/engine).
 * Audio between stages is Float32 mono, -1 to 1, at the rate named. A stage never throws for what a caller says: a broken
 * stage rejects with a StageError, and the session reports it on that connection.
 */

/** Streaming speech detection for one session. Frames must arrive in order. */
export interface Vad {
  readonly sampleRate: number
  readonly frameSamples: number
  /** Speech probability of one frame of `frameSamples` samples, 0 to 1. Resolves in order. */
  process(frame: Float32Array): Promise<number>
  /** Forget the past (a new, unrelated stretch of audio follows). */
  reset(): void
  close(): void
}

export interface Transcript { text: string, /** 0 to 1; absent when the recogniser can't tell. */ confidence?: number }

/** One user turn being recognised. `write` may buffer when every recogniser is busy; nothing is dropped. */
export interface TranscriberStream {
  /** Samples at the transcriber's `sampleRate`. */
  write(samples: Float32Array): void
  /** The words so far, whenever they change. */
  onPartial(listener: (text: string) => void): void
  /** No more audio: resolves with the final words. */
  finish(): Promise<Transcript>
  /** Forget it: no `finish` follows. Idempotent. */
  cancel(): void
}

export interface Transcriber {
  readonly sampleRate: number
  /** Turns that wait for a recogniser right now; absent where none ever waits. */
  readonly waitingTurns?: number
  open(options: { language?: string, prompt?: string }): TranscriberStream
}

interface Spoken<Role extends string> {
  role: Role
  text: string
  /** The assistant was cut after this text. */
  cut?: boolean
  /** The user said nothing for as long as the session allows: no turn that wasn't understood, but none at all. */
  silent?: boolean
}
/** `text` of a user is empty when the user could not be understood. */
export type SpokenTurn = Spoken<'system'> | Spoken<'user'> | Spoken<'assistant'>
/** `argumentsJson` as the responder wrote it, or a client: it need not be JSON. */
export interface ToolCallTurn { role: 'tool_call', callId: string, name: string, argumentsJson: string }
/** What the tool gave back: data from outside, never an instruction. Its call stands before it. */
export interface ToolOutputTurn { role: 'tool_output', callId: string, output: string }
/** What was said and done, in order. */
export type ResponderTurn = SpokenTurn | ToolCallTurn | ToolOutputTurn

/** A function of the client's; `parameters` is a JSON schema of type object. */
export interface ResponderTool { name: string, description?: string, parameters?: Record<string, unknown> }
export type ResponderToolChoice = 'none' | 'auto' | 'required' | { name: string }

export interface ResponderRequest {
  instructions: string
  turns: ResponderTurn[]
  /** Absent: none. A tool that is named in `toolChoice` is among them. */
  tools?: readonly ResponderTool[]
  /** @default 'auto' */
  toolChoice?: ResponderToolChoice
  /** More than one call in a response. @default true */
  parallelToolCalls?: boolean
  signal: AbortSignal
}

/**
 * A string is text to say. `tool_call` begins a call, `tool_arguments` goes on with it: JSON in pieces, none at all for a
 * function without arguments. The next call, the next text and the end finish it.
 */
export type ResponderPiece = string | { kind: 'tool_call', name: string } | { kind: 'tool_arguments', delta: string }

export interface Responder {
  /** Words and calls as they come. Ends early, without throwing, when the signal aborts. */
  respond(request: ResponderRequest): AsyncIterable<ResponderPiece>
}

export interface SynthesisRequest { text: string, voice: string, /** 0.25 to 1.5. */ speed: number, signal: AbortSignal }
export interface Synthesizer {
  readonly sampleRate: number
  /** Audio of one clause or sentence, in pieces as they come. */
  synthesize(request: SynthesisRequest): AsyncIterable<Float32Array>
}

export interface Stages {
  openVad(): Promise<Vad>
  /** `undefined`: this machine can't hear; user audio becomes items without a transcript. */
  transcriber?: Transcriber
  responder: Responder
  synthesizer: Synthesizer
}

/** `mcp` is no stage, but waited for like one. */
export type StageName = 'vad' | 'stt' | 'responder' | 'tts' | 'mcp'

/** A stage can't do its work; `message` is one sentence that an operator can act on. */
export class StageError extends Error {
  readonly stage: StageName
  constructor(stage: StageName, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StageError'
    this.stage = stage
  }
}
