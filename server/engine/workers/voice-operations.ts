import type { VoicePack } from '../tts/voice-packs.ts'
import type { FliteVoice } from '../tts/voices.ts'

export type VoiceRole = { adapter: 'flite', wasmFile: string } | { adapter: 'sherpa', pack: VoicePack }

export type VoiceOperations = {
  /** One clause of printable ASCII; answers with its finished clip at 16 kHz. `speed` 0.25 to 1.5. */
  speak: { request: { text: string, voice: FliteVoice, speed: number }, answer: Float32Array }
}

export type SherpaVoiceOperations = {
  describe: { request: null, answer: { sampleRate: number } }
  /** One clause; answers with its finished clip. `voice` as in the session. `speed` 0.25 to 1.5. */
  speak: { request: { text: string, voice: string, speed: number }, answer: Float32Array }
}
