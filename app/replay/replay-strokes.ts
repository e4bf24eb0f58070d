import type { Score } from './replay-score.ts'

/** One stroke of the replay: a stretch of one voice. `level` as measured, 0 to 1; undefined: no sound was kept, only when somebody spoke is known. */
export interface ReplayStroke { atMs: number, level: number | undefined }

/** Measured levels of one voice of one call, one each `stepMs` from the beginning of its file. */
export interface VoiceLevels { callId: string, voice: 'user' | 'assistant', /** Ms of the call at which the first begins. */ fromMs: number, stepMs: number, levels: readonly number[] }

/** Strokes stand this far apart at least, as on the stage. */
export const strokeGapPx = 6

/**
 * The strokes of one voice in a window: one to each `gapMs`, where a turn of that voice sounded. Where levels are known the loudest of its stretch.
 */
export function strokesOf(score: Score, voice: 'user' | 'assistant', levels: readonly VoiceLevels[], { fromMs, toMs, gapMs }: { fromMs: number, toMs: number, gapMs: number }): ReplayStroke[] {
  const strokes: ReplayStroke[] = []
  const shiftOf = new Map(score.calls.map(({ call, shiftMs }) => [call.id, shiftMs]))
  for (const entry of score.entries) {
    if (entry.kind !== 'turn' || entry.turn.segment.speaker !== voice || entry.toMs <= entry.fromMs) continue
    if (entry.toMs < fromMs || entry.fromMs > toMs) continue
    const measured = levels.find(one => one.voice === voice && one.callId === entry.item.call_id)
    const shiftMs = shiftOf.get(entry.item.call_id) ?? 0
    // On a grid of the axis, so that strokes stay where they are while the window moves.
    for (let at = Math.ceil(Math.max(entry.fromMs, fromMs - gapMs) / gapMs) * gapMs; at <= Math.min(entry.toMs, toMs + gapMs); at += gapMs) {
      strokes.push({ atMs: at, level: measured && loudest(measured, at - gapMs / 2 - shiftMs, at + gapMs / 2 - shiftMs) })
    }
  }
  return strokes
}

/** Undefined: not measured (yet). */
function loudest({ fromMs, stepMs, levels }: VoiceLevels, startMs: number, endMs: number): number | undefined {
  const first = Math.max(0, Math.floor((startMs - fromMs) / stepMs))
  const last = Math.max(first, Math.ceil((endMs - fromMs) / stepMs) - 1)
  if (first >= levels.length) return undefined
  let most = 0
  for (let at = first; at <= last && at < levels.length; at++) most = Math.max(most, levels[at]!)
  return most
}
