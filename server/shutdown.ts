import type { Server } from 'node:http'
import { trapped } from './global-trap.ts'
import type { Instance } from './realtime/instance.ts'
import type { RelayClock } from './relay/relay.ts'

export interface ShutdownOptions {
  instance: Instance
  /** Servers that listen, as far as known. */
  servers: ReadonlySet<Server>
  /** What else has to end (Nitro's `close` hook). */
  closeRest(): Promise<unknown>
  exit(code: number): void
  clock?: RelayClock
}

/** What comes after the calls' own time: what the last answers cost, close handshakes, files. */
const TAIL_MS = 5000
/** For the store itself, once what was said is there. */
const CLOSING_MS = 250
/** Even where no time is given, a close frame and a line in a file need a moment. */
const MIN_MS = 1000

/** By when each part of stopping has to be over, in milliseconds from its beginning; what hangs longer is left behind. */
export interface StopPlan {
  callsMs: number
  /** Then nobody waits any more for what an answer cost. */
  settledMs: number
  drainedMs: number
  goodbyesMs: number
  allMs: number
}

/** Within KAIWA_DRAIN_SECONDS: calls have all but the tail, and most of it where there is little. */
export function planStop(drainSeconds: number, signal: 'SIGTERM' | 'SIGINT'): StopPlan {
  const allMs = Math.max(MIN_MS, drainSeconds * 1000)
  const callsMs = signal === 'SIGINT' ? 0 : Math.max(drainSeconds * 1000 - TAIL_MS, drainSeconds * 750)
  const tailMs = Math.min(TAIL_MS, allMs - callsMs)
  return { callsMs, settledMs: callsMs + tailMs * 0.4, drainedMs: callsMs + tailMs * 0.6, goodbyesMs: callsMs + tailMs * 0.75, allMs: callsMs + tailMs }
}

/** Keeps the process alive, unlike the server's own. */
const ownClock: RelayClock = {
  nowMs: () => performance.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}

/**
 * SIGTERM lets live calls come to a pause within KAIWA_DRAIN_SECONDS; SIGINT (Ctrl-C) ends them at once. Both tell the page first
 * and close with 1001. A second signal doesn't wait.
 */
export function createShutdown({ instance, servers, closeRest, exit, clock = ownClock }: ShutdownOptions) {
  const { log, calls, door, brains, metering, personas, settings } = instance
  let stopping = false

  return async function stop(signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
    if (stopping) return exit(signal === 'SIGINT' ? 130 : 143)
    stopping = true
    instance.beginDraining()
    personas.close()
    log.info({ signal, calls: calls.live }, 'stopping')
    const plan = planStop(settings.drainSeconds, signal)
    const startedAtMs = clock.nowMs()
    const leftMs = (atMs: number) => Math.max(0, startedAtMs + atMs - clock.nowMs())
    const within = (atMs: number, work: Promise<unknown>) => Promise.race([work, new Promise<void>(resolve => { clock.setTimer(resolve, leftMs(atMs)) })])
    await within(plan.drainedMs, calls.drain(plan.callsMs / 1000, (plan.settledMs - plan.callsMs) / 1000))
    await within(plan.goodbyesMs, door.close(leftMs(plan.goodbyesMs)))
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
    await within(plan.allMs, Promise.allSettled([
      closeRest(), brains.close(), metering.flush(), instance.endKeeping(Math.max(0, leftMs(plan.allMs) - CLOSING_MS)),
    ]))
    log.info({ trapped: trapped.count }, 'stopped')
    exit(0)
  }
}
