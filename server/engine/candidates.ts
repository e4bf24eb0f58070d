/** Ways to have a stage, and the workers behind them. */
import type { Clock } from '@kaiwa/engine'
import type { Operations } from './workers/channel.ts'
import { createWorkerHost, type WorkerHost, type WorkerHostOptions } from './workers/worker-host.ts'

/** One way to have a stage: tried in order of preference. */
export interface Candidate<T> { adapter: string, open(): Promise<Opened<T>> | Opened<T> }
export type Opened<T>
  = | { able: true, part: T, by: string, sentence: string }
  /** `absent`: simply not there, which is only worth saying when nothing else is. */
    | { able: false, why: string, absent?: boolean }

/** What to close in the end, in any order. */
export type Closers = (() => Promise<void>)[]

export type Started<O extends Operations> = { able: true, host: WorkerHost<O> } | { able: false, why: string }

export async function hostFor<O extends Operations>(settings: WorkerHostOptions, closers: Closers): Promise<Started<O>> {
  const host = createWorkerHost<O>({ ...settings, url: addressOf(settings.url) })
  const readiness = await host.ready
  if (!readiness.able) {
    await host.close()
    return readiness
  }
  closers.push(() => host.close())
  return { able: true, host }
}

export function addressOf(url: URL | string): URL | string {
  return typeof url === 'string' && url.startsWith('file:') ? new URL(url) : url
}

export const systemClock: Pick<Clock, 'setTimer'> = {
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
