import type { RelayClock } from '../relay/relay.ts'

/** Monotonic; its timers keep no process alive. */
export const serverClock: RelayClock = {
  nowMs: () => performance.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
