import { readFileSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { clipDefaults, finishClip } from '../tts/clip.ts'
import { FLITE_SAMPLE_RATE, openFlite } from '../tts/flite.ts'
import { fliteVoiceFor } from '../tts/voices.ts'
import type { VoiceOperations, VoiceRole } from './voice-operations.ts'
import { serveWorker } from './worker-side.ts'

await serveWorker<VoiceOperations>(async () => {
  const flite = await openFlite(readFileSync((workerData as VoiceRole).wasmFile))
  // Each voice once: the code it needs is compiled before the first caller waits for it.
  for (const name of ['slt', 'rms', 'kal16']) flite.speak('Ready to talk.', fliteVoiceFor(name), 1)
  return { speak: ({ text, voice, speed }) => finishClip(flite.speak(text, voice, speed), { sampleRate: FLITE_SAMPLE_RATE, ...clipDefaults }) }
})
