import { StageError, type Transcript } from '@kaiwa/engine'
import { beforeEach, expect, test } from 'vitest'
import { createDecoderPool, type Decoder, type DecoderPool } from '../../../../../server/engine/stt/decoder-pool.ts'
import { createUtterance, MAX_UNHEARD_SAMPLES } from '../../../../../server/engine/stt/utterance.ts'
import { createManualClock, settled, type ManualClock } from '../../../../fakes/manual-clock.ts'

let clock: ManualClock
let pool: DecoderPool
/** What the one decoder was told, in order. */
let log: string[]
/** Samples of the segments, finished or not. */
let segments: number[]
let fail: boolean

function countingDecoder(): Decoder {
  return {
    async start() { log.push('start'); segments.push(0) },
    async decode(samples) {
      if (fail) throw new StageError('stt', 'It broke.')
      segments[segments.length - 1]! += samples.length
      return `${segments.at(-1)! / 1_000}k`
    },
    async finish(): Promise<Transcript> {
      log.push('finish')
      return { text: `${segments.at(-1)! / 1_000}k`, confidence: 0.5 }
    },
    async cancel() { log.push('cancel') },
    async close() {},
  }
}

beforeEach(() => {
  clock = createManualClock()
  log = []
  segments = []
  fail = false
  pool = createDecoderPool({ first: countingDecoder(), open: countingDecoder, clock, maxDecoders: 1 })
})

const open = () => createUtterance({ pool, clock })
const tone = (count: number, size = 0.1) => Float32Array.from({ length: count }, (_, i) => size * Math.sin(i))

test('every sample reaches the decoder once, and partial words come while it is written', async () => {
  const utterance = open()
  const partials: string[] = []
  utterance.onPartial(text => partials.push(text))
  utterance.write(tone(3_000))
  await settled()
  utterance.write(tone(40_000))
  expect(await utterance.finish()).toEqual({ text: '43k', confidence: 0.5 })
  expect(partials).toEqual(['3k', '19k', '35k', '43k'])
})

test('nothing written means no decoder is taken', async () => {
  expect(await open().finish()).toEqual({ text: '' })
  expect(log).toEqual([])
})

test('what is written while the decoder is with somebody else is kept and caught up with', async () => {
  const lease = await pool.lease(new AbortController().signal)
  const utterance = open()
  for (let i = 0; i < 50; i++) utterance.write(tone(1_600))
  const result = utterance.finish()
  await settled()
  expect(log).toEqual([])
  lease!.release()
  expect((await result).text).toBe('80k')
})

test('up to 60 s are kept while waiting; beyond that the newest is left out', async () => {
  const lease = await pool.lease(new AbortController().signal)
  const utterance = open()
  for (let i = 0; i < 70; i++) utterance.write(tone(16_000))
  lease!.release()
  await utterance.finish()
  expect(segments.reduce((sum, samples) => sum + samples, 0)).toBe(MAX_UNHEARD_SAMPLES)
})

test('a long turn is cut at a quiet place after 20 s, in any case after 30 s, and its words are joined', async () => {
  const utterance = open()
  for (let second = 0; second < 58; second++) {
    utterance.write(tone(16_000, second === 22 ? 0.001 : 0.1))
    await settled()
  }
  expect((await utterance.finish()).text).toBe('368k 480k 80k')
})

test('a cancelled turn frees the decoder for the next', async () => {
  const first = open()
  first.write(tone(1_600))
  await settled()
  first.cancel()
  first.write(tone(1_600))
  const second = open()
  second.write(tone(1_600))
  expect((await second.finish()).text).toBe('1.6k')
  expect(log).toEqual(['start', 'cancel', 'start', 'finish'])
})

test('a turn cancelled while it waits leaves the queue', async () => {
  const lease = await pool.lease(new AbortController().signal)
  const waiting = open()
  waiting.write(tone(1_600))
  await settled()
  waiting.cancel()
  lease!.release()
  await settled()
  expect(pool.contended).toBe(false)
  expect(log).toEqual([])
})

test('who falls silent in the middle of a turn lends the decoder to others, and goes on later', async () => {
  const slow = open()
  slow.write(tone(1_600))
  await settled()
  const other = open()
  other.write(tone(3_200))
  const words = other.finish()
  await clock.advance(2_000)
  expect((await words).text).toBe('3.2k')
  slow.write(tone(8_000))
  expect((await slow.finish()).text).toBe('1.6k 8k')
})

test('a decoder that breaks fails this turn only', async () => {
  fail = true
  const broken = open()
  broken.write(tone(1_600))
  await settled()
  await expect(broken.finish()).rejects.toThrow('It broke.')
  fail = false
  const next = open()
  next.write(tone(1_600))
  expect((await next.finish()).text).toBe('1.6k')
})
