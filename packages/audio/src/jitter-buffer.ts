import { createSampleQueue } from './sample-queue.ts'
import { learnDelay, mayStart, startDelayDefaults, type StartDelayOptions } from './start-delay.ts'

/** 10 minutes: an answer may come much faster than it is spoken. 29 MB when full, at 24 kHz. */
export const MAX_BACKLOG_MS = 600_000

export interface JitterBuffer {
  /** Samples that may be read. */
  readonly depthSamples: number
  /** The start delay as learnt so far, ms. */
  readonly delayMs: number
  /** @returns how many samples were taken: fewer when full (the newest is refused) */
  push(samples: Int16Array, nowMs: number): number
  /** Whether playout may start, or start again after an underrun. @param ended no more samples will come */
  ready(nowMs: number, ended: boolean): boolean
  /** Playout starts now. */
  start(nowMs: number): void
  /** Nothing is left although more must come: playout stops until `ready`. */
  underrun(nowMs: number): void
  /** All that was to come has been played. */
  rest(nowMs: number): void
  /** All of the segment has come: learn from it. */
  settle(): void
  readInto(output: Float32Array, count: number): void
  clear(): void
}

type Phase
  = | { name: 'waiting', sinceMs: number | undefined, starvedSinceMs: number | undefined }
    | { name: 'sounding' }

/**
 * Bounded queue of samples between a network that is uneven and a device that is not.
 * Start: after a delay that it learns. Underrun: stop, learn by how much it was late, wait again. Full: refuse the newest.
 * @param options `maxMs`: depth of the queue. @default MAX_BACKLOG_MS
 */
export function createJitterBuffer(options: { sampleRate: number, maxMs?: number, delay?: StartDelayOptions }): JitterBuffer {
  const { sampleRate, maxMs = MAX_BACKLOG_MS, delay = startDelayDefaults } = options
  const queue = createSampleQueue(Math.floor(maxMs * sampleRate / 1000))
  const depthMs = () => queue.length * 1000 / sampleRate
  let phase: Phase = { name: 'waiting', sinceMs: undefined, starvedSinceMs: undefined }
  let delayMs: number = delay.initialMs
  /** How much later than at its first sample's arrival the stretch sounds: the start delay and every gap since. */
  let putOffMs = 0
  let leastLeadMs = Infinity

  function notice(nowMs: number): void {
    if (phase.name === 'sounding') {
      leastLeadMs = Math.min(leastLeadMs, depthMs())
      return
    }
    if (phase.sinceMs !== undefined) return
    putOffMs = phase.starvedSinceMs === undefined ? 0 : putOffMs + nowMs - phase.starvedSinceMs
    if (phase.starvedSinceMs !== undefined) delayMs = learnDelay(delayMs, putOffMs, delay)
    phase = { name: 'waiting', sinceMs: nowMs, starvedSinceMs: undefined }
  }

  return {
    get depthSamples() { return queue.length },
    get delayMs() { return delayMs },
    push(samples, nowMs) {
      if (samples.length > 0) notice(nowMs)
      return queue.push(samples)
    },
    ready(nowMs, ended) {
      if (phase.name !== 'waiting') return false
      if (phase.sinceMs === undefined) return ended
      return mayStart(delayMs, { waitedMs: nowMs - phase.sinceMs, bufferedMs: depthMs(), ended }, delay)
    },
    start(nowMs) {
      if (phase.name === 'waiting' && phase.sinceMs !== undefined) putOffMs += nowMs - phase.sinceMs
      leastLeadMs = Infinity
      phase = { name: 'sounding' }
    },
    underrun(nowMs) {
      phase = { name: 'waiting', sinceMs: undefined, starvedSinceMs: nowMs }
    },
    rest(nowMs) {
      putOffMs = 0
      leastLeadMs = Infinity
      phase = { name: 'waiting', sinceMs: queue.length > 0 ? nowMs : undefined, starvedSinceMs: undefined }
    },
    settle() {
      // A segment that came in one piece says nothing about the line.
      if (leastLeadMs !== Infinity) delayMs = learnDelay(delayMs, putOffMs - leastLeadMs, delay)
      leastLeadMs = Infinity
    },
    readInto: queue.readInto,
    clear() {
      queue.clear()
      phase = { name: 'waiting', sinceMs: undefined, starvedSinceMs: undefined }
      leastLeadMs = Infinity
    },
  }
}
