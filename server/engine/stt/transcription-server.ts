/** Any server with OpenAI's `/v1/audio/transcriptions` as the engine's ears: a turn is cut into segments, and each is one upload. */
import { StageError, type Clock, type Transcriber, type Transcript } from '@kaiwa/engine'
import { askSpeechServer, patience, speechServerError, SpeechServerFault, type SpeechServerCall } from '../speech-server.ts'
import type { Decoder, DecoderPool } from './decoder-pool.ts'
import { createUtterance, UTTERANCE_SAMPLE_RATE } from './utterance.ts'
import { waveFile } from './wave-file.ts'

export interface TranscriptionServerOptions extends Omit<SpeechServerCall, 'stage'> {
  clock: Pick<Clock, 'setTimer'>
  /** From the upload's begin to the last byte of its answer. @default 30000 */
  timeoutMs?: number
  /** Turns being heard or uploaded. Full ⇒ the next is refused. A turn holds up to 2 MB. @default 64 */
  maxTurns?: number
}

/** OpenAI's server refuses less than a tenth of a second; nobody says a word in that. */
const MIN_SAMPLES = UTTERANCE_SAMPLE_RATE / 10
/** The words of half a minute are some 500 characters. Full ⇒ it is no transcription. */
const MAX_ANSWER_BYTES = 64 * 1024

interface Words { language?: string, prompt?: string }

/**
 * No words come before a segment (20 to 30 s) or the turn is over. Turns fail with a StageError of one sentence.
 * The upload's size is bounded by the segment: 30 s of 16 kHz PCM16, 1 MB.
 */
export function createServerTranscriber(options: TranscriptionServerOptions): Transcriber {
  const { clock, maxTurns = 64 } = options
  const open = { turns: 0 }
  return {
    sampleRate: UTTERANCE_SAMPLE_RATE,
    open: words => createUtterance({ clock, pool: uploadPool(options, words, open, maxTurns) }),
  }
}

/** One turn's decoders: the server's own queue takes the place of ours, so nobody ever waits for a lease. */
function uploadPool(options: TranscriptionServerOptions, words: Words, open: { turns: number }, maxTurns: number): DecoderPool {
  return {
    waiting: 0,
    contended: false,
    lease(signal) {
      if (signal.aborted) return Promise.resolve(undefined)
      if (open.turns >= maxTurns) {
        return Promise.reject(new StageError('stt', `Too many people speak at once: ${open.turns} turns are on their way to the transcription server; say that again.`))
      }
      open.turns++
      let held = true
      const release = () => {
        if (held) open.turns--
        held = false
      }
      return Promise.resolve({ decoder: createUpload(options, words, signal), release })
    },
    close: () => Promise.resolve(),
  }
}

/** Keeps a segment until it is finished: one upload. */
function createUpload(options: TranscriptionServerOptions, words: Words, signal: AbortSignal): Decoder {
  let held: Float32Array[] = []
  let samples = 0
  const begin = async () => {
    held = []
    samples = 0
  }
  return {
    start: begin,
    decode(slice) {
      held.push(slice)
      samples += slice.length
      return Promise.resolve('')
    },
    async finish() {
      if (samples < MIN_SAMPLES) return { text: '' }
      return transcribe(options, words, waveFile(held, UTTERANCE_SAMPLE_RATE), signal)
    },
    cancel: begin,
    close: begin,
  }
}

async function transcribe(options: TranscriptionServerOptions, words: Words, wave: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Transcript> {
  const call: SpeechServerCall = { stage: 'stt', server: options.server, fetch: options.fetch }
  const controller = new AbortController()
  const onAbort = () => controller.abort()
  signal.addEventListener('abort', onAbort, { once: true })
  const body = formOf(wave, options.server.model, words)
  try {
    return await patience(options.timeoutMs ?? 30_000, askSpeechServer(call, { body, signal: controller.signal }).then(readTranscript), controller)
  } catch (error) {
    // Nobody waits for a turn that was cancelled.
    if (signal.aborted) return { text: '' }
    throw speechServerError(call, error)
  } finally {
    signal.removeEventListener('abort', onAbort)
    controller.abort()
  }
}

function formOf(wave: Uint8Array<ArrayBuffer>, model: string, { language, prompt }: Words): FormData {
  const body = new FormData()
  body.set('file', new Blob([wave], { type: 'audio/wav' }), 'turn.wav')
  body.set('model', model)
  body.set('response_format', 'json')
  // ISO 639-1, without the region.
  if (language) body.set('language', language.toLowerCase().split('-')[0]!)
  if (prompt) body.set('prompt', prompt)
  return body
}

async function readTranscript(response: Response): Promise<Transcript> {
  const decoder = new TextDecoder()
  let json = ''
  let bytes = 0
  for await (const piece of response.body ?? []) {
    bytes += piece.length
    if (bytes > MAX_ANSWER_BYTES) throw noTranscript()
    json += decoder.decode(piece, { stream: true })
  }
  try {
    const { text } = JSON.parse(json + decoder.decode()) as { text?: unknown }
    if (typeof text === 'string') return { text: text.trim() }
  } catch {
    // Told below, together with JSON of another form.
  }
  throw noTranscript()
}

const noTranscript = () => new SpeechServerFault('sent something that is no transcription. Check KAIWA_STT_URL.')
