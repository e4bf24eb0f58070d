/** Ms since the call began, on one axis for microphone, player and page. */

export interface CallClockEnv {
  /** Monotonic ms, e.g. `performance.now()`. */
  pageMs: () => number
  /** The audio clock while it runs, and which one it is: a call may get another. Undefined while there is none. */
  audioClock: () => { of: object, seconds: number } | undefined
}

export interface CallClock {
  /** 0 before the first call; stands still after one. */
  nowMs(): number
  /** A call begins: 0. */
  start(): void
  stop(): void
}

/**
 * The audio clock when it runs, because what is drawn and cut is audio; the page's clock otherwise (before the context runs, and
 * while the system has taken it away). A change of clock is no jump: the new one goes on from where the old one was.
 */
export function createCallClock({ pageMs, audioClock }: CallClockEnv): CallClock {
  let running = false
  let source: object | 'page' = 'page'
  let zeroMs = 0
  let last = { callMs: 0, pageMs: 0 }

  function nowMs() {
    if (!running) return last.callMs
    const audio = audioClock()
    const page = pageMs()
    const now = audio ? { source: audio.of, ms: audio.seconds * 1000 } : { source: 'page' as const, ms: page }
    if (now.source !== source) {
      source = now.source
      zeroMs = now.ms - (last.callMs + page - last.pageMs)
    }
    // Never backwards, whatever a clock does.
    const callMs = Math.max(last.callMs, now.ms - zeroMs)
    last = { callMs, pageMs: page }
    return callMs
  }

  return {
    nowMs,
    start() {
      running = true
      source = 'page'
      zeroMs = pageMs()
      last = { callMs: 0, pageMs: zeroMs }
    },
    stop() {
      nowMs()
      running = false
    },
  }
}
