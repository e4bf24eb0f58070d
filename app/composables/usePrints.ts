import { turnPrint } from '../components/thread/turn-print.ts'
import type { PrintStroke } from '../components/thread/turn-print.ts'
import type { Turn, VoiceSession } from '../voice/call.ts'

/** Prints kept once the timeline has forgotten their strokes. Full: the oldest go, and their turns show a plain line. */
const mostPrints = 500

/** The small print of each turn, from measured strokes while there are any, remembered afterwards. */
export function usePrints(session: Pick<VoiceSession, 'timeline'>): (turn: Turn) => readonly PrintStroke[] {
  const known = new Map<string, readonly PrintStroke[]>()

  return function printOf(turn) {
    const { segment: { id, speaker }, startedAtMs, durationMs, earlier } = turn
    if (!durationMs || import.meta.server) return []
    // Its times are those of a call that is gone: this call's strokes are not its own.
    if (earlier) return known.get(id) ?? []
    const timeline = session.timeline(startedAtMs, startedAtMs + durationMs)
    const print = turnPrint(turn, speaker === 'user' ? timeline.user : timeline.assistant)
    const before = known.get(id)
    // A window that has lost some of its strokes would shorten the print.
    if (before && print.length < before.length) return before
    known.set(id, print)
    if (known.size > mostPrints) known.delete(known.keys().next().value!)
    return print
  }
}
