import type { Clock } from './engine.ts'

export interface IdleTimeoutOptions {
  clock: Clock
  /** How long to wait under the session's configuration; `null`: nobody asked. */
  idleMs: () => number | null
  /** Where the input audio buffer ends at this moment. */
  position: () => number
  /** Nobody spoke; `from`: where the buffer ended when the last response had been played. */
  onTimeout(from: number): void
}

/** Waits for a user who says nothing (`idle_timeout_ms`), from the moment when the last response has been played to its end. */
export interface IdleTimeout {
  /** A response is over; its audio will have been played at this time, when the client plays it as it comes. */
  responseEnded(playedAtMs: number): void
  /** The time allowed may have changed. */
  reconsider(): void
  /** Somebody speaks, or asked for a response. */
  stop(): void
}

type Wait
  = | { phase: 'off' }
    | { phase: 'playing', playedAtMs: number }
    | { phase: 'idle', sinceMs: number, from: number }

export function createIdleTimeout({ clock, idleMs, position, onTimeout }: IdleTimeoutOptions): IdleTimeout {
  let wait: Wait = { phase: 'off' }
  let stopTimer = () => {}

  function enter(next: Wait): void {
    stopTimer()
    stopTimer = () => {}
    wait = next
    if (next.phase === 'playing') stopTimer = clock.setTimer(played, next.playedAtMs - clock.nowMs())
    const allowedMs = idleMs()
    if (next.phase === 'idle' && allowedMs !== null) stopTimer = clock.setTimer(timeOut, Math.max(0, next.sinceMs + allowedMs - clock.nowMs()))
  }

  const played = () => enter({ phase: 'idle', sinceMs: clock.nowMs(), from: position() })

  function timeOut(): void {
    if (wait.phase !== 'idle') return
    const { from } = wait
    enter({ phase: 'off' })
    onTimeout(from)
  }

  return {
    responseEnded(playedAtMs) {
      if (playedAtMs > clock.nowMs()) enter({ phase: 'playing', playedAtMs })
      else played()
    },
    reconsider() { if (wait.phase === 'idle') enter(wait) },
    stop: () => enter({ phase: 'off' }),
  }
}
