/**
 * How long playout waits after the first samples, so that uneven arrival isn't heard. Learnt from the line: up at once when samples came
 * too late, down slowly while they come early. Pure; times are ms of the audio clock.
 */
export interface StartDelayOptions {
  /** Never less: one piece of audio is rarely shorter, and the next may be a little late. @default 40 */
  floorMs: number
  /** Never more: a longer wait is worse than a gap. @default 250 */
  ceilingMs: number
  /** Before anything is known. Costs little on a line that sends faster than real time, because of `enoughFactor`. @default 200 */
  initialMs: number
  /** Playout also starts once this many times the delay is buffered. @default 2.5 */
  enoughFactor: number
}

export const startDelayDefaults = { floorMs: 40, ceilingMs: 250, initialMs: 200, enoughFactor: 2.5 } as const satisfies StartDelayOptions

/** Kept on top of what was needed: the next segment is never quite the same. */
const MARGIN_MS = 20
/** Share of the way down that one calm segment takes. */
const CALMING = 0.5

/** Whether playout may start. */
export function mayStart(
  delayMs: number,
  buffer: { waitedMs: number, bufferedMs: number, ended: boolean },
  options: StartDelayOptions = startDelayDefaults,
): boolean {
  return buffer.ended || buffer.waitedMs >= delayMs || buffer.bufferedMs >= delayMs * options.enoughFactor
}

/**
 * The delay for the next start.
 * @param neededMs what would have been enough: how long playout had been put off (start and gaps), less the least that was still
 * buffered when samples arrived
 */
export function learnDelay(delayMs: number, neededMs: number, options: StartDelayOptions = startDelayDefaults): number {
  const aim = neededMs + MARGIN_MS
  const next = aim > delayMs ? aim : delayMs + (aim - delayMs) * CALMING
  return Math.min(options.ceilingMs, Math.max(options.floorMs, next))
}
