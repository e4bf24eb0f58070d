import type { Synthesizer } from '@kaiwa/engine'
import type { SherpaVoiceOperations } from '../workers/voice-operations.ts'
import type { WorkerHost } from '../workers/worker-host.ts'
import { clausesOf } from './clauses.ts'
import { unlessAborted } from './synthesizer.ts'

const MIN_SPEED = 0.25
const MAX_SPEED = 1.5

/** A sherpa-onnx voice in a worker, clause by clause. A caller has one clause under way at a time. */
export function createSherpaSynthesizer(host: WorkerHost<SherpaVoiceOperations>, sampleRate: number): Synthesizer {
  return {
    sampleRate,
    async* synthesize({ text, voice, speed, signal }) {
      const bounded = Math.min(MAX_SPEED, Math.max(MIN_SPEED, speed))
      for (const clause of clausesOf(text)) {
        if (signal.aborted) return
        const clip = await unlessAborted(host.call('speak', { text: clause, voice, speed: bounded }), signal)
        if (!clip) return
        if (clip.length > 0) yield clip
      }
    },
  }
}
