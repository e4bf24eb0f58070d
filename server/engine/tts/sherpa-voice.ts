/** The worker's side of a sherpa-onnx voice. Loaded only when a voice pack is there. */
import type { SherpaVoiceOperations } from '../workers/voice-operations.ts'
import type { Handlers } from '../workers/worker-side.ts'
import { clipDefaults, finishClip } from './clip.ts'
import { speakerFor } from './speakers.ts'
import { voiceConfig, type VoicePack } from './voice-packs.ts'

type Sherpa = typeof import('sherpa-onnx-node')

export async function loadSherpaVoice(pack: VoicePack): Promise<Handlers<SherpaVoiceOperations>> {
  const module = await import('sherpa-onnx-node') as Sherpa & { default?: Sherpa }
  const sherpa = module.default ?? module
  let voice: InstanceType<Sherpa['OfflineTts']>
  try {
    voice = new sherpa.OfflineTts(voiceConfig(pack))
  } catch (error) {
    throw new Error(`sherpa-onnx refused the ${pack.kind} voice ${pack.name} (${error instanceof Error ? error.message : String(error)})`, { cause: error })
  }
  const { numSpeakers, sampleRate } = voice
  // finishClip copies: the library's own buffer need not outlive the call.
  const speak = (text: string, sid: number, speed: number) => voice.generate({ text, sid, speed, enableExternalBuffer: false }).samples
  // The first run allocates: better now than while the first caller waits.
  speak('Ready.', 0, 1)
  return {
    describe: () => ({ sampleRate }),
    speak: ({ text, voice: name, speed }) => finishClip(speak(text, speakerFor(name, numSpeakers), speed), { sampleRate, ...clipDefaults }),
  }
}
