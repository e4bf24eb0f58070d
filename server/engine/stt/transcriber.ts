import type { Clock, Transcriber } from '@kaiwa/engine'
import type { SttOperations } from '../workers/ears-operations.ts'
import type { WorkerHost } from '../workers/worker-host.ts'
import type { Decoder, DecoderPool } from './decoder-pool.ts'
import { createRefusedUtterance, createUtterance, UTTERANCE_SAMPLE_RATE } from './utterance.ts'

export interface TranscriberOptions {
  pool: DecoderPool
  clock: Pick<Clock, 'setTimer'>
  /** Languages it hears, as ISO 639 codes; absent when it finds out by itself. */
  languages?: readonly string[]
}

/** Turns over a pool of decoders. `prompt` has no effect: none of the recognisers takes one. */
export function createTranscriber({ pool, clock, languages }: TranscriberOptions): Transcriber {
  return {
    sampleRate: UTTERANCE_SAMPLE_RATE,
    get waitingTurns() { return pool.waiting },
    open({ language }) {
      const code = language?.toLowerCase().split('-')[0]
      if (code && languages && !languages.includes(code)) {
        return createRefusedUtterance(`The embedded recogniser hears ${languages.join(', ')} only, and the session asks for ${JSON.stringify(language)}: put a model for that language into KAIWA_MODELS_DIR.`)
      }
      return createUtterance({ pool, clock })
    },
  }
}

/** A decoder that lives in a worker of its own. */
export function createWorkerDecoder(host: WorkerHost<SttOperations>): Decoder {
  return {
    start: () => host.call('start', null),
    decode: samples => host.call('decode', samples),
    finish: () => host.call('finish', null),
    cancel: () => host.call('cancel', null),
    close: () => host.close(),
  }
}
