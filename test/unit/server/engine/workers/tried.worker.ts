import { workerData } from 'node:worker_threads'
import { serveWorker } from '../../../../../server/engine/workers/worker-side.ts'

const data = workerData as { unable?: string, stall?: boolean } | null

await serveWorker<Record<string, { request: unknown, answer: unknown }>>(async () => {
  if (data?.unable) throw new Error(data.unable)
  if (data?.stall) await new Promise(resolve => setTimeout(resolve, 60_000))
  return {
    echo: request => request,
    refuse() { throw new Error('Not this one') },
    crash() { setImmediate(() => { throw new Error('crashed on purpose') }); return new Promise(() => {}) },
    hang() { for (;;); },
  }
})
