import type { FliteVoice } from '../tts/voices.ts'

export interface VoiceRole { wasmFile: string }

export type VoiceOperations = {
  /** One clause of printable ASCII; answers with its finished clip at 16 kHz. `speed` 0.25 to 1.5. */
  speak: { request: { text: string, voice: FliteVoice, speed: number }, answer: Float32Array }
}
