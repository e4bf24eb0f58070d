import type { Stroke } from '../../voice/call.ts'
import type { Score, ScoreTurn } from '../../replay/replay-score.ts'
import type { VoiceLevels } from '../../replay/replay-strokes.ts'
import { turnPrint } from '../thread/turn-print.ts'
import type { PrintStroke } from '../thread/turn-print.ts'

const none: readonly PrintStroke[] = []

/** The small print of each turn from what was measured of its voice; made once for each, when it is asked for. */
export function replayPrint({ calls }: Pick<Score, 'calls'>, levels: readonly VoiceLevels[]): (entry: ScoreTurn) => readonly PrintStroke[] {
  const shiftOf = new Map(calls.map(({ call, shiftMs }) => [call.id, shiftMs]))
  const made = new Map<string, readonly PrintStroke[]>()

  return entry => {
    const { item, turn, fromMs, toMs } = entry
    const measured = levels.find(one => one.callId === item.call_id && one.voice === turn.segment.speaker)
    if (!measured || toMs <= fromMs) return none
    const known = made.get(item.id)
    if (known) return known
    const startMs = (shiftOf.get(item.call_id) ?? 0) + measured.fromMs
    const first = Math.max(0, Math.floor((fromMs - startMs) / measured.stepMs))
    const strokes = measured.levels.slice(first, Math.ceil((toMs - startMs) / measured.stepMs))
      .map((level, index): Stroke => ({ atMs: startMs + (first + index) * measured.stepMs, level, state: 'heard' }))
    const print = turnPrint(turn, strokes)
    made.set(item.id, print)
    return print
  }
}
