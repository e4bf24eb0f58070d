import { StageError } from '@kaiwa/engine'
import type { CalculatorOperations } from './calculation.ts'
import { createWorkerHost, type Readiness, type WorkerHost } from './workers/worker-host.ts'

export interface CalculatorOptions {
  /** @default the worker's source beside this file, which plain Node runs */
  workerUrl?: URL | string
  /** Without a sum for so long, the worker ends and gives its 100 MB back. @default 60000 */
  idleMs?: number
  /** @default 10000 */
  startTimeoutMs?: number
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

const EVALUATE_TIMEOUT_MS = 2_000
/** A sum takes well under a millisecond; this many waiting means a hanging worker. */
const MAX_OPEN_SUMS = 100

/** mathjs in a worker that starts with the first sum: loading it takes a second in which no call's audio may wait. */
export function createCalculator({ workerUrl, idleMs = 60_000, startTimeoutMs = 10_000 }: CalculatorOptions = {}): Calculator {
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
  const openHost = () => createWorkerHost<CalculatorOperations>({
    stage: 'responder', url, data: undefined, maxOpenRequests: MAX_OPEN_SUMS, timeoutMs: EVALUATE_TIMEOUT_MS, startTimeoutMs,
  })
  const waitIdle = () => {
    clearTimeout(idleTimer)
    idleTimer = setTimeout(() => { void release() }, idleMs)
    idleTimer.unref()
  }

  return {
    async evaluate(expression) {
      if (closed) throw new StageError('responder', 'The calculator is closed.')
      clearTimeout(idleTimer)
      const current = host ??= openHost()
      try {
        const readiness = await within(startTimeoutMs, current.ready)
        if (readiness.able) return await current.call('evaluate', expression)
        // A worker that can't start is given up here, so that the next sum tries with a new one.
        if (host === current) await release()
        throw new StageError('responder', readiness.why)
      } finally {
        waitIdle()
      }
    },
    async close() {
      closed = true
      await release()
    },
  }
}

/** The host tries a dying worker again and again; a sum doesn't wait for that. */
function within(ms: number, ready: Promise<Readiness>): Promise<Readiness> {
  return new Promise(resolve => {
    const timer = setTimeout(() => { resolve({ able: false, why: `The calculator was not ready after ${ms} ms.` }) }, ms)
    timer.unref()
    void ready.then(readiness => { clearTimeout(timer); resolve(readiness) })
  })
}
