import { createSampleQueue } from './sample-queue.ts'
import { createStartDelay, mayStart, startDelayDefaults, type StartDelayOptions } from './start-delay.ts'

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
  start(): void
  /** Nothing is left although more must come: playout stops until `ready`. */
  underrun(): void
  /** All that was to come has been played. */
  rest(nowMs: number): void
  /** All of the segment has come: what follows is another answer. */
  settle(): void
  readInto(output: Float32Array, count: number): void
  clear(): void
}

type Phase = { name: 'waiting', sinceMs: number | undefined } | { name: 'sounding' }

/**
 * Bounded queue of samples between a network that is uneven and a device that is not.
 * Start: after a delay that it learns. Underrun: stop, learn by how much it was late, wait again. Full: refuse the newest.
 * @param options `maxMs`: depth of the queue. @default MAX_BACKLOG_MS
 */
export function createJitterBuffer(options: { sampleRate: number, maxMs?: number, delay?: StartDelayOptions }): JitterBuffer {
  const { sampleRate, maxMs = MAX_BACKLOG_MS, delay = startDelayDefaults } = options
  const queue = createSampleQueue(Math.floor(maxMs * sampleRate / 1000))
  const depthMs = () => queue.length * 1000 / sampleRate
  const startDelay = createStartDelay(delay)
  let phase: Phase = { name: 'waiting', sinceMs: undefined }
  /** Since waiting began. */
  let pieces = 0

  return {
    get depthSamples() { return queue.length },
    get delayMs() { return startDelay.delayMs },
    push(samples, nowMs) {
      if (samples.length > 0) startDelay.arrived(samples.length * 1000 / sampleRate, nowMs)
      if (samples.length > 0 && phase.name === 'waiting') {
        phase.sinceMs ??= nowMs
        pieces++
      }
      return queue.push(samples)
    },
    ready(nowMs, ended) {
      if (phase.name !== 'waiting') return false
      if (phase.sinceMs === undefined) return ended
      return mayStart(startDelay.delayMs, { waitedMs: nowMs - phase.sinceMs, bufferedMs: depthMs(), pieces, ended }, delay)
    },
    start() {
      pieces = 0
      phase = { name: 'sounding' }
    },
    underrun() {
      phase = { name: 'waiting', sinceMs: undefined }
    },
    rest(nowMs) {
      phase = { name: 'waiting', sinceMs: queue.length > 0 ? nowMs : undefined }
    },
    settle: startDelay.settle,
    readInto: queue.readInto,
    clear() {
      queue.clear()
      pieces = 0
      phase = { name: 'waiting', sinceMs: undefined }
      startDelay.settle()
    },
  }
}
