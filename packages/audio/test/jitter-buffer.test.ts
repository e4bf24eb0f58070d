import { describe, expect, it } from 'vitest'
import { createJitterBuffer, learnDelay, mayStart, startDelayDefaults } from '@kaiwa/audio'

const ms = (milliseconds: number) => new Int16Array(24 * milliseconds)

describe('start delay', () => {
  it('starts after the delay, or with plenty buffered, or when all has come', () => {
    const buffer = { waitedMs: 0, bufferedMs: 40, ended: false }
    expect(mayStart(200, buffer)).toBe(false)
    expect(mayStart(200, { ...buffer, waitedMs: 200 })).toBe(true)
    expect(mayStart(200, { ...buffer, bufferedMs: 500 })).toBe(true)
    expect(mayStart(200, { ...buffer, ended: true })).toBe(true)
  })

  it('goes up at once, down slowly, and stays within its bounds', () => {
    expect(learnDelay(60, 100)).toBe(120)
    expect(learnDelay(200, 80)).toBe(150)
    expect(learnDelay(60, 5000)).toBe(startDelayDefaults.ceilingMs)
    expect(learnDelay(41, -5000)).toBe(startDelayDefaults.floorMs)
  })
})

describe('jitter buffer', () => {
  it('learns from an underrun how late the line can be', () => {
    const buffer = createJitterBuffer({ sampleRate: 24_000, delay: { ...startDelayDefaults, initialMs: 50 } })
    buffer.push(ms(100), 0)
    expect(buffer.ready(49, false)).toBe(false)
    expect(buffer.ready(50, false)).toBe(true)
    buffer.start(50)
    buffer.readInto(new Float32Array(2400), 2400)
    buffer.underrun(150)
    buffer.push(ms(100), 210)
    expect(buffer.delayMs).toBe(50 + 60 + 20)
  })

  it('learns nothing from the silence between segments', () => {
    const buffer = createJitterBuffer({ sampleRate: 24_000 })
    buffer.push(ms(600), 0)
    buffer.start(0)
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
