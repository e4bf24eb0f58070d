/** What of the axis can be seen, and where a moment of it stands. Lengths are CSS pixels. */
export interface ReplayWindow {
  fromMs: number
  toMs: number
  /** The whole conversation is in it. */
  whole: boolean
  x(atMs: number): number
  msAt(x: number): number
}

/** Below this a voice's strokes would no longer tell its words: at most so much time on one screen. */
const leastPxPerSecond = 5

/** The page of the axis on which `positionMs` stands; long conversations are turned like pages, not rolled, so that what one reads stays. */
export function replayWindow({ width, left, durationMs, positionMs }: { width: number, left: number, durationMs: number, positionMs: number }): ReplayWindow {
  const room = Math.max(1, width - left)
  const lengthMs = Math.min(durationMs, (room / leastPxPerSecond) * 1000)
  const whole = lengthMs >= durationMs
  // Pages overlap by a tenth: what was just heard is still there.
  const stepMs = lengthMs * 0.9
  const fromMs = whole ? 0 : Math.min(Math.floor(positionMs / stepMs) * stepMs, durationMs - lengthMs)
  const pxPerMs = room / lengthMs
  return {
    fromMs, toMs: fromMs + lengthMs, whole,
    x: atMs => left + (atMs - fromMs) * pxPerMs,
    msAt: x => Math.min(durationMs, Math.max(0, fromMs + (x - left) / pxPerMs)),
  }
}

const steps = [5, 10, 15, 20, 30, 60, 120, 300, 600, 1200, 3600]

/** Moments of a window to write on the axis, ms, `roomPx` apart at least. */
export function ticksOf({ fromMs, toMs, x }: ReplayWindow, roomPx: number): number[] {
  const pxPerSecond = (x(toMs) - x(fromMs)) / ((toMs - fromMs) / 1000)
  const step = (steps.find(seconds => seconds * pxPerSecond >= roomPx) ?? 7200) * 1000
  const ticks: number[] = []
  for (let at = Math.ceil(fromMs / step) * step; at <= toMs; at += step) ticks.push(at)
  return ticks
}
