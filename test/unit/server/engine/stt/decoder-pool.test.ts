import { StageError } from '@kaiwa/engine'
import { beforeEach, expect, test } from 'vitest'
import { createDecoderPool, type Decoder, type DecoderPool } from '../../../../../server/engine/stt/decoder-pool.ts'
import { createManualClock, type ManualClock } from '../../../../fakes/manual-clock.ts'

let clock: ManualClock
let opened: number
let closed: number
let pool: DecoderPool

const decoder = (): Decoder => ({
  start: async () => {}, decode: async () => '', finish: async () => ({ text: '' }), cancel: async () => {},
  close: async () => { closed++ },
})

const forever = () => new AbortController().signal

beforeEach(() => {
  clock = createManualClock()
  opened = 0
  closed = 0
  pool = createDecoderPool({ first: decoder(), open: () => { opened++; return decoder() }, clock, maxWaiting: 3 })
})

test('a second talker gets the first\'s decoder when it is free, without another 150 MB', async () => {
  const first = await pool.lease(forever())
  const second = pool.lease(forever())
  expect(pool.contended).toBe(true)
  expect(pool.waiting).toBe(1)
  first!.release()
  expect(pool.waiting).toBe(0)
  expect((await second)!.decoder).toBe(first!.decoder)
  expect(opened).toBe(0)
})

test('who waits for a second gets a decoder of his own, and there are never more than two', async () => {
  await pool.lease(forever())
  const waiting = [pool.lease(forever()), pool.lease(forever())]
  await clock.advance(1_000)
  await expect(waiting[0]).resolves.toBeDefined()
  await clock.advance(60_000)
  expect(opened).toBe(1)
})

test('the second decoder goes after a minute of rest', async () => {
  await pool.lease(forever())
  const second = pool.lease(forever())
  await clock.advance(1_000)
  ;(await second)!.release()
  await clock.advance(59_000)
  expect(closed).toBe(0)
  await clock.advance(1_000)
  expect(closed).toBe(1)
})

test('who leaves the queue is passed over', async () => {
  const first = await pool.lease(forever())
  const leaver = new AbortController()
  const gone = pool.lease(leaver.signal)
  const next = pool.lease(forever())
  leaver.abort()
  first!.release()
  expect(await gone).toBeUndefined()
  expect(await next).toBeDefined()
})

test('a lease released twice frees one decoder once', async () => {
  const lease = await pool.lease(forever())
  lease!.release()
  lease!.release()
  await pool.lease(forever())
  const second = pool.lease(forever())
  expect(pool.contended).toBe(true)
  await clock.advance(1_000)
  await second
})

test('a full queue refuses with a sentence', async () => {
  await pool.lease(forever())
  for (let i = 0; i < 3; i++) void pool.lease(forever())
  await expect(pool.lease(forever())).rejects.toThrow(/Too many people/)
})

test('closing fails those who wait and ends every decoder', async () => {
  await pool.lease(forever())
  const waiting = pool.lease(forever())
  const failed = expect(waiting).rejects.toBeInstanceOf(StageError)
  await pool.close()
  await failed
  expect(closed).toBe(1)
  expect(clock.pendingTimers).toBe(0)
})
