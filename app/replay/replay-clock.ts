/** Where a replay stands, by a clock of our own: with or without sound it runs the same. Pure; `nowMs` is monotonic. */
export interface ReplayClock {
  playing: boolean
  /** The position at `sinceMs`; from there it runs at `rate` while it plays. */
  positionMs: number
  sinceMs: number
  rate: number
  durationMs: number
}

export const rates = [0.75, 1, 1.25, 1.5, 2] as const
export type Rate = typeof rates[number]

export const stopped = (durationMs: number): ReplayClock => ({ playing: false, positionMs: 0, sinceMs: 0, rate: 1, durationMs })

export function positionAt({ playing, positionMs, sinceMs, rate, durationMs }: ReplayClock, nowMs: number): number {
  return Math.min(durationMs, Math.max(0, playing ? positionMs + (nowMs - sinceMs) * rate : positionMs))
}

const moored = (clock: ReplayClock, nowMs: number): ReplayClock => ({ ...clock, positionMs: positionAt(clock, nowMs), sinceMs: nowMs })

export const isOver = (clock: ReplayClock, nowMs: number): boolean => positionAt(clock, nowMs) >= clock.durationMs

/** From its end it plays from the beginning. */
export function play(clock: ReplayClock, nowMs: number): ReplayClock {
  const here = moored(clock, nowMs)
  return { ...here, playing: true, positionMs: here.positionMs >= clock.durationMs ? 0 : here.positionMs }
}

export const pause = (clock: ReplayClock, nowMs: number): ReplayClock => ({ ...moored(clock, nowMs), playing: false })

export const seek = (clock: ReplayClock, toMs: number, nowMs: number): ReplayClock =>
  ({ ...clock, positionMs: Math.min(clock.durationMs, Math.max(0, toMs)), sinceMs: nowMs })

export const withRate = (clock: ReplayClock, rate: Rate, nowMs: number): ReplayClock => ({ ...moored(clock, nowMs), rate })

/** The next slower or faster one; at the ends the same. */
export function stepRate(rate: number, by: -1 | 1): Rate {
  const at = rates.findIndex(one => one >= rate)
  return rates[Math.min(rates.length - 1, Math.max(0, (at < 0 ? rates.length - 1 : at) + by))]!
}
