import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstLook, readStats } from '../../../app/voice/webrtc-stats.ts'

const inbound = (more: Record<string, unknown> = {}) => ({ type: 'inbound-rtp', packetsReceived: 100, packetsLost: 0, jitter: 0.004, jitterBufferDelay: 480, jitterBufferEmittedCount: 4800, ...more })
const pair = { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.038, bytesReceived: 5000, responsesReceived: 3 }

describe('what a browser counts of a WebRTC call', () => {
  it('is told in figures of the last seconds', () => {
    const first = readStats([inbound(), pair], firstLook, {})
    expect(first.facts).toMatchObject({ roundTripMs: 38, lostPercent: 0, jitterMs: 4, bufferedMs: 100 })
    const later = inbound({ packetsReceived: 195, packetsLost: 5, jitterBufferDelay: 480 + 4800 * 0.06, jitterBufferEmittedCount: 9600 })
    const second = readStats([later], first.look, first.facts)
    expect(second.facts.lostPercent).toBeCloseTo(5)
    expect(second.facts.bufferedMs).toBeCloseTo(60)
    expect(second.facts.roundTripMs).toBe(38)
  })

  it('keeps its figures when nothing came', () => {
    const first = readStats([inbound({ packetsLost: 10 })], firstLook, {})
    expect(readStats([inbound({ packetsLost: 10 })], first.look, first.facts).facts).toEqual(first.facts)
  })

  it('takes no packet that came late for one that came twice', () => {
    const first = readStats([inbound({ packetsLost: 10 })], firstLook, {})
    expect(readStats([inbound({ packetsReceived: 110, packetsLost: 2 })], first.look, first.facts).facts.lostPercent).toBe(0)
  })

  it('knows a sign of life by anything that came', () => {
    const { look } = readStats([pair], firstLook, {})
    expect(readStats([{ ...pair, responsesReceived: 4 }], look, {}).look.signs).not.toBe(look.signs)
    expect(readStats([pair], look, {}).look.signs).toBe(look.signs)
  })

  it('makes no nonsense of whatever a browser says', () => {
    const value = fc.oneof(fc.double(), fc.string(), fc.constant(undefined), fc.constant(null), fc.integer())
    const report = fc.array(fc.dictionary(fc.constantFrom('packetsReceived', 'packetsLost', 'jitter', 'jitterBufferDelay', 'jitterBufferEmittedCount', 'concealedSamples', 'currentRoundTripTime'), value)
      .map(stats => ({ type: 'inbound-rtp', nominated: true, ...stats })))
    fc.assert(fc.property(report, stats => {
      const { facts } = readStats(stats, firstLook, {})
      for (const figure of Object.values(facts)) expect(Number.isNaN(figure)).toBe(false)
      expect(facts.lostPercent ?? 0).toBeGreaterThanOrEqual(0)
    }))
  })
})
