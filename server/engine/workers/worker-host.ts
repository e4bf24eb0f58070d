/**
 * One worker and what hangs on it: requests with ids and time limits, a bound on open requests, a new worker when one dies.
 * Not a pool, and not for sharing out work: who owns the host decides what it is asked.
 */
import { Worker } from 'node:worker_threads'
import { StageError, type StageName } from '@kaiwa/engine'
import type { FromWorker, Operations, Request } from './channel.ts'

/** Why a request got no answer. `gone`: the worker died or is being started again. */
export type Unanswered = 'refused' | 'unable' | 'behind' | 'gone' | 'timeout' | 'closed'

export interface WorkerHostOptions {
  /** Names the thread, and stands in sentences. */
  stage: StageName | 'store'
  /** What requests without answer reject with. @default a StageError */
  fault?(message: string, why: Unanswered): Error
  url: URL | string
  /** Becomes `workerData`. */
  data: unknown
  /** Requests sent and not yet answered. Full ⇒ the next is refused: a worker this far behind would answer too late. */
  maxOpenRequests: number
  /** A request without answer for so long means a worker that hangs: it is ended and replaced. @default 10000 */
  timeoutMs?: number
  /** For loading its model. @default 20000 */
  startTimeoutMs?: number
}

export type Readiness = { able: true } | { able: false, why: string }

export interface WorkerHost<O extends Operations> {
  /** Settles when the first worker has loaded, or can't. Never rejects. */
  readonly ready: Promise<Readiness>
  /** @throws StageError when the worker refuses, dies, hangs, is behind, or the host is closed. */
  call<K extends keyof O & string>(operation: K, request: O[K]['request']): Promise<O[K]['answer']>
  /** Ends the worker; open requests fail. Idempotent. */
  close(): Promise<void>
}

/** Before the second start and on; the first replacement comes at once. A worker that keeps dying must not eat a core. */
const RESTART_DELAYS_MS = [0, 200, 800, 5_000, 30_000] as const

interface OpenRequest { resolve: (answer: unknown) => void, reject: (error: Error) => void, timer: NodeJS.Timeout }

export function createWorkerHost<O extends Operations>(options: WorkerHostOptions): WorkerHost<O> {
  const { timeoutMs = 10_000, startTimeoutMs = 20_000 } = options
  const open = new Map<number, OpenRequest>()
  let worker: Worker | undefined
  let unable: string | undefined
  let closed = false
  let lastId = 0
  let deathsInRow = 0
  let restartTimer: NodeJS.Timeout | undefined
  let startTimer: NodeJS.Timeout | undefined
  let settleReady: (readiness: Readiness) => void = () => {}
  const ready = new Promise<Readiness>(resolve => { settleReady = resolve })
  const fault = (message: string, why: Unanswered) => options.fault?.(message, why) ?? new StageError(options.stage as StageName, message)

  const failAll = (error: Error) => {
    for (const { reject, timer } of open.values()) { clearTimeout(timer); reject(error) }
    open.clear()
  }
  const replace = (why: string, kind: Unanswered = 'gone') => {
    const old = worker
    worker = undefined
    clearTimeout(startTimer)
    void old?.terminate()
    failAll(fault(why, kind))
    if (closed || unable !== undefined) return
    const delayMs = RESTART_DELAYS_MS[Math.min(deathsInRow++, RESTART_DELAYS_MS.length - 1)]!
    restartTimer = setTimeout(start, delayMs)
    restartTimer.unref()
  }
  const giveUp = (why: string) => {
    unable = why
    settleReady({ able: false, why })
    replace(why, 'unable')
  }
  const hear = (message: FromWorker) => {
    switch (message.kind) {
      case 'ready':
        clearTimeout(startTimer)
        return settleReady({ able: true })
      case 'unable': return giveUp(message.why)
      case 'answer':
        deathsInRow = 0
        return settle(message.id, request => request.resolve(message.answer))
      case 'refused': return settle(message.id, request => request.reject(fault(message.why, 'refused')))
      default: throw new TypeError(`unknown message ${JSON.stringify(message satisfies never)}`)
    }
  }
  const settle = (id: number, how: (request: OpenRequest) => void) => {
    const request = open.get(id)
    if (!request) return
    open.delete(id)
    clearTimeout(request.timer)
    how(request)
  }
  const start = () => {
    const started = new Worker(options.url, { workerData: options.data, name: `kaiwa-${options.stage}` })
    worker = started
    // A worker must never keep a process alive that has nothing else to do.
    started.unref()
    const mine = (then: () => void) => { if (worker === started) then() }
    started.on('message', (message: FromWorker) => mine(() => hear(message)))
    started.on('error', error => mine(() => replace(`The ${options.stage} worker failed (${error.message}) and was started again.`)))
    started.on('exit', code => mine(() => replace(`The ${options.stage} worker ended (code ${code}) and was started again.`)))
    startTimer = setTimeout(() => mine(() => giveUp(`The ${options.stage} worker was not ready after ${startTimeoutMs} ms.`)), startTimeoutMs)
    startTimer.unref()
  }
  start()

  return {
    ready,
    call(operation, request) {
      if (closed) return Promise.reject(fault('The engine is closed.', 'closed'))
      if (unable !== undefined) return Promise.reject(fault(unable, 'unable'))
      if (!worker) return Promise.reject(fault(`The ${options.stage} worker is being started again; try in a few seconds.`, 'gone'))
      if (open.size >= options.maxOpenRequests) return Promise.reject(fault(`The ${options.stage} worker is ${open.size} requests behind; try again, or with fewer callers.`, 'behind'))
      const id = ++lastId
      const target = worker
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => replace(`The ${options.stage} worker gave no answer for ${timeoutMs} ms and was started again.`, 'timeout'), timeoutMs)
        timer.unref()
        open.set(id, { resolve, reject, timer })
        target.postMessage({ id, operation, request } satisfies Request)
      })
    },
    async close() {
      if (closed) return
      closed = true
      clearTimeout(restartTimer)
      clearTimeout(startTimer)
      failAll(fault('The engine is closed.', 'closed'))
      settleReady({ able: false, why: 'The engine is closed.' })
      const last = worker
      worker = undefined
      await last?.terminate()
    },
  }
}
