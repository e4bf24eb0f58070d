import type { Clock } from '@kaiwa/engine'

/** Real time, for tests that talk. */
export const realClock: Clock = {
  nowMs: Date.now,
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}

/** Ids in the wire's form, counted: the same in every run. */
export function createCountedIds(): (prefix: string) => string {
  let count = 0
  return prefix => `${prefix}_${String(++count).padStart(21, '0')}`
}
