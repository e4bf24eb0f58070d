/** Any server with OpenAI's `/v1/audio/speech` as the engine's voice, streamed. */
import { createResampler } from '@kaiwa/audio'
import { StageError, type Synthesizer, type SynthesisRequest } from '@kaiwa/engine'
import { askSpeechServer, patience, speechServerError, SpeechServerFault, type SpeechServerCall } from '../speech-server.ts'
import { createPcmStream, PcmStreamError } from './pcm-stream.ts'

export interface SpeechServerSynthesizerOptions extends Omit<SpeechServerCall, 'stage'> {
  /** KAIWA_TTS_VOICE; unset: the session's voice goes to the server by its name. */
  voice?: string
  /** `connect`: until the answer's headers. `betweenPieces`: from one piece of sound to the next. @default 20000 and 15000 */
  timeoutMs?: { connect?: number, betweenPieces?: number }
  /** Sound of one clause. Full ⇒ it ends there with a fault: a clause is some seconds long. @default 120 */
  maxSeconds?: number
}

/** What OpenAI's servers send for `pcm`, and what the engine speaks in. */
const SAMPLE_RATE = 24_000
/** OpenAI's bound on `input`. */
const MAX_INPUT_CHARACTERS = 4_096

/** Rejects with a StageError of one sentence. An abort ends the request; nothing comes after it. */
export function createSpeechServerSynthesizer(options: SpeechServerSynthesizerOptions): Synthesizer {
  const call: SpeechServerCall = { stage: 'tts', server: options.server, fetch: options.fetch }
  return {
    sampleRate: SAMPLE_RATE,
    async* synthesize(request) {
      const { text, signal } = request
      if (signal.aborted || !/[\p{L}\p{N}]/u.test(text)) return
      if (text.length > MAX_INPUT_CHARACTERS) throw new StageError('tts', `A clause of ${text.length} characters is longer than a speech server takes (${MAX_INPUT_CHARACTERS}).`)
      const controller = new AbortController()
      const onAbort = () => controller.abort()
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        for await (const samples of spoken(options, call, request, controller)) {
          if (signal.aborted) return
          yield samples
        }
      } catch (error) {
        if (!signal.aborted) throw speechServerError(call, error)
      } finally {
        signal.removeEventListener('abort', onAbort)
        // Ends the request when the listener leaves early; nothing happens when it is over.
        controller.abort()
      }
    },
  }
}

async function* spoken(
  options: SpeechServerSynthesizerOptions, call: SpeechServerCall, request: SynthesisRequest, controller: AbortController,
): AsyncGenerator<Float32Array> {
  const { connect = 20_000, betweenPieces = 15_000 } = options.timeoutMs ?? {}
  const maxSeconds = options.maxSeconds ?? 120
  const body = bodyOf(request, call.server.model, options.voice)
  const response = await patience(connect, askSpeechServer(call, { body, signal: controller.signal }), controller)
  if (isNoSound(response)) throw noSound()
  const reader = response.body?.getReader()
  const stream = createPcmStream(SAMPLE_RATE)
  let resampler: ReturnType<typeof createResampler> | undefined
  let seconds = 0
  for (;;) {
    const next = reader && await patience(betweenPieces, reader.read(), controller)
    if (!next || next.done) break
    const samples = takeFrom(stream, next.value)
    if (samples.length === 0) continue
    seconds += samples.length / stream.sampleRate
    if (seconds > maxSeconds) throw new SpeechServerFault(`sent more than ${maxSeconds} s of sound for one clause. See the log of that server.`)
    if (stream.sampleRate !== SAMPLE_RATE) resampler ??= createResampler({ inputRate: stream.sampleRate, outputRate: SAMPLE_RATE })
    const voiced = resampler ? resampler.process(samples) : samples
    if (voiced.length > 0) yield voiced
  }
  if (resampler) yield resampler.flush()
  if (seconds === 0) throw new SpeechServerFault('answered without a sound. Check KAIWA_TTS_MODEL and KAIWA_TTS_VOICE.')
}

function bodyOf({ text, voice, speed }: SynthesisRequest, model: string, ownVoice: string | undefined): string {
  // Small servers refuse what they don't know: no speed when it is the usual one.
  return JSON.stringify({ model, input: text, voice: ownVoice ?? voice, response_format: 'pcm', ...(speed !== 1 && { speed }) })
}

/** Some servers ignore `response_format`, and some tell an error with status 200. */
function isNoSound(response: Response): boolean {
  return /^(?:text\/|application\/json|audio\/(?:mpeg|mp3|aac|flac|x-flac|ogg|opus|webm|mp4))/i.test(response.headers.get('content-type') ?? '')
}

function takeFrom(stream: ReturnType<typeof createPcmStream>, bytes: Uint8Array): Float32Array {
  try {
    return stream.take(bytes)
  } catch (error) {
    throw error instanceof PcmStreamError ? noSound() : error
  }
}

const noSound = () => new SpeechServerFault('sent something that is no 16-bit PCM and no WAV file of it. Check KAIWA_TTS_URL, and that it honours response_format=pcm.')
