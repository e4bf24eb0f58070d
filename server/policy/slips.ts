/** More in ten seconds than a slip explains: whoever sends that doesn't speak the protocol. */
const MAX_SLIPS = 20
const SLIP_WINDOW_MS = 10_000

export interface Slips {
  /** Notes one. Whether that is one too many. */
  add(nowMs: number): boolean
}

/** Messages that no client of the Realtime API sends, in a sliding window. Holds at most `MAX_SLIPS` + 1 times. */
export function createSlips(): Slips {
  let atMs: number[] = []
  return {
    add(nowMs) {
      atMs = [...atMs.filter(then => nowMs - then < SLIP_WINDOW_MS), nowMs].slice(-MAX_SLIPS - 1)
      return atMs.length > MAX_SLIPS
    },
  }
}
