import { createManualClock, settled } from './manual-clock.ts'

/** A page's clock, timers and frames, moved by the test. */
export interface PageTime {
  nowMs(): number
  readonly pendingTimers: number
  setTimer(callback: () => void, delayMs: number): () => void
  onNextFrame(callback: () => void): void
  /** Lets time pass, then draws a frame. */
  advance(ms: number): Promise<void>
  /** No time passes: promises go on, then a frame is drawn. */
  settle(): Promise<void>
}

export function createPageTime(): PageTime {
  const clock = createManualClock(1000)
  let frames: (() => void)[] = []
  async function draw() {
    await settled()
    const due = frames
    frames = []
    for (const frame of due) frame()
  }
  return {
    nowMs: clock.nowMs,
    get pendingTimers() { return clock.pendingTimers },
    setTimer: clock.setTimer,
    onNextFrame(callback) { frames.push(callback) },
    async advance(ms) {
      await clock.advance(ms)
      await draw()
    },
    settle: draw,
  }
}
