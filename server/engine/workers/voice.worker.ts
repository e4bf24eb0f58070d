import { readFileSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { clipDefaults, finishClip } from '../tts/clip.ts'
import { FLITE_SAMPLE_RATE, openFlite } from '../tts/flite.ts'
import { loadSherpaVoice } from '../tts/sherpa-voice.ts'
import { fliteVoiceFor } from '../tts/voices.ts'
import type { SherpaVoiceOperations, VoiceOperations, VoiceRole } from './voice-operations.ts'
import { serveWorker, type Handlers } from './worker-side.ts'

const role = workerData as VoiceRole
if (role.adapter === 'sherpa') await serveWorker<SherpaVoiceOperations>(() => loadSherpaVoice(role.pack))
else await serveWorker<VoiceOperations>(() => loadFlite(role.wasmFile))

async function loadFlite(wasmFile: string): Promise<Handlers<VoiceOperations>> {
  const flite = await openFlite(readFileSync(wasmFile))
  // Each voice once: the code it needs is compiled before the first caller waits for it.
  for (const name of ['slt', 'rms', 'kal16']) flite.speak('Ready to talk.', fliteVoiceFor(name), 1)
  return { speak: ({ text, voice, speed }) => finishClip(flite.speak(text, voice, speed), { sampleRate: FLITE_SAMPLE_RATE, ...clipDefaults }) }
}
