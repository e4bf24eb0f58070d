import { slidingProducts } from './fft.ts'

/**
 * How alike `signal`, from each delay on, is to `pattern`: the gain with which the pattern would have to be added there, by least squares.
 * @param from 0 or more
 * @returns one value per delay of 0 up to `delays` − 1 samples after `from`
 */
export function correlate(signal: Float32Array, pattern: Float32Array, from: number, delays: number): Float32Array {
  const own = sumOfSquares(pattern, 0, pattern.length)
  if (own === 0) return new Float32Array(delays)
  const products = slidingProducts(signal.subarray(from), pattern, delays)
  return products.map(product => product / own)
}

export function sumOfSquares(samples: Float32Array, from: number, to: number): number {
  let sum = 0
  for (let i = Math.max(0, from); i < Math.min(to, samples.length); i++) sum += samples[i]! * samples[i]!
  return sum
}

/** Root mean square that half of the values stay below, as of a normal distribution: a few large values don't move it. */
export function robustDeviation(values: Float32Array): number {
  if (values.length === 0) return 0
  const magnitudes = values.map(Math.abs).sort()
  return magnitudes[magnitudes.length >> 1]! / 0.6745
}
