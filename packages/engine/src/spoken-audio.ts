import { createResampler, floatToPcm16 } from '@kaiwa/audio'
import { pieces } from './deadline.ts'
import type { Clock } from './engine.ts'
import { WIRE_SAMPLE_RATE } from './input-buffer.ts'
import type { Synthesizer } from './stages.ts'

/** One piece of synthesis: Flite takes 300 ms for a long sentence, a remote server some seconds. */
export const SYNTHESIS_WITHIN_MS = 15_000
/** The first delta of a clause is short, because somebody waits for it. */
const FIRST_DELTA_SAMPLES = 2_400
const DELTA_SAMPLES = 4_800

export interface SpokenAudioOptions { synthesizer: Synthesizer, clock: Clock, text: string, voice: string, speed: number, signal: AbortSignal }

/** One clause as PCM16 at the wire's rate, in pieces of 100 ms, then 200 ms. @throws {StageError} the synthesizer failed or hangs */
export async function* spokenAudio({ synthesizer, clock, text, voice, speed, signal }: SpokenAudioOptions): AsyncGenerator<Int16Array, void, undefined> {
  // No letter or digit: nothing to say, and some synthesizers choke on it.
  if (!/[\p{L}\p{N}]/u.test(text)) return
  const resampler = createResampler({ inputRate: synthesizer.sampleRate, outputRate: WIRE_SAMPLE_RATE })
  const gather = createGather()
  const stream = pieces(() => synthesizer.synthesize({ text: text.trim(), voice, speed, signal }), { clock, stage: 'tts', withinMs: SYNTHESIS_WITHIN_MS, signal })
  for await (const samples of stream) {
    // Resampled second by second, so that a long piece doesn't hold up other sessions between two deltas.
    for (let at = 0; at < samples.length; at += synthesizer.sampleRate) {
      yield* gather.push(floatToPcm16(resampler.process(samples.subarray(at, at + synthesizer.sampleRate))))
    }
  }
  yield* gather.push(floatToPcm16(resampler.flush()))
  yield* gather.rest()
}

/** Samples of any length → deltas of the length above. */
function createGather() {
  let pending = new Int16Array(0)
  let target = FIRST_DELTA_SAMPLES
  return {
    * push(samples: Int16Array): Generator<Int16Array> {
      const joined = new Int16Array(pending.length + samples.length)
      joined.set(pending)
      joined.set(samples, pending.length)
      let at = 0
      for (; joined.length - at >= target; target = DELTA_SAMPLES) {
        yield joined.slice(at, at + target)
        at += target
      }
      pending = joined.slice(at)
    },
    * rest(): Generator<Int16Array> {
      if (pending.length > 0) yield pending
    },
  }
}
