import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AudioFlow } from '../../../../server/relay/audio-flow.ts'

const FRAME_MS = 20
/** Frames of 20 ms, each of which came at the time given. */
function flowOf(times: readonly number[]) {
  const flow = new AudioFlow()
  for (const atMs of times) flow.append(FRAME_MS * 48, 100, atMs)
  return flow
}
const steady = (from: number, count: number, lateMs = 0) => Array.from({ length: count }, (_, n) => from + (n + 1) * FRAME_MS + lateMs)

describe('when the talker said what', () => {
  it('isn’t known before anything was said', () => { expect(new AudioFlow().at(0)).toBeUndefined() })

  it('follows from when it came', () => {
    const flow = flowOf(steady(1000, 50))
    expect(flow.at(0)).toBe(1000)
    expect(flow.at(500)).toBe(1500)
    expect(flow.audioMs).toBe(1000)
  })

  it('isn’t moved by frames that come late', () => {
    const times = steady(1000, 50).map((atMs, n) => n % 7 === 3 ? atMs + 150 : atMs)
    expect(flowOf(times).at(500)).toBe(1500)
  })

  it('is before the line was there, for what waited for it', () => {
    const flow = flowOf([...Array.from({ length: 100 }, () => 5000), ...steady(5000, 10)])
    expect(flow.at(0)).toBe(3000)
  })

  it('is told anew after a pause, and still known of what came before it', () => {
    const flow = flowOf([...steady(1000, 50), ...steady(9000, 50)])
    expect(flow.stretches).toBe(2)
    expect(flow.at(500)).toBe(1500)
    expect(flow.at(1500)).toBe(9500)
  })

  it('is counted by the format that is spoken', () => {
    const flow = flowOf(steady(1000, 50))
    flow.speaks(8)
    flow.append(8 * FRAME_MS, 100, 2020)
    expect(flow.audioMs).toBe(1020)
    expect(flow.at(1000)).toBe(2000)
  })

  it('is never later than it came, whatever the delays', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 200 }), delays => {
      const flow = new AudioFlow()
      let lastMs = 0
      for (const [n, delayMs] of delays.entries()) {
        lastMs = Math.max(lastMs, 1000 + (n + 1) * FRAME_MS + delayMs)
        flow.append(FRAME_MS * 48, 100, lastMs)
        expect(flow.at(flow.audioMs)).toBeLessThanOrEqual(lastMs)
      }
      expect(flow.events).toBe(delays.length)
    }))
  })
})
