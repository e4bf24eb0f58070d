import type { ServerEventFacts } from '../relay/gate.ts'
import type { Tokens } from './cost.ts'
import { assistantMsOf, ENVELOPE_BYTES, wireBytesPerMs } from './estimate.ts'

/**
 * What was seen of a call: how much was said and spoken, for the responses and transcriptions that nobody reports. Bytes of audio
 * are those of the messages, less a nominal envelope; exact to a few percent.
 */
export interface Tally {
  clientEvent(type: string, bytes: number): void
  /** For each message of the model: an addition and a comparison. */
  passed(type: string | undefined, bytes: number): void
  /** What the session says of itself, and when somebody spoke. */
  serverEvent(event: ServerEventFacts): void
  /** An utterance became an item: how long it was. */
  committed(itemId: unknown): number
  /** Milliseconds said since this was last asked: they are the next response's input. */
  takeSaidMs(): number
  /** Said since then, what is being said at the moment included; never too little. */
  readonly pendingSaidMs: number
  /** Tokens of what was typed and shown since a response began, by its length; mostly too many. */
  readonly pendingTypedTokens: number
  /** Spoken by the model and not yet on any bill. */
  readonly spokenMs: number
  /** The same with the text beside it, each token as so much voice as costs the same. */
  readonly outputMs: number
  /** Takes off the bill what a response reported itself. */
  reported(output: Tokens['output']): void
  /** One of `among` open responses that report nothing takes its share. */
  takeSpoken(among: number): { spokenMs: number, textDeltas: number }
  /** Nothing is under way: what is left over is rounding. */
  clear(): void
  /** `onBeyond` is called when `outputMs` is more than this; each time until it is set anew. */
  watch(outputMs: number): void
  readonly transcriptionModel: string | undefined
  /** Characters. */
  readonly instructions: number
}

/** What is told while it is counted. */
export interface TallyListener {
  /** More was spoken than is watched for. */
  onBeyond(): void
  /** The next response's input has grown: something was typed, or said for a while. */
  onInput(): void
}

/** An utterance is asked about each time that it is so much longer. */
export const SAID_STEP_MS = 5000
/** Before speech is noticed it has begun. */
const NOTICED_MS = 1000
/** Four characters a token; of a picture the bytes say little, and it is never dearer. */
const TYPED_BYTES_PER_TOKEN = 4
const MAX_TYPED_TOKENS = 8000
/** One utterance; no upstream takes more. */
const MAX_SAID_MS = 3_600_000
/** An append's own names and quotes. */
const APPEND_ENVELOPE_BYTES = 50

type Json = Record<string, unknown>
const objectAt = (value: unknown, key: string): Json | undefined => {
  const found = typeof value === 'object' && value !== null ? (value as Json)[key] : undefined
  return typeof found === 'object' && found !== null ? found as Json : undefined
}
const isTextDelta = (type: string | undefined) =>
  type === 'response.output_audio_transcript.delta' || type === 'response.output_text.delta' || type === 'response.function_call_arguments.delta'

/** @param textMs as how much voice a token of text counts */
export function createTally({ onBeyond, onInput }: TallyListener, textMs: number): Tally {
  let inputPerMs = wireBytesPerMs(undefined)
  let outputPerMs = inputPerMs
  let transcriptionModel: string | undefined
  let instructions = 0
  let appendedBytes = 0
  let saidMs = 0
  let spokenBytes = 0
  let watchedBytes = Infinity
  let textDeltas = 0
  let speech: { itemId: unknown, fromMs: number, toMs: number } | undefined
  /** Whether the model notices by itself when somebody speaks: then silence is appended, too. */
  let detects = true
  let speechFromBytes: number | undefined
  let typedTokens = 0
  let askedAtBytes = 0

  function readSession(session: Json | undefined) {
    const input = objectAt(objectAt(session, 'audio'), 'input')
    const output = objectAt(objectAt(session, 'audio'), 'output')
    if (input?.format) inputPerMs = wireBytesPerMs(input.format)
    if (output?.format) outputPerMs = wireBytesPerMs(output.format)
    if (input && 'turn_detection' in input) detects = input.turn_detection !== null
    const model = objectAt(input, 'transcription')?.model
    if (input && 'transcription' in input) transcriptionModel = typeof model === 'string' ? model : undefined
    if (typeof session?.instructions === 'string') instructions = session.instructions.length
  }

  const ms = (value: unknown) => typeof value === 'number' && value >= 0 ? Math.min(value, Number.MAX_SAFE_INTEGER) : 0

  const soundingMs = () => {
    const fromBytes = detects ? speechFromBytes : 0
    return fromBytes === undefined ? 0 : (appendedBytes - fromBytes) / inputPerMs + (detects ? NOTICED_MS : 0)
  }
  const output = () => spokenBytes + textDeltas * textMs * outputPerMs

  function appended(bytes: number) {
    appendedBytes += Math.max(0, bytes - APPEND_ENVELOPE_BYTES)
    if (appendedBytes - askedAtBytes < SAID_STEP_MS * inputPerMs || (detects && speechFromBytes === undefined)) return
    askedAtBytes = appendedBytes
    onInput()
  }

  function bufferTaken() {
    appendedBytes = 0
    askedAtBytes = 0
    speechFromBytes = undefined
  }

  return {
    clientEvent(type, bytes) {
      if (type === 'input_audio_buffer.append') appended(bytes)
      if (type !== 'conversation.item.create') return
      typedTokens += Math.min(MAX_TYPED_TOKENS, Math.ceil(bytes / TYPED_BYTES_PER_TOKEN))
      onInput()
    },
    passed(type, bytes) {
      // What wasn't looked at is long, and what is long is audio.
      if (type === 'response.output_audio.delta' || type === undefined) {
        spokenBytes += bytes - ENVELOPE_BYTES
        if (output() > watchedBytes) onBeyond()
      } else if (isTextDelta(type)) {
        textDeltas++
        if (output() > watchedBytes) onBeyond()
      }
    },
    serverEvent(event) {
      switch (event.type) {
        case 'session.created': case 'session.updated': return readSession(objectAt(event, 'session'))
        case 'input_audio_buffer.cleared': return bufferTaken()
        case 'input_audio_buffer.speech_started':
          speech = { itemId: event.item_id, fromMs: ms(event.audio_start_ms), toMs: 0 }
          speechFromBytes = appendedBytes
          askedAtBytes = appendedBytes
          return
        case 'input_audio_buffer.speech_stopped': if (speech?.itemId === event.item_id) speech!.toMs = ms(event.audio_end_ms)
      }
    },
    committed(itemId) {
      // With voice detection silence is appended too, and not billed.
      const heardMs = speech && speech.itemId === itemId ? speech.toMs - speech.fromMs : 0
      const utteranceMs = Math.min(MAX_SAID_MS, Math.round(heardMs > 0 ? heardMs : appendedBytes / inputPerMs))
      bufferTaken()
      speech = undefined
      saidMs = Math.min(MAX_SAID_MS, saidMs + utteranceMs)
      return utteranceMs
    },
    takeSaidMs() {
      const taken = saidMs
      saidMs = 0
      typedTokens = 0
      return taken
    },
    get pendingSaidMs() { return Math.min(MAX_SAID_MS, saidMs + soundingMs()) },
    get pendingTypedTokens() { return typedTokens },
    get outputMs() { return Math.max(0, output() / outputPerMs) },
    get spokenMs() { return Math.max(0, spokenBytes / outputPerMs) },
    reported(output) {
      spokenBytes = Math.max(0, spokenBytes - assistantMsOf(output.audio) * outputPerMs)
      textDeltas = Math.max(0, textDeltas - output.text)
    },
    takeSpoken(among) {
      const taken = { spokenMs: Math.max(0, spokenBytes / outputPerMs / among), textDeltas: Math.ceil(textDeltas / among) }
      spokenBytes -= spokenBytes / among
      textDeltas -= taken.textDeltas
      return taken
    },
    clear() {
      spokenBytes = 0
      textDeltas = 0
      watchedBytes = Infinity
    },
    watch(outputMs) { watchedBytes = outputMs * outputPerMs },
    get transcriptionModel() { return transcriptionModel },
    get instructions() { return instructions },
  }
}
