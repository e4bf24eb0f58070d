/** Where a moment of the call stands on the canvas, and how high a level is drawn. Lengths are CSS pixels. */
export interface StageScale {
  width: number
  height: number
  /** The axis. */
  axisY: number
  nowX: number
  pixelsPerMs: number
  /** Width of a heard stroke. */
  strokeWidth: number
  /** Height of the loudest stroke. */
  amplitude: number
  /** Collapsed to a strip: no labels. */
  bar: boolean
  x(atMs: number): number
  /** 0 to 1: strokes fade in from the left edge, where the names stand. */
  fade(x: number): number
}

const narrowBelow = 600
const barBelow = 100

export function stageScale({ width, height, nowFraction, nowMs }: { width: number, height: number, nowFraction: number, nowMs: number }): StageScale {
  const narrow = width < narrowBelow
  const bar = height < barBelow
  const nowX = Math.round(width * nowFraction) + 0.5
  const pixelsPerMs = (narrow ? 36 : 50) / 1000
  const fadeFrom = bar || narrow ? 8 : 78
  const fadeOver = bar ? 60 : narrow ? 70 : 120
  return {
    width,
    height,
    bar,
    nowX,
    pixelsPerMs,
    axisY: Math.round(height / 2) + 0.5,
    strokeWidth: narrow ? 2.7 : 3.4,
    amplitude: Math.max(8, Math.min(height / 2 - (narrow && !bar ? 32 : 12), narrow ? 140 : 86)),
    x: atMs => nowX + (atMs - nowMs) * pixelsPerMs,
    fade: x => {
      const t = Math.min(1, Math.max(0, (x - fadeFrom) / fadeOver))
      return t * t * (3 - 2 * t)
    },
  }
}

/** The moments of the call that can be seen. */
export function visibleWindow(scale: StageScale, nowMs: number): { fromMs: number, toMs: number } {
  return { fromMs: nowMs - (scale.nowX + 6) / scale.pixelsPerMs, toMs: nowMs + (scale.width - scale.nowX + 6) / scale.pixelsPerMs }
}

const quietestDb = -54
const loudestDb = -6

/** Measured level (RMS, 0 to 1) → height (0 to 1), by loudness as an ear judges it: quiet words stay visible, noise stays low. */
export function strokeHeight(level: number): number {
  if (!(level > 0)) return 0
  const db = 20 * Math.log10(level)
  return Math.min(1, Math.max(0, (db - quietestDb) / (loudestDb - quietestDb))) ** 1.6
}
