import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Vad } from '@kaiwa/engine'
import { hostFor, type Candidate, type Closers } from '../candidates.ts'
import type { NodeStagesOptions } from '../stages.ts'
import type { EarsRole, VadOperations } from '../workers/ears-operations.ts'
import { createVadOpener } from './listener.ts'

/** VAD frames under way: 200 callers a third of a second behind. */
const MAX_OPEN_FRAMES = 2_000

export function vadCandidates({ assetsDir, workerUrls }: Pick<NodeStagesOptions, 'assetsDir' | 'workerUrls'>, closers: Closers): Candidate<() => Promise<Vad>>[] {
  const modelFile = join(assetsDir, 'silero_vad_v5.onnx')
  const start = (data: EarsRole) => hostFor<VadOperations>({ stage: 'vad', url: workerUrls.ears, data, maxOpenRequests: MAX_OPEN_FRAMES }, closers)
  return [
    {
      adapter: 'silero',
      async open() {
        if (!existsSync(modelFile)) return { able: false, why: `Silero's model is missing: ${modelFile}.` }
        const started = await start({ role: 'vad', adapter: 'silero', modelFile })
        if (!started.able) return { able: false, why: `Silero's model ${modelFile} is unusable: ${started.why}` }
        return { able: true, part: createVadOpener(started.host), by: 'Silero VAD v5', sentence: 'Speech is detected by Silero VAD v5.' }
      },
    },
    {
      adapter: 'webrtc',
      async open() {
        const started = await start({ role: 'vad', adapter: 'webrtc' })
        if (!started.able) return { able: false, why: `WebRTC's voice activity detector is unusable: ${started.why}` }
        return { able: true, part: createVadOpener(started.host), by: 'WebRTC VAD', sentence: 'Speech is detected by WebRTC\'s detector, which noise can fool.' }
      },
    },
    {
      adapter: 'energy',
      async open() {
        const started = await start({ role: 'vad', adapter: 'energy' })
        if (!started.able) return started
        return { able: true, part: createVadOpener(started.host), by: 'loudness', sentence: 'Speech is detected by loudness, which background noise can fool.' }
      },
    },
  ]
}
