/**
 * What was heard of a voice that the browser plays by itself: only the element's clock tells, and how long samples are on their way to the ear.
 * Pure; rather too little than too much.
 */
export interface HeardClock {
  /** Where the element's clock stood when the other side began to send. */
  fromMs: number
  /** The most that was on its way at once. */
  lagMs: number
  heardMs: number
  /** All that was sent; undefined while more comes. */
  sentMs: number | undefined
}

export const beginClock = (positionMs: number, lagMs: number): HeardClock => ({ fromMs: positionMs, lagMs: Math.max(0, lagMs), heardMs: 0, sentMs: undefined })

/** @param positionMs the element's clock; it stands still while nothing is played */
export function advanceClock(clock: HeardClock, positionMs: number, lagNowMs: number): HeardClock {
  const lagMs = Math.max(clock.lagMs, lagNowMs)
  const playedMs = Math.min(positionMs - clock.fromMs - lagMs, clock.sentMs ?? Infinity)
  // What was heard stays heard, however much is on its way now.
  return { ...clock, lagMs, heardMs: Math.max(clock.heardMs, playedMs) }
}

/** The other side has sent the last of it. */
export const endClock = (clock: HeardClock, positionMs: number): HeardClock =>
  ({ ...clock, sentMs: clock.sentMs ?? Math.max(clock.heardMs, positionMs - clock.fromMs) })

export const isHeardOut = ({ heardMs, sentMs }: HeardClock): boolean => sentMs !== undefined && heardMs >= sentMs
