/** The worker's side of the PocketSphinx recogniser: one decoder, one utterance at a time. */
import type { SttOperations } from '../workers/ears-operations.ts'
import type { Handlers } from '../workers/worker-side.ts'
import { gateNoise } from './noise-gate.ts'
import { openPocketsphinx } from './pocketsphinx.ts'
import type { PocketsphinxFiles } from './pocketsphinx-files.ts'

/** Peak above which speech is turned down: the recogniser doesn't mind quiet speech (down to −30 dB), but clipping. */
const MAX_PEAK = 0.9

/** Mean confidence from which an utterance was speech, heard well: people reading measured 0.5 to 0.9. */
const LEARNS_FROM = 0.4

export function loadPocketsphinx(files: PocketsphinxFiles): Handlers<SttOperations> {
  const decoder = openPocketsphinx(files)
  warmUp(decoder)
  return {
    start() {
      decoder.start()
      return null
    },
    decode(samples) {
      decoder.process(toPcm16(samples))
      return decoder.partial()
    },
    finish() {
      const transcript = gateNoise(decoder.finish())
      if (!transcript.text || transcript.confidence! < LEARNS_FROM) decoder.unlearn()
      return transcript
    },
    cancel() {
      decoder.finish()
      decoder.unlearn()
      return null
    },
  }
}

/** The first utterance builds tables and pages the model in: 50 ms that no caller should wait for. */
function warmUp(decoder: ReturnType<typeof openPocketsphinx>): void {
  decoder.start()
  decoder.process(Int16Array.from({ length: 8_000 }, (_, i) => 3_000 * Math.sin(i / 9) * Math.sin(i / 400)))
  decoder.finish()
  decoder.unlearn()
}

function toPcm16(samples: Float32Array): Int16Array {
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
  const scale = 32_767 * (peak > MAX_PEAK ? MAX_PEAK / peak : 1)
  return Int16Array.from(samples, sample => sample * scale)
}
