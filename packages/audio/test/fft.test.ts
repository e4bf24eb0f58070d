import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { correlate } from '../src/correlation.ts'
import { fft } from '../src/fft.ts'

/** As of 16 bits. */
const value = fc.integer({ min: -32_768, max: 32_767 }).map(integer => integer / 32_768)
const lineOf = (size: number) => fc.array(value, { minLength: size, maxLength: size })
const lines = (sizes: fc.Arbitrary<number>) => sizes.chain(size => fc.tuple(lineOf(size), lineOf(size)))
const powers = fc.integer({ min: 0, max: 8 }).map(power => 2 ** power)
const samples = (maxLength: number) => fc.array(value, { maxLength }).map(values => Float32Array.from(values))

/** By the definition. */
function directTransform(re: number[], im: number[], sign: number) {
  return re.map((_, k) => re.reduce((sum, real, n) => {
    const angle = sign * 2 * Math.PI * ((k * n) % re.length) / re.length
    return [sum[0]! + real * Math.cos(angle) - im[n]! * Math.sin(angle), sum[1]! + real * Math.sin(angle) + im[n]! * Math.cos(angle)]
  }, [0, 0]))
}

function directCorrelation(signal: Float32Array, pattern: Float32Array, from: number, delays: number): number[] {
  const own = pattern.reduce((sum, sample) => sum + sample * sample, 0)
  const productAt = (start: number) => pattern.reduce((sum, sample, i) => sum + sample * (signal[start + i] ?? 0), 0)
  return Array.from({ length: delays }, (_, delay) => own === 0 ? 0 : productAt(from + delay) / own)
}

describe('the transform', () => {
  it.each([[false, -1], [true, 1]])('is that of the definition, whatever the line (inverse: %s)', (inverse, sign) => {
    fc.assert(fc.property(lines(powers), ([re, im]) => {
      const line = { re: Float64Array.from(re), im: Float64Array.from(im) }
      fft(line, inverse)
      for (const [k, [real, imaginary]] of directTransform(re, im, sign).entries()) {
        expect(Math.hypot(line.re[k]! - real!, line.im[k]! - imaginary!)).toBeLessThan(1e-9)
      }
    }), { numRuns: 60 })
  })

  it('refuses a length that is no power of two', () => {
    for (const size of [0, 3, 24_000]) expect(() => fft({ re: new Float64Array(size), im: new Float64Array(size) })).toThrow('power of two')
  })
})

describe('correlation', () => {
  it('is the sum of products at each delay, as far as the signal goes', () => {
    fc.assert(fc.property(samples(200), samples(60), fc.integer({ min: 0, max: 250 }), fc.integer({ min: 0, max: 120 }), (signal, pattern, from, delays) => {
      const found = correlate(signal, pattern, from, delays)
      const direct = directCorrelation(signal, pattern, from, delays)
      expect(found.length).toBe(delays)
      expect(direct.every((gain, delay) => Math.abs(found[delay]! - gain) < 1e-3 + 1e-6 * Math.abs(gain))).toBe(true)
    }), { numRuns: 300 })
  })
})
