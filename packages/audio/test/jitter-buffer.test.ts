import { describe, expect, it } from 'vitest'
import { createJitterBuffer, createStartDelay, mayStart, startDelayDefaults } from '@kaiwa/audio'

const ms = (milliseconds: number) => new Int16Array(24 * milliseconds)

describe('start delay', () => {
  it('starts after the delay, or with plenty buffered, or when all has come', () => {
    const buffer = { waitedMs: 0, bufferedMs: 40, pieces: 2, ended: false }
    expect(mayStart(200, buffer)).toBe(false)
    expect(mayStart(200, { ...buffer, waitedMs: 200 })).toBe(true)
    expect(mayStart(200, { ...buffer, bufferedMs: 500 })).toBe(true)
    expect(mayStart(40, { ...buffer, bufferedMs: 200, pieces: 1 }), 'one short piece says nothing of the line').toBe(false)
    expect(mayStart(40, { ...buffer, bufferedMs: 600, pieces: 1 })).toBe(true)
    expect(mayStart(200, { ...buffer, ended: true })).toBe(true)
  })

  /** Pieces of 100 ms, each so much later than it is due in real time. */
  function answer(delay: ReturnType<typeof createStartDelay>, lateMs: number[]) {
    lateMs.forEach((late, piece) => delay.arrived(100, piece * 100 + late))
    delay.settle()
  }

  it('goes up at once, by how much a piece was later than the earliest before it', () => {
    const delay = createStartDelay({ ...startDelayDefaults, initialMs: 40 })
    delay.arrived(100, 0)
    delay.arrived(100, 60)
    delay.arrived(100, 210)
    expect(delay.delayMs).toBe(10 + 40 + 20)
  })

  it('comes down by steps from what was assumed, and remembers a bad moment for eight answers', () => {
    const delay = createStartDelay()
    const calm = [1, 2, 3, 4].map(() => {
      answer(delay, [0, 0, 0])
      return delay.delayMs
    })
    expect(calm).toEqual([110, 55, 40, 40])
    answer(delay, [0, 150, 0])
    for (let i = 0; i < 7; i++) answer(delay, [0, 0])
    expect(delay.delayMs).toBe(170)
    answer(delay, [0, 0])
    expect(delay.delayMs).toBe(40)
  })

  it('stays within its bounds, and learns nothing from an answer in one piece', () => {
    const delay = createStartDelay()
    answer(delay, [0])
    expect(delay.delayMs).toBe(startDelayDefaults.initialMs)
    answer(delay, [0, 5000])
    expect(delay.delayMs).toBe(startDelayDefaults.ceilingMs)
  })
})

describe('jitter buffer', () => {
  it('learns from an underrun how late the line can be', () => {
    const buffer = createJitterBuffer({ sampleRate: 24_000, delay: { ...startDelayDefaults, initialMs: 50 } })
    buffer.push(ms(100), 0)
    expect(buffer.ready(49, false)).toBe(false)
    expect(buffer.ready(50, false)).toBe(true)
    buffer.start()
    buffer.readInto(new Float32Array(2400), 2400)
    buffer.underrun()
    buffer.push(ms(100), 210)
    expect(buffer.delayMs).toBe(50 + 60 + 20)
  })

  it('learns nothing from the silence between segments', () => {
    const buffer = createJitterBuffer({ sampleRate: 24_000 })
    buffer.push(ms(600), 0)
    buffer.start()
    buffer.readInto(new Float32Array(14_400), 14_400)
    buffer.settle()
    buffer.rest(600)
    buffer.push(ms(100), 60_000)
    expect(buffer.delayMs).toBe(startDelayDefaults.initialMs)
  })

  it('holds what fits, in order, and refuses the newest', () => {
    const buffer = createJitterBuffer({ sampleRate: 24_000, maxMs: 1000 })
    const counting = Int16Array.from({ length: 20_000 }, (_, i) => i)
    expect(buffer.push(counting, 0)).toBe(20_000)
    expect(buffer.push(counting, 0)).toBe(4000)
    const first = new Float32Array(24_000)
    buffer.readInto(first, 24_000)
    expect(Array.from(first, sample => sample * 32_768)).toEqual([...counting, ...counting.subarray(0, 4000)])
    expect(buffer.depthSamples).toBe(0)
  })
})
