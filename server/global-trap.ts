import type { Log } from './log.ts'

/** Failures that no one caught. The process lives on; each is a bug, and tests assert that there is none. */
export const trapped = { count: 0 }

/** Counts and logs what reaches the process's last resort. */
export function watchGlobalTrap(log: Log) {
  for (const kind of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(kind, (error: unknown) => {
      trapped.count++
      log.error({ err: error, trapped: trapped.count }, `global trap: ${kind}`)
    })
  }
}
