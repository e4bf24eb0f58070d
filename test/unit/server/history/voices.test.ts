import { Readable } from 'node:stream'
import { encodeG711 } from '@kaiwa/audio/g711'
import { describe, expect, it } from 'vitest'
import { timelineOf } from '../../../../server/history/timeline.ts'
import { interleaved, rateOf, samplesOf, voiceTrack } from '../../../../server/history/voice-track.ts'
import { rangeIn } from '../../../../server/history/wave-stream.ts'
import { AudioError, type AudioRange } from '../../../../server/journal/audio-keeper.ts'
import type { StoredAudio } from '../../../../server/store/store.ts'
import { conversation, said } from './kept.ts'

const pcm = (...samples: number[]) => Buffer.from(Int16Array.from(samples).buffer)
const stretch = (key: string, speaker: StoredAudio['speaker'], fromMs: number, bytes: Buffer, sampleRate = 8000): StoredAudio => ({
  callId: 'call_1', itemId: null, speaker, key: `conv_1/call_1/${key}`, sampleRate, fromMs, toMs: fromMs + bytes.length / (key.endsWith('pcm') ? 2 : 1) / sampleRate * 1000, bytes: bytes.length,
})

/** Files in memory, in pieces that cut samples in half. */
const keeper = (files: Record<string, Buffer>, asked: (AudioRange | undefined)[] = []) => ({
  async read(key: string, range?: AudioRange) {
    asked.push(range)
    const file = files[key.split('/').at(-1)!]
    if (!file) throw new AudioError('missing', 'gone')
    const bytes = range ? file.subarray(range.fromByte, range.toByte + 1) : file
    return Readable.from(Array.from({ length: Math.ceil(bytes.length / 3) }, (_, at) => bytes.subarray(at * 3, at * 3 + 3)), { objectMode: false })
  },
})

async function all(samples: AsyncGenerator<Int16Array>): Promise<number[]> {
  const list: number[] = []
  for await (const some of samples) list.push(...some)
  return list
}

describe('a voice on the clock of its call', () => {
  const one = pcm(1, 2, 3, 4, 5, 6, 7, 8)
  const audio = [stretch('user-1.pcm', 'user', -1, one), stretch('user-2.pcm', 'user', 1, one)]
  const own = conversation([said('item_1', 'Hello', 0, 3)])
  const [call] = timelineOf(own, audio)

  it('has every stretch at its place, silence between them, and is as long as the call', async () => {
    expect(call).toMatchObject({ fromMs: -1, durationMs: 4 })
    const track = voiceTrack(call!, 'user', 8000)
    expect(await all(samplesOf(track, keeper({ 'user-1.pcm': one, 'user-2.pcm': one })))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, ...Array(8).fill(0), 1, 2, 3, 4, 5, 6, 7, 8, ...Array(8).fill(0)])
    expect(await all(samplesOf(voiceTrack(call!, 'assistant', 8000), keeper({})))).toEqual(Array(32).fill(0))
  })

  it('is read from any place on, and no more of a file than is asked for', async () => {
    const asked: (AudioRange | undefined)[] = []
    expect(await all(samplesOf(voiceTrack(call!, 'user', 8000), keeper({ 'user-1.pcm': one, 'user-2.pcm': one }, asked), 6, 20))).toEqual([7, 8, ...Array(8).fill(0), 1, 2, 3, 4])
    expect(asked).toEqual([{ fromByte: 12, toByte: 15 }, { fromByte: 0, toByte: 7 }])
  })

  it('whose file is gone, or shorter than was written down, is silent there, and what follows stays at its place', async () => {
    const track = voiceTrack(call!, 'user', 8000)
    expect(await all(samplesOf(track, keeper({ 'user-2.pcm': pcm(1, 2) })))).toEqual([...Array(16).fill(0), 1, 2, ...Array(14).fill(0)])
  })

  it('of stretches that overlap has each moment once', async () => {
    const [over] = timelineOf(own, [audio[0]!, stretch('user-2.pcm', 'user', -0.5, one)])
    expect((await all(samplesOf(voiceTrack(over!, 'user', 8000), keeper({ 'user-1.pcm': one, 'user-2.pcm': one })))).slice(0, 13)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 5, 6, 7, 8, 0])
  })

  it('is decoded from G.711, and brought to the rate of the other voice', async () => {
    const tone = Int16Array.from({ length: 800 }, (_, n) => Math.round(8000 * Math.sin(2 * Math.PI * 400 * n / 8000)))
    const file = Buffer.from(encodeG711('pcmu', tone))
    const [told] = timelineOf(conversation([]), [stretch('user-1.ulaw', 'user', 0, file)])
    const samples = await all(samplesOf(voiceTrack(told!, 'user', 24_000), keeper({ 'user-1.ulaw': file })))
    expect(samples).toHaveLength(2400)
    const wanted = samples.map((_, n) => 8000 * Math.sin(2 * Math.PI * 400 * n / 24_000))
    expect(Math.max(...samples.slice(200, 2200).map((value, n) => Math.abs(value - wanted[n + 200]!)))).toBeLessThan(400)
  })

  it('of a rate that can\'t be is left out', () => {
    for (const rate of [0, -1, 1, 1e9, Number.NaN]) {
      expect(rateOf([stretch('user-1.pcm', 'user', 0, one, rate)])).toBe(24_000)
      expect(voiceTrack({ ...call!, stretches: [stretch('user-1.pcm', 'user', 0, one, rate)] }, 'user', 24_000).pieces).toEqual([])
    }
  })
})

describe('two voices', () => {
  it('stand side by side, sample by sample', async () => {
    async function* of(...pieces: number[][]) { for (const piece of pieces) yield Int16Array.from(piece) }
    expect(await all(interleaved(of([1, 2], [3]), of([-1], [-2, -3])))).toEqual([1, -1, 2, -2, 3, -3])
  })
})

describe('a range', () => {
  it.each([
    ['bytes=0-9', { from: 0, to: 9 }], ['bytes=90-', { from: 90, to: 99 }], ['bytes=-10', { from: 90, to: 99 }], ['bytes=0-1000', { from: 0, to: 99 }], ['bytes=-1000', { from: 0, to: 99 }],
    ['bytes=100-', 'unsatisfiable'], ['bytes=-0', 'unsatisfiable'], ['bytes=9-3', undefined], ['bytes=0-1,5-6', undefined], ['items=0-1', undefined], ['bytes=-', undefined], [undefined, undefined],
  ])('%s of 100 bytes', (header, range) => { expect(rangeIn(header, 100)).toEqual(range) })
})
