import { createPlayout, floatToPcm16 } from '@kaiwa/audio'
import { tone } from '../../packages/audio/test/tone.ts'

/** Answers of 10 s over a line that is uneven, then calm, through the playout; in a time of its own. */

const CONTEXT_RATE = 48_000
const QUANTUM = 128
const PIECE_MS = 200
const ANSWER_MS = 10_000

export interface JitterResult {
  /** Times that samples ran out, answer by answer. */
  starved: number[]
  /** From the first samples' arrival until they sound, ms, answer by answer. */
  delaysMs: number[]
}

/** 0 to 1, the same in every run. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 | 0
    return (state >>> 8) / 2 ** 24
  }
}

/**
 * Pieces of 200 ms that leave as they are spoken, in order.
 * @param lateMs for each answer: how late they come at most, each by its own chance
 */
export function playJittered(lateMs: readonly number[], seed: number): JitterResult {
  const random = randomOf(seed)
  const delaysMs: number[] = []
  const starved = lateMs.map(() => 0)
  let playing = 0
  const playout = createPlayout({ contextRate: CONTEXT_RATE }, report => { if (report.type === 'underrun') starved[playing]!++ })
  const quantum = new Float32Array(QUANTUM)
  let nowMs = 0
  const turn = () => {
    nowMs += QUANTUM * 1000 / CONTEXT_RATE
    return playout.process(quantum)
  }
  for (const [answer, jitter] of lateMs.entries()) {
    playing = answer
    const begin = nowMs
    let last = 0
    const arrivals = Array.from({ length: ANSWER_MS / PIECE_MS }, (_, i) => last = Math.max(last, begin + i * PIECE_MS + random() * jitter))
    const samples = floatToPcm16(tone(440, 24_000, 24_000 * PIECE_MS / 1000))
    const segmentId = `answer ${answer}`
    let sounded: number | undefined
    for (let next = 0; next < arrivals.length || sounded === undefined || nowMs < arrivals.at(-1)! + 1500;) {
      for (; next < arrivals.length && arrivals[next]! <= nowMs; next++) playout.receive({ type: 'play', segmentId, samples })
      if (next === arrivals.length) playout.receive({ type: 'end', segmentId })
      turn()
      if (sounded === undefined && quantum.some(sample => sample !== 0)) sounded = nowMs
    }
    delaysMs.push(sounded! - arrivals[0]!)
  }
  return { starved, delaysMs }
}
