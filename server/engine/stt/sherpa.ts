/** The worker's side of the sherpa-onnx recognisers. Loaded only when a model pack is there: ONNX Runtime takes 80 MB. */
import type { SttOperations } from '../workers/ears-operations.ts'
import type { Handlers } from '../workers/worker-side.ts'
import { recognizerConfig, type SherpaPack } from './sherpa-packs.ts'

const SAMPLE_RATE = 16_000
/** A streaming model says its last word only after it has seen some silence. */
const TAIL_SAMPLES = 8_000
/** Whole-utterance models hold the audio until the end. The stream before them cuts at 30 s. */
const MAX_HELD_SAMPLES = 60 * SAMPLE_RATE

type Sherpa = typeof import('sherpa-onnx-node')

export async function loadSherpa(pack: SherpaPack): Promise<Handlers<SttOperations>> {
  const module = await import('sherpa-onnx-node') as Sherpa & { default?: Sherpa }
  const sherpa = module.default ?? module
  try {
    return pack.kind === 'streaming-transducer' ? streaming(sherpa, pack) : whole(sherpa, pack)
  } catch (error) {
    throw new Error(`sherpa-onnx refused the ${pack.kind} pack ${pack.name} (${error instanceof Error ? error.message : String(error)})`, { cause: error })
  }
}

function streaming(sherpa: Sherpa, pack: SherpaPack & { kind: 'streaming-transducer' }): Handlers<SttOperations> {
  const recognizer = new sherpa.OnlineRecognizer(recognizerConfig(pack).config)
  let stream = recognizer.createStream()
  const hear = (samples: Float32Array) => {
    stream.acceptWaveform({ samples, sampleRate: SAMPLE_RATE })
    while (recognizer.isReady(stream)) recognizer.decode(stream)
    return recognizer.getResult(stream).text.trim()
  }
  const begin = () => {
    stream = recognizer.createStream()
    return null
  }
  hear(new Float32Array(SAMPLE_RATE))
  return { start: begin, cancel: begin, decode: hear, finish: () => ({ text: tidy(hear(new Float32Array(TAIL_SAMPLES))) }) }
}

function whole(sherpa: Sherpa, pack: Exclude<SherpaPack, { kind: 'streaming-transducer' }>): Handlers<SttOperations> {
  const recognizer = new sherpa.OfflineRecognizer(recognizerConfig(pack).config)
  let held: Float32Array[] = []
  let heldSamples = 0
  const begin = () => {
    held = []
    heldSamples = 0
    return null
  }
  const decode = (samples: Float32Array) => {
    if (heldSamples + samples.length <= MAX_HELD_SAMPLES) held.push(samples)
    heldSamples += samples.length
    // No partial words: these models read an utterance at once.
    return ''
  }
  const finish = () => {
    const stream = recognizer.createStream()
    for (const samples of held) stream.acceptWaveform({ samples, sampleRate: SAMPLE_RATE })
    if (held.length > 0) recognizer.decode(stream)
    return { text: held.length > 0 ? tidy(recognizer.getResult(stream).text) : '' }
  }
  decode(new Float32Array(SAMPLE_RATE))
  finish()
  return { start: begin, cancel: begin, decode, finish }
}

/** Some models shout: all capitals become plain writing. */
function tidy(text: string): string {
  const trimmed = text.trim()
  return /[a-z]/.test(trimmed) ? trimmed : trimmed.toLowerCase()
}
