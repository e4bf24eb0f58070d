import { Abandoned } from './deadline.ts'
import type { Clock } from './engine.ts'

/** Audio sent ahead of its playing: enough for any jitter, and a cancelled reply isn't all produced. */
export const MAX_LEAD_MS = 10_000

export interface Pace {
  /** Resolves when the next piece may go. @throws {Abandoned} when the signal fires. */
  room(): Promise<void>
  /** So much audio went out. */
  sent(audioMs: number): void
  /** When all that was sent has been played, by a client that plays it as it comes. */
  readonly playedAtMs: number
}

/** The shortest wait for a track to send: one that stands still isn't asked all the time. */
const MIN_WAIT_MS = 20

/** Keeps a reply's audio at most `maxLeadMs` ahead of a track that knows how much waits in it. */
export function paceOf(leadMs: () => number, { clock, signal, maxLeadMs = MAX_LEAD_MS }: { clock: Clock, signal: AbortSignal, maxLeadMs?: number }): Pace {
  return {
    get playedAtMs() { return clock.nowMs() + leadMs() },
    sent: () => undefined,
    async room() {
      for (let overMs = leadMs() - maxLeadMs; overMs > 0; overMs = leadMs() - maxLeadMs) await sleep(clock, Math.max(MIN_WAIT_MS, overMs), signal)
    },
  }
}

/** Keeps a reply's audio at most `maxLeadMs` ahead of real time, counted from its first piece. */
export function createPace({ clock, signal, maxLeadMs = MAX_LEAD_MS }: { clock: Clock, signal: AbortSignal, maxLeadMs?: number }): Pace {
  let startedAtMs: number | undefined
  let sentMs = 0
  return {
    get playedAtMs() { return startedAtMs === undefined ? clock.nowMs() : startedAtMs + sentMs },
    sent(audioMs) {
      startedAtMs ??= clock.nowMs()
      sentMs += audioMs
    },
    async room() {
      const waitMs = startedAtMs === undefined ? 0 : sentMs - maxLeadMs - (clock.nowMs() - startedAtMs)
      if (waitMs > 0) await sleep(clock, waitMs, signal)
    },
  }
}

function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const wake = () => {
      signal.removeEventListener('abort', leave)
      resolve()
    }
    const stopTimer = clock.setTimer(wake, delayMs)
    const leave = () => {
      stopTimer()
      reject(new Abandoned())
    }
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  })
}
