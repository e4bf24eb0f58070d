import type { AudioFlow } from '../relay/audio-flow.ts'
import { bytesPerMs, type VoiceFormat } from './voice-format.ts'

/** When, by the call's clock, the talker said what: the relay's flow of audio, counted from the call's beginning. */
export interface InputClock {
  /** Once. */
  follow(flow: AudioFlow): void
  /** From here on audio is in this format. */
  speaks(format: VoiceFormat): void
  /** Below 0: it was said while the line was being made. Undefined: no audio was seen. */
  at(audioMs: number): number | undefined
  /** All audio so far. */
  readonly audioMs: number
  /** Grows after each pause. */
  readonly stretches: number
}

export function createInputClock(beganAtMs: number): InputClock {
  let flow: AudioFlow | undefined
  return {
    follow(next) { flow = next },
    speaks(format) { flow?.speaks(bytesPerMs(format)) },
    at(audioMs) {
      const saidAtMs = flow?.at(audioMs)
      return saidAtMs === undefined ? undefined : saidAtMs - beganAtMs
    },
    get audioMs() { return flow?.audioMs ?? 0 },
    get stretches() { return flow?.stretches ?? 0 },
  }
}
