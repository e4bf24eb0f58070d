/**
 * How long playout waits after the first samples, so that uneven arrival isn't heard. Learnt from the line: up at once when samples came
 * too late, down once they have come early for a while. Times are ms of the audio clock.
 */
export interface StartDelayOptions {
  /** Never less: one piece of audio is rarely shorter, and the next may be a little late. @default 40 */
  floorMs: number
  /** Never more: a longer wait is worse than a gap. @default 250 */
  ceilingMs: number
  /** Before anything is known. Costs little on a line that sends faster than real time, because of `enoughFactor`. @default 220 */
  initialMs: number
  /** Playout also starts once this many times the delay is buffered, unless in one short piece. @default 2.5 */
  enoughFactor: number
}

export const startDelayDefaults = { floorMs: 40, ceilingMs: 250, initialMs: 220, enoughFactor: 2.5 } as const satisfies StartDelayOptions

const LONG_PIECE_MS = 500

/** Whether playout may start. */
export function mayStart(
  delayMs: number,
  buffer: { waitedMs: number, bufferedMs: number, pieces: number, ended: boolean },
  options: StartDelayOptions = startDelayDefaults,
): boolean {
  // One piece doesn't tell that the line is faster than speech: the next may come just as it ends.
  // Nobody sends speech at its own pace in long ones.
  const isFast = (buffer.pieces > 1 || buffer.bufferedMs >= LONG_PIECE_MS) && buffer.bufferedMs >= delayMs * options.enoughFactor
  return buffer.ended || buffer.waitedMs >= delayMs || isFast
}

/** Kept on top of what was needed: the next answer is never quite the same. */
const MARGIN_MS = 20
/** Answers that a bad moment of the line is remembered for. */
const REMEMBERED = 8
/** Share of what was assumed before anything was known that is left after one more answer. */
const FADING = 0.5

/** What the line has shown of itself. */
export interface StartDelay {
  /** The delay for the next start, ms. */
  readonly delayMs: number
  /** So many ms of an answer came. Late ones count at once. */
  arrived(durationMs: number, nowMs: number): void
  /** The answer is whole (or cut): the next one begins anew. */
  settle(): void
}

/**
 * Lateness of a piece is its arrival less its place in the answer. What matters is its largest rise within an answer: playout that starts
 * with the earliest piece must survive the latest one. A rise counts at once and for eight answers, so that a line that is uneven by
 * chance isn't taken for calm after one lucky answer.
 */
export function createStartDelay(options: StartDelayOptions = startDelayDefaults): StartDelay {
  let assumedMs = options.initialMs
  let needs: number[] = []
  let pieces = 0
  let answerMs = 0
  let earliestMs = Infinity
  let riseMs = 0
  let delayMs = 0

  /** Not when it is asked for: that is in each quantum. */
  function decide(): void {
    const neededMs = pieces > 1 || needs.length > 0 ? Math.max(riseMs, ...needs) + MARGIN_MS : 0
    delayMs = Math.min(options.ceilingMs, Math.max(options.floorMs, assumedMs, neededMs))
  }

  decide()
  return {
    get delayMs() { return delayMs },
    arrived(durationMs, nowMs) {
      const latenessMs = nowMs - answerMs
      earliestMs = Math.min(earliestMs, latenessMs)
      riseMs = Math.max(riseMs, latenessMs - earliestMs)
      answerMs += durationMs
      pieces++
      decide()
    },
    settle() {
      // An answer that came in one piece says nothing about the line.
      if (pieces > 1) {
        needs = [...needs, riseMs].slice(-REMEMBERED)
        assumedMs *= FADING
      }
      pieces = 0
      answerMs = 0
      earliestMs = Infinity
      riseMs = 0
      decide()
    },
  }
}
