import type { CalculatorOperations } from './calculation.ts'
import { createWorkerHost, type WorkerHost } from './workers/worker-host.ts'

export interface CalculatorOptions {
  /** @default the worker's source beside this file, which plain Node runs */
  workerUrl?: URL | string
  /** Without a sum for so long, the worker ends and gives its 100 MB back. @default 60000 */
  idleMs?: number
}

export interface Calculator {
  /**
   * Works out one expression (`12*7`, `10 mile to km`); resolves with the number as text, followed by the unit if it has one.
   * @throws StageError when it is no arithmetic, or the worker is broken, behind, or slower than 2 s (10 s on its first sum).
   */
  evaluate(expression: string): Promise<string>
  /** Idempotent. */
  close(): Promise<void>
}

const START_TIMEOUT_MS = 10_000
const EVALUATE_TIMEOUT_MS = 2_000
/** A sum takes well under a millisecond; this many waiting means a hanging worker. */
const MAX_OPEN_SUMS = 100

/** mathjs in a worker that starts with the first sum: loading it takes a second in which no call's audio may wait. */
export function createCalculator({ workerUrl, idleMs = 60_000 }: CalculatorOptions = {}): Calculator {
  const url = workerUrl ?? new URL('./workers/calculator.worker.ts', import.meta.url)
  let host: WorkerHost<CalculatorOperations> | undefined
  let idleTimer: NodeJS.Timeout | undefined
  let closed = false

  const release = async () => {
    clearTimeout(idleTimer)
    const last = host
    host = undefined
    await last?.close()
  }
  const hostForSum = () => {
    clearTimeout(idleTimer)
    idleTimer = setTimeout(() => { void release() }, idleMs)
    idleTimer.unref()
    return host ??= createWorkerHost<CalculatorOperations>({
      stage: 'responder', url, data: undefined, maxOpenRequests: MAX_OPEN_SUMS, timeoutMs: EVALUATE_TIMEOUT_MS, startTimeoutMs: START_TIMEOUT_MS,
    })
  }

  return {
    async evaluate(expression) {
      if (closed) throw new Error('The calculator is closed.')
      const current = hostForSum()
      const readiness = await current.ready
      // A worker that can't start is given up here, so that the next sum tries with a new one.
      if (!readiness.able && host === current) await release()
      return current.call('evaluate', expression)
    },
    async close() {
      closed = true
      await release()
    },
  }
}
