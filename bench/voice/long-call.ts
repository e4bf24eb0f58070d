import { runLongCall, type Motion } from '../../test/e2e/long-call.ts'
import type { Stage } from '../../test/e2e/marked-runs.ts'
import type { Figure } from './figure.ts'

const TURNS = 2000
/** What a turn may keep: its text, its place, what was heard of it. Its elements come and go. */
const MAX_KB_PER_TURN = 6

const words = ({ p95Ms, worstMs, longTasks }: Motion) => `frames of ${p95Ms.toFixed(0)} ms at p95, ${worstMs.toFixed(0)} at worst, ${longTasks} long tasks`
const smooth = (what: string, motion: Motion): Figure => ({ what: `long call: ${what}`, measured: words(motion), goal: 'p95 ≤ 50 ms', met: motion.p95Ms <= 50 })

/** An hour's turns in half a minute: what the page keeps, and whether it still moves. */
export async function longCallFigures(stage: Stage): Promise<Figure[]> {
  const { heapsMb, kbPerTurn, nodes, streaming, scrolling, scrollingUnfolded, typingP95Ms } = await runLongCall(stage, TURNS)
  return [
    { what: `long call: memory, ${TURNS} turns`, measured: `${heapsMb.map(mb => mb.toFixed(1)).join(' → ')} MB, ${kbPerTurn.toFixed(1)} kB a turn`, goal: `flat: ≤ ${MAX_KB_PER_TURN} kB a turn`, met: kbPerTurn <= MAX_KB_PER_TURN },
    { what: 'long call: elements', measured: `${nodes.folded}; with every turn unfolded ${nodes.unfolded}`, goal: 'none', met: undefined },
    smooth('words come in', streaming), smooth('scrolling', scrolling), smooth('scrolling, every turn unfolded', scrollingUnfolded),
    { what: 'long call: typing', measured: `${typingP95Ms.toFixed(0)} ms from key to frame at p95`, goal: '≤ 50 ms', met: typingP95Ms <= 50 },
  ]
}
