/** Addresses of the engine's workers in the built server. Only the server's bundle may import this file: plain Node can't read `?node-worker`. */
import earsUrl from './workers/ears.worker.ts?node-worker'
import voiceUrl from './workers/voice.worker.ts?node-worker'
import type { WorkerUrls } from './stages.ts'

export const workerUrls: WorkerUrls = { ears: earsUrl, voice: voiceUrl }
