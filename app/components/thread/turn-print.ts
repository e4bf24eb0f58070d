import type { Stroke, Turn } from '../../voice/call.ts'

/** One stroke of a turn's small print. */
export interface PrintStroke { level: number, heard: boolean }

/** Strokes to a second of speech, and the most there are: 90 px. */
const perSecond = 2.2
const mostStrokes = 26

/** How many strokes a turn's print has: its length is its duration. */
export function printLength(durationMs: number): number {
  return Math.min(mostStrokes, Math.max(2, Math.round((durationMs / 1000) * perSecond)))
}

/** The measured strokes of a turn, gathered to the length of its print. Empty when none of them are left. */
export function turnPrint(turn: Pick<Turn, 'startedAtMs' | 'durationMs'>, strokes: readonly Stroke[]): PrintStroke[] {
  const { startedAtMs, durationMs } = turn
  if (!durationMs) return []
  const own = strokes.filter(stroke => stroke.atMs >= startedAtMs && stroke.atMs <= startedAtMs + durationMs)
  if (own.length === 0) return []
  const count = Math.min(printLength(durationMs), own.length)
  return Array.from({ length: count }, (_, index) => {
    const bin = own.slice(Math.floor((index * own.length) / count), Math.max(1, Math.floor(((index + 1) * own.length) / count)))
    return { level: Math.max(...bin.map(stroke => stroke.level)), heard: bin[0]!.state === 'heard' }
  })
}
