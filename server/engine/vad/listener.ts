import { StageError, type Vad } from '@kaiwa/engine'
import type { VadOperations } from '../workers/ears-operations.ts'
import type { WorkerHost } from '../workers/worker-host.ts'
import { SILERO_FRAME_SAMPLES, SILERO_SAMPLE_RATE } from './silero.ts'

/** Listeners over one worker: each has a number there, and its own past. */
export function createVadOpener(host: WorkerHost<VadOperations>): () => Promise<Vad> {
  let lastListener = 0
  return async () => {
    const listener = ++lastListener
    let closed = false
    // If the worker died meanwhile, the past is gone anyway.
    const forget = () => { host.call('forget', { listener }).catch(() => {}) }
    return {
      sampleRate: SILERO_SAMPLE_RATE,
      frameSamples: SILERO_FRAME_SAMPLES,
      process(frame) {
        if (closed) return Promise.reject(new StageError('vad', 'This listener is closed.'))
        if (frame.length !== SILERO_FRAME_SAMPLES) return Promise.reject(new StageError('vad', `A frame has ${SILERO_FRAME_SAMPLES} samples, not ${frame.length}.`))
        return host.call('process', { listener, frame })
      },
      reset: forget,
      close() {
        if (!closed) forget()
        closed = true
      },
    }
  }
}
