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
  /** Spoken by the model and not yet on any bill. */
  readonly spokenMs: number
  /** Takes off the bill what a response reported itself. */
  reported(output: Tokens['output']): void
  /** One of `among` open responses that report nothing takes its share. */
  takeSpoken(among: number): { spokenMs: number, textDeltas: number }
  /** Nothing is under way: what is left over is rounding. */
  clear(): void
  /** `onBeyond` is called when more than this was spoken; each time until it is set anew. */
  watch(spokenMs: number): void
  readonly transcriptionModel: string | undefined
  /** Characters. */
  readonly instructions: number
}

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

export function createTally(onBeyond: () => void): Tally {
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

  function readSession(session: Json | undefined) {
    const input = objectAt(objectAt(session, 'audio'), 'input')
    const output = objectAt(objectAt(session, 'audio'), 'output')
    if (input?.format) inputPerMs = wireBytesPerMs(input.format)
    if (output?.format) outputPerMs = wireBytesPerMs(output.format)
    const model = objectAt(input, 'transcription')?.model
    if (input && 'transcription' in input) transcriptionModel = typeof model === 'string' ? model : undefined
    if (typeof session?.instructions === 'string') instructions = session.instructions.length
  }

  const ms = (value: unknown) => typeof value === 'number' && value >= 0 ? Math.min(value, Number.MAX_SAFE_INTEGER) : 0

  return {
    clientEvent(type, bytes) {
      if (type === 'input_audio_buffer.append') appendedBytes += Math.max(0, bytes - APPEND_ENVELOPE_BYTES)
    },
    passed(type, bytes) {
      // What wasn't looked at is long, and what is long is audio.
      if (type === 'response.output_audio.delta' || type === undefined) {
        spokenBytes += bytes - ENVELOPE_BYTES
        if (spokenBytes > watchedBytes) onBeyond()
      } else if (isTextDelta(type)) textDeltas++
    },
    serverEvent(event) {
      switch (event.type) {
        case 'session.created': case 'session.updated': return readSession(objectAt(event, 'session'))
        case 'input_audio_buffer.cleared': appendedBytes = 0; return
        case 'input_audio_buffer.speech_started': speech = { itemId: event.item_id, fromMs: ms(event.audio_start_ms), toMs: 0 }; return
        case 'input_audio_buffer.speech_stopped': if (speech?.itemId === event.item_id) speech!.toMs = ms(event.audio_end_ms)
      }
    },
    committed(itemId) {
      // With voice detection silence is appended too, and not billed.
      const heardMs = speech && speech.itemId === itemId ? speech.toMs - speech.fromMs : 0
      const utteranceMs = Math.min(MAX_SAID_MS, Math.round(heardMs > 0 ? heardMs : appendedBytes / inputPerMs))
      appendedBytes = 0
      speech = undefined
      saidMs = Math.min(MAX_SAID_MS, saidMs + utteranceMs)
      return utteranceMs
    },
    takeSaidMs() {
      const taken = saidMs
      saidMs = 0
      return taken
    },
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
    watch(spokenMs) { watchedBytes = spokenMs * outputPerMs },
    get transcriptionModel() { return transcriptionModel },
    get instructions() { return instructions },
  }
}
