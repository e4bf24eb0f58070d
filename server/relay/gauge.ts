import { feelPressure, flowing, type Pressure, type Watermarks } from './backpressure.ts'
import type { Link } from './link.ts'
import type { Ticker } from './ticker.ts'

export interface GaugeOptions {
  marks: Watermarks
  unread(): number
  /** Who writes what stands unread. */
  source(): Link | undefined
  giveUp(unreadBytes: number): void
  nowMs(): number
  ticker: Pick<Ticker, 'each'>
}

/** Watches one direction of a relay: pauses who writes while the other side doesn't read, and gives up when it stays so. */
export interface Gauge {
  /** To be called whenever bytes came or went. */
  feel(): void
  stop(): void
}

export function createGauge({ marks, unread, source, giveUp, nowMs, ticker }: GaugeOptions): Gauge {
  let pressure: Pressure = flowing
  let stopped = false
  let unwatch: (() => void) | undefined

  function feel() {
    if (stopped) return
    const unreadBytes = unread()
    // The common case, decided without a look at the clock.
    if (pressure.phase === 'flowing' && unreadBytes <= marks.highBytes) return
    const [next, effect] = feelPressure(pressure, unreadBytes, nowMs(), marks)
    pressure = next
    if (effect === 'pause') {
      source()?.pause()
      // Nothing may move any more: time alone has to be noticed.
      unwatch ??= ticker.each(feel)
    }
    if (effect === 'resume') {
      unwatch?.()
      unwatch = undefined
      source()?.resume()
    }
    if (effect === 'give_up') giveUp(unreadBytes)
  }

  return {
    feel,
    stop() {
      stopped = true
      unwatch?.()
    },
  }
}
