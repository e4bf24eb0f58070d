import type { Clock } from '@kaiwa/engine'

/** Time that passes only when a test says so. */
export interface ManualClock extends Clock {
  /** Timers that are set and haven't fired. */
  readonly pendingTimers: number
  /** Lets so much time pass: timers fire in order, and what they start is carried out before the next one. */
  advance(ms: number): Promise<void>
}

/** Waits until all work that needs no timer is done. */
export const settled = () => new Promise<void>(resolve => setImmediate(resolve))

export function createManualClock(startMs = 1_700_000_000_000): ManualClock {
  let nowMs = startMs
  let timers: { atMs: number, callback: () => void }[] = []
  return {
    nowMs: () => nowMs,
    setTimer(callback, delayMs) {
      const timer = { atMs: nowMs + Math.max(0, delayMs), callback }
      timers.push(timer)
      return () => { timers = timers.filter(other => other !== timer) }
    },
    get pendingTimers() { return timers.length },
    async advance(ms) {
      const endMs = nowMs + ms
      await settled()
      for (let due = nextDue(timers, endMs); due; due = nextDue(timers, endMs)) {
        const fired = due
        timers = timers.filter(other => other !== fired)
        nowMs = Math.max(nowMs, fired.atMs)
        fired.callback()
        await settled()
      }
      nowMs = endMs
    },
  }
}

function nextDue<T extends { atMs: number }>(timers: readonly T[], endMs: number): T | undefined {
  return timers.filter(timer => timer.atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs)[0]
}
