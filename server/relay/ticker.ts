/** What a ticker runs on: `RelayClock`, without its name. */
interface TickerClock { setTimer(callback: () => void, delayMs: number): () => void }

/**
 * One timer for all that is looked at now and then (lines that fall silent, sides that read too slowly, limits of calls), instead
 * of two for each session. Time told in ticks stands still while the process is blocked: whoever waits for a sign of life doesn't
 * take its own absence for the other's.
 */
export interface Ticker {
  /** So many so far. */
  readonly count: number
  readonly periodMs: number
  /** Runs at every tick until the way out, which is returned, is taken. Must not throw. */
  each(task: () => void): () => void
}

/** Four looks a second: a delay is at most so much longer than its name says. */
export const TICK_MS = 250

/** Ticks only while somebody is there to be told; a tick that comes late is followed by a whole period, never by those that were missed. */
export function createTicker(clock: TickerClock, periodMs = TICK_MS): Ticker {
  const tasks = new Set<() => void>()
  let count = 0
  let stop: (() => void) | undefined

  function tick() {
    count++
    stop = clock.setTimer(tick, periodMs)
    for (const task of tasks) task()
    rest()
  }

  function rest() {
    if (tasks.size > 0) return
    stop?.()
    stop = undefined
  }

  return {
    get count() { return count },
    periodMs,
    each(task) {
      tasks.add(task)
      stop ??= clock.setTimer(tick, periodMs)
      return () => {
        tasks.delete(task)
        rest()
      }
    },
  }
}

/** So many ticks are no longer than this, and at least one. */
export const ticksWithin = (ms: number, { periodMs }: Pick<Ticker, 'periodMs'>) => Math.max(1, Math.floor(ms / periodMs))
