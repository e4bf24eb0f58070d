import type { Timeline } from '../../voice/call.ts'

/** A closed wait: from the end of the user's speech to the first sound heard. */
export interface Wait { fromMs: number, ms: number }

/** Waits kept for the drawer; full: the oldest go. */
const mostWaits = 200

/** Adds the closed waits of a stretch of the timeline to those known; the timeline itself forgets after two minutes. */
export function gatherWaits(known: readonly Wait[], waits: Timeline['waits']): readonly Wait[] {
  const seen = new Set(known.map(wait => wait.fromMs))
  const fresh = waits.flatMap(({ fromMs, toMs }) => toMs === undefined || seen.has(fromMs) ? [] : [{ fromMs, ms: Math.round(toMs - fromMs) }])
  return fresh.length === 0 ? known : [...known, ...fresh].sort((a, b) => a.fromMs - b.fromMs).slice(-mostWaits)
}

export function waitFigures(waits: readonly Wait[]): { median: number, slowest: number, fastest: number } | undefined {
  if (waits.length === 0) return undefined
  const sorted = waits.map(wait => wait.ms).sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return { median: Math.round((sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2), slowest: sorted.at(-1)!, fastest: sorted[0]! }
}
