import { describe, expect, it } from 'vitest'
import { energy, floatToPcm16, peak, rms } from '@kaiwa/audio'
import { tone } from './tone.ts'

describe('level meter', () => {
  it('measures a sine at its amplitude over the root of two', () => {
    const samples = floatToPcm16(tone(100, 24_000, 2400, 0.5))
    expect(rms(samples)).toBeCloseTo(0.5 / Math.SQRT2, 4)
    expect(peak(samples)).toBeCloseTo(0.5, 4)
  })

  it('measures part of an array, and silence as 0', () => {
    const samples = Int16Array.of(0, 0, -32_768, -32_768)
    expect(rms(samples, 2)).toBe(1)
    expect(peak(samples, 0, 2)).toBe(0)
    expect(energy(samples)).toBe(2)
    expect(rms(new Int16Array(0))).toBe(0)
  })
})
