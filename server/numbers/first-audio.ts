import type { ServerEventFacts } from '../relay/gate.ts'

/** Of the events that the relay doesn't parse only audio is as long. */
const AUDIO_BYTES = 1024

/** Measures, in one call, how long the model took from the end of a turn to the first audio of its answer. */
export interface FirstAudio {
  event(event: ServerEventFacts, nowMs: number): void
  /** A message passed on. Returns the wait in milliseconds when it was the first audio of a turn, else undefined. */
  passed(type: string | undefined, bytes: number, nowMs: () => number): number | undefined
}

/**
 * A turn ends when the model says that speech stopped, or, where it doesn't, when audio is committed or a response begins.
 * Speech that begins again, or a response that ends without audio, makes the wait void.
 */
export function createFirstAudio(): FirstAudio {
  let turnEndedAtMs: number | undefined
  let answering = false

  return {
    event({ type }, nowMs) {
      switch (type) {
        case 'input_audio_buffer.speech_stopped':
          turnEndedAtMs = nowMs
          break
        case 'input_audio_buffer.committed':
          turnEndedAtMs ??= nowMs
          break
        case 'response.created':
          answering = turnEndedAtMs !== undefined
          break
        case 'input_audio_buffer.speech_started':
        case 'response.done':
          turnEndedAtMs = undefined
          answering = false
          break
        default:
      }
    },
    passed(type, bytes, nowMs) {
      if (!answering || turnEndedAtMs === undefined) return undefined
      if (type === undefined ? bytes < AUDIO_BYTES : type !== 'response.output_audio.delta') return undefined
      const waitedMs = nowMs() - turnEndedAtMs
      turnEndedAtMs = undefined
      answering = false
      return waitedMs
    },
  }
}
