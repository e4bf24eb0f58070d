import { StageError } from '@kaiwa/engine'
import { afterEach, expect, test } from 'vitest'
import { createWorkerHost, type WorkerHost, type WorkerHostOptions } from '../../../../../server/engine/workers/worker-host.ts'

type Tried = {
  echo: { request: unknown, answer: unknown }
  refuse: { request: null, answer: null }
  crash: { request: null, answer: null }
  hang: { request: null, answer: null }
}

const hosts: WorkerHost<Tried>[] = []
afterEach(async () => { await Promise.all(hosts.splice(0).map(host => host.close())) })

function hostOf(data: unknown = null, options: Partial<WorkerHostOptions> = {}) {
  const host = createWorkerHost<Tried>({ stage: 'stt', url: new URL('./tried.worker.ts', import.meta.url), data, maxOpenRequests: 4, ...options })
  hosts.push(host)
  return host
}

test('requests are answered in order, samples and all', async () => {
  const host = hostOf()
  expect(await host.ready).toEqual({ able: true })
  const answers = await Promise.all([1, 2, 3].map(value => host.call('echo', Float32Array.of(value))))
  expect(answers).toEqual([1, 2, 3].map(value => Float32Array.of(value)))
})

test('a refusal concerns its request alone, and carries the worker\'s sentence', async () => {
  const host = hostOf()
  await expect(host.call('refuse', null)).rejects.toThrow('Not this one.')
  expect(await host.call('echo', 5)).toBe(5)
})

test('a crash fails the open requests as the stage\'s fault, and a new worker answers within a second', async () => {
  const host = hostOf()
  await host.ready
  const open = [host.call('crash', null), host.call('echo', 1)]
  const outcomes = await Promise.allSettled(open)
  for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'StageError', stage: 'stt' } })
  const crashedAt = performance.now()
  await expect.poll(() => host.call('echo', 2).catch(() => undefined), { timeout: 5_000, interval: 20 }).toBe(2)
  expect(performance.now() - crashedAt).toBeLessThan(2_000)
})

test('a worker that gives no answer is replaced', async () => {
  const host = hostOf(null, { timeoutMs: 200 })
  await host.ready
  await expect(host.call('hang', null)).rejects.toThrow(/no answer for 200 ms/)
  await expect.poll(() => host.call('echo', 3).catch(() => undefined), { timeout: 5_000, interval: 20 }).toBe(3)
})

test('more open requests than the bound are refused at once', async () => {
  const host = hostOf()
  await host.ready
  const open = Array.from({ length: 4 }, (_, i) => host.call('echo', i))
  await expect(host.call('echo', 4)).rejects.toBeInstanceOf(StageError)
  expect(await Promise.all(open)).toEqual([0, 1, 2, 3])
})

test('a worker that can\'t load says why, and isn\'t tried again', async () => {
  const host = hostOf({ unable: 'The model is broken' })
  expect(await host.ready).toEqual({ able: false, why: 'The model is broken.' })
  await expect(host.call('echo', 1)).rejects.toThrow('The model is broken.')
})

test('a worker that never gets ready is given up', async () => {
  const host = hostOf({ stall: true }, { startTimeoutMs: 300 })
  expect(await host.ready).toMatchObject({ able: false, why: expect.stringContaining('300 ms') })
})

test('closing fails open requests, and later ones', async () => {
  const host = hostOf()
  await host.ready
  const open = expect(host.call('hang', null)).rejects.toThrow('closed')
  await host.close()
  await open
  await expect(host.call('echo', 1)).rejects.toThrow('closed')
  await host.close()
})
