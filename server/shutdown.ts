import type { Server } from 'node:http'
import { trapped } from './global-trap.ts'
import type { Instance } from './realtime/instance.ts'

export interface ShutdownOptions {
  instance: Instance
  /** Servers that listen, as far as known. */
  servers: ReadonlySet<Server>
  /** What else has to end (Nitro's `close` hook). */
  closeRest(): Promise<unknown>
  exit(code: number): void
}

/** What comes after the calls' own time, within KAIWA_DRAIN_SECONDS: what the last answers cost, close handshakes, files. */
const GOODBYE_MS = 1500
const REST_MS = 3000
const TAIL_SECONDS = 5

/** Calls may go on for so long: all but the tail, and most of it where there is little. */
export const callSeconds = (drainSeconds: number) => Math.max(drainSeconds - TAIL_SECONDS, drainSeconds * 0.75)

/**
 * SIGTERM lets live calls come to a pause within KAIWA_DRAIN_SECONDS; SIGINT (Ctrl-C) ends them at once. Both tell the page first
 * and close with 1001. A second signal doesn't wait.
 */
export function createShutdown({ instance, servers, closeRest, exit }: ShutdownOptions) {
  const { log, calls, door, brains, metering, personas, settings } = instance
  let stopping = false

  return async function stop(signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
    if (stopping) return exit(signal === 'SIGINT' ? 130 : 143)
    stopping = true
    instance.beginDraining()
    personas.close()
    log.info({ signal, calls: calls.live }, 'stopping')
    await calls.drain(signal === 'SIGINT' ? 0 : callSeconds(settings.drainSeconds))
    await door.close(GOODBYE_MS)
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
    await Promise.race([
      Promise.allSettled([closeRest(), brains.close(), metering.flush()]),
      new Promise(resolve => setTimeout(resolve, REST_MS)),
    ])
    log.info({ trapped: trapped.count }, 'stopped')
    exit(0)
  }
}
