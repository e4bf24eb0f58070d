import { FRAME_SAMPLES, SAMPLES_PER_SECOND } from './frames.ts'

/** The engine stays ten seconds ahead; beyond this the newest is dropped. */
const MAX_QUEUED_SAMPLES = 20 * SAMPLES_PER_SECOND

/** What the engine said and what wasn't sent yet, cut into frames of 20 ms. */
export interface VoiceQueue {
  /** `generation`: how often the engine has cleared. Of an older one nothing is wanted any more. */
  push(samples: Int16Array, generation: number): void
  clear(generation: number): void
  /** Fills the frame, what is missing with silence; how many samples of voice it got. */
  next(frame: Int16Array): number
  readonly generation: number
  /** Of this generation, given out so far. */
  readonly takenSamples: number
  readonly queuedSamples: number
}

export function createVoiceQueue(): VoiceQueue {
  let pieces: Int16Array[] = []
  /** Of the first piece, used up. */
  let used = 0
  let queued = 0
  let generation = 0
  let taken = 0

  return {
    get generation() { return generation },
    get takenSamples() { return taken },
    get queuedSamples() { return queued },
    push(samples, of) {
      if (of !== generation || queued + samples.length > MAX_QUEUED_SAMPLES) return
      pieces.push(samples)
      queued += samples.length
    },
    clear(next) {
      pieces = []
      used = queued = taken = 0
      generation = next
    },
    next(frame) {
      let filled = 0
      while (filled < FRAME_SAMPLES && pieces.length > 0) {
        const piece = pieces[0]!
        const count = Math.min(FRAME_SAMPLES - filled, piece.length - used)
        frame.set(piece.subarray(used, used + count), filled)
        filled += count
        used += count
        if (used === piece.length) {
          pieces.shift()
          used = 0
        }
      }
      frame.fill(0, filled)
      queued -= filled
      taken += filled
      return filled
    },
  }
}
