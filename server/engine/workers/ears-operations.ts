/** What the ears worker does. It runs once per role: speech detection must not wait behind a recogniser's final pass. */
import type { Transcript } from '@kaiwa/engine'
import type { PocketsphinxFiles } from '../stt/pocketsphinx-files.ts'
import type { SherpaPack } from '../stt/sherpa-packs.ts'

export type EarsRole
  = | { role: 'vad', adapter: 'silero', modelFile: string }
    | { role: 'vad', adapter: 'webrtc' }
    | { role: 'vad', adapter: 'energy' }
    | { role: 'stt', adapter: 'pocketsphinx', files: PocketsphinxFiles }
    | { role: 'stt', adapter: 'sherpa', pack: SherpaPack }

/** One listener's past, in the worker. */
export interface VadStream { process(frame: Float32Array): number, /** For what no garbage collector sees. */ close?(): void }

/** `listener`: number of a `Vad`, given by the main thread. A listener the worker doesn't know begins with an empty past. */
export type VadOperations = {
  process: { request: { listener: number, frame: Float32Array }, answer: number }
  forget: { request: { listener: number }, answer: null }
}

/** One utterance at a time. */
export type SttOperations = {
  start: { request: null, answer: null }
  /** Up to 1 s at 16 kHz; answers with the words so far. */
  decode: { request: Float32Array, answer: string }
  finish: { request: null, answer: Transcript }
  cancel: { request: null, answer: null }
}
