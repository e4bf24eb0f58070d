import { FRAME_MS } from './frames.ts'

/** Further behind, time is left out instead of caught up with: a burst would only fill the other side's jitter buffer. */
const MAX_BEHIND_FRAMES = 5

/** Counts frames of 20 ms against a clock, without drift: which are due now. */
export interface FrameClock {
  /** Indices of the frames that are due; mostly one. */
  due(nowMs: number): { from: number, to: number }
  /** How long until the next one. */
  waitMs(nowMs: number): number
}

export function createFrameClock(startMs: number): FrameClock {
  let next = 0
  return {
    due(nowMs) {
      const reached = Math.floor((nowMs - startMs) / FRAME_MS) + 1
      const from = Math.max(next, reached - MAX_BEHIND_FRAMES)
      next = Math.max(next, reached)
      return { from, to: next }
    },
    waitMs: nowMs => Math.max(0, startMs + next * FRAME_MS - nowMs),
  }
}
