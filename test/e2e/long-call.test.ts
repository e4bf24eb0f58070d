import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runLongCall, type LongCall } from './long-call.ts'
import { openStage, type Stage } from './marked-runs.ts'

const TURNS = 2000
/** Three times the goal, for machines that others keep busy; `bench/voice.ts` holds the page to the goal itself. */
const FRAME_MS = 150

describe(`a call of ${TURNS} turns`, () => {
  let stage: Stage
  let call: LongCall

  beforeAll(async () => {
    stage = await openStage()
    call = await runLongCall(stage, TURNS)
  })
  afterAll(async () => { await stage?.close() })

  it('keeps of a turn hardly more than its words', () => {
    expect(call.kbPerTurn, `kB a turn; ${call.heapsMb.join(' → ')} MB`).toBeLessThan(6)
  })

  it('has as few elements as a short one until somebody unfolds it', () => {
    expect(call.nodes.folded).toBeLessThan(4000)
    expect(call.nodes.unfolded).toBeGreaterThan(TURNS)
  })

  it('still moves: while words come in, while it is scrolled, and with every turn unfolded', () => {
    expect(call.streaming.p95Ms).toBeLessThan(FRAME_MS)
    expect(call.scrolling.p95Ms).toBeLessThan(FRAME_MS)
    expect(call.scrollingUnfolded.p95Ms).toBeLessThan(FRAME_MS)
  })

  it('shows what is typed at once', () => {
    expect(call.typingP95Ms).toBeLessThan(3 * FRAME_MS)
  })
})
