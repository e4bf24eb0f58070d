import { StageError, type Synthesizer } from '@kaiwa/engine'
import type { VoiceOperations } from '../workers/voice-operations.ts'
import type { WorkerHost } from '../workers/worker-host.ts'
import { FLITE_SAMPLE_RATE } from './flite.ts'
import { partsToSpeak, speakable } from './speakable.ts'
import { fliteVoiceFor } from './voices.ts'

const MIN_SPEED = 0.25
const MAX_SPEED = 1.5

/** Flite in a worker: sentence by sentence, long ones clause by clause. A caller has one part under way at a time. */
export function createFliteSynthesizer(host: WorkerHost<VoiceOperations>): Synthesizer {
  return {
    sampleRate: FLITE_SAMPLE_RATE,
    async* synthesize({ text, voice, speed, signal }) {
      const { text: plain, skipped } = speakable(text)
      if (!plain) {
        if (skipped.length === 0) return
        throw new StageError('tts', `The embedded voice speaks English only and can't say ${skipped.slice(0, 8).join(' ')}${skipped.length > 8 ? ' …' : ''}.`)
      }
      const bounded = Math.min(MAX_SPEED, Math.max(MIN_SPEED, speed))
      for (const part of partsToSpeak(plain)) {
        if (signal.aborted) return
        const clip = await unlessAborted(host.call('speak', { text: part, voice: fliteVoiceFor(voice), speed: bounded }), signal)
        if (!clip) return
        if (clip.length > 0) yield clip
      }
    },
  }
}

/** A machine without a voice: every clause fails with the reason. */
export function createMissingSynthesizer(why: string): Synthesizer {
  return {
    sampleRate: FLITE_SAMPLE_RATE,
    // eslint-disable-next-line require-yield -- it has nothing to yield
    async* synthesize() { throw new StageError('tts', why) },
  }
}

/** The worker finishes a clause that nobody wants any more (some 50 ms); the caller needn't wait for it. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(undefined)
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
