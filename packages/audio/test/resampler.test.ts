import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createResampler } from '@kaiwa/audio'
import { frequencyOf, levelDb, signalToNoise, tone } from './tone.ts'

const rates = [8000, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000]
const pairs = rates.flatMap(inputRate => rates.map(outputRate => ({ inputRate, outputRate })))
/** Shares of the lower Nyquist frequency: the passband ends at 81 %. */
const passband = [0.04, 0.2, 0.45, 0.7, 0.79]

/** Resamples in pieces of the given sizes, over and over. */
function inPieces(input: Float32Array, options: { inputRate: number, outputRate: number }, sizes: number[]): Float32Array {
  const resampler = createResampler(options)
  const pieces: number[] = []
  for (let at = 0, turn = 0; at < input.length; turn++) {
    const size = sizes[turn % sizes.length]!
    pieces.push(...resampler.process(input.subarray(at, at + size)))
    at += size
  }
  pieces.push(...resampler.flush())
  return Float32Array.from(pieces)
}

describe('resampler', () => {
  it.each(pairs)('$inputRate Hz → $outputRate Hz keeps tones with at least 80 dB', ({ inputRate, outputRate }) => {
    for (const share of passband) {
      const frequency = share * Math.min(inputRate, outputRate) / 2
      const output = createResampler({ inputRate, outputRate }).process(tone(frequency, inputRate, inputRate / 4))
      expect(signalToNoise(output, tone(frequency, outputRate, output.length), Math.floor(output.length * 0.1))).toBeGreaterThan(80)
    }
  })

  it.each(pairs.filter(pair => pair.inputRate > pair.outputRate))('$inputRate Hz → $outputRate Hz lets nothing fold back from above', ({ inputRate, outputRate }) => {
    for (const share of [1.01, 1.3, 1.8]) {
      const frequency = share * outputRate / 2
      if (frequency >= inputRate / 2) continue
      const output = createResampler({ inputRate, outputRate }).process(tone(frequency, inputRate, inputRate / 4, 1))
      expect(levelDb(output, Math.floor(output.length * 0.1))).toBeLessThan(-80)
    }
  })

  it('gives the same samples to the bit, however the input is cut', () => {
    const noise = Float32Array.from({ length: 3000 }, (_, i) => Math.sin(i * i))
    fc.assert(fc.property(fc.constantFrom(...pairs), fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 8 }), (pair, sizes) => {
      expect(inPieces(noise, pair, sizes)).toEqual(inPieces(noise, pair, [noise.length]))
    }), { numRuns: 60 })
  })

  it.each(pairs)('$inputRate Hz → $outputRate Hz keeps duration to the sample and pitch within a cent, cut into 7 ms pieces', pair => {
    const seconds = 0.5
    const output = inPieces(tone(440, pair.inputRate, pair.inputRate * seconds), pair, [Math.round(pair.inputRate * 0.007)])
    expect(output.length).toBe(Math.ceil(pair.outputRate * seconds))
    const cents = 1200 * Math.log2(frequencyOf(output, pair.outputRate) / 440)
    expect(Math.abs(cents)).toBeLessThan(1)
  })

  it('delays by its look-ahead and not more: 32 samples of the lower rate', () => {
    expect(createResampler({ inputRate: 24_000, outputRate: 48_000 }).lookaheadSamples).toBe(32)
    expect(createResampler({ inputRate: 48_000, outputRate: 24_000 }).lookaheadSamples).toBe(64)
    const resampler = createResampler({ inputRate: 24_000, outputRate: 24_000 })
    expect(resampler.lookaheadSamples).toBe(0)
    expect([...resampler.process(Float32Array.of(0.25, 0.5))]).toEqual([0.25, 0.5])
  })

  it('tells exactly how much input a number of frames needs, and where in the input it is', () => {
    fc.assert(fc.property(fc.constantFrom(...pairs), fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 }), (pair, demands) => {
      const resampler = createResampler(pair)
      let frames = 0
      for (const demand of demands) {
        const output = new Float32Array(demand)
        const needed = resampler.inputNeeded(demand)
        expect(resampler.processInto(new Float32Array(needed), needed, output)).toBe(demand)
        frames += demand
        expect(resampler.positionSamples).toBe(Math.floor(frames * pair.inputRate / pair.outputRate))
      }
    }), { numRuns: 60 })
  })

  it('keeps for the next call what found no room, and says so when it can keep no more', () => {
    const input = tone(300, 24_000, 600)
    const whole = createResampler({ inputRate: 24_000, outputRate: 48_000 }).process(input)
    const resampler = createResampler({ inputRate: 24_000, outputRate: 48_000 })
    const first = new Float32Array(100)
    const rest = new Float32Array(whole.length - 100)
    expect(resampler.processInto(input, 600, first)).toBe(100)
    expect(resampler.processInto(input, 0, rest)).toBe(rest.length)
    expect([...first, ...rest]).toEqual([...whole])
    expect(() => resampler.processInto(new Float32Array(5000), 5000, new Float32Array(10))).toThrow(/room for 10/)
  })

  it('passes a constant unchanged, with no ripple from phase to phase', () => {
    const output = createResampler({ inputRate: 44_100, outputRate: 24_000 }).process(new Float32Array(4410).fill(0.5))
    for (const sample of output.subarray(100, -100)) expect(sample).toBeCloseTo(0.5, 6)
  })

  it.each([[0, 24_000], [48_000, -1], [44_100.5, 24_000], [NaN, 24_000], [44_101, 24_001]])('refuses %d Hz → %d Hz', (inputRate, outputRate) => {
    expect(() => createResampler({ inputRate, outputRate })).toThrow(RangeError)
  })
})
