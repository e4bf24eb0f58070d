/** Measuring with tones: what tests and the bench share. */

/** A sine as floats. */
export function tone(frequency: number, sampleRate: number, samples: number, level = 0.5): Float32Array {
  return Float32Array.from({ length: samples }, (_, i) => level * Math.sin(2 * Math.PI * frequency * i / sampleRate))
}

/** Signal to noise in dB: everything in the middle of `samples` that isn't `expected` counts as noise. */
export function signalToNoise(samples: Float32Array, expected: Float32Array, edge = 200): number {
  let signal = 0
  let noise = 0
  for (let i = edge; i < Math.min(samples.length, expected.length) - edge; i++) {
    signal += expected[i]! ** 2
    noise += (samples[i]! - expected[i]!) ** 2
  }
  return 10 * Math.log10(signal / Math.max(noise, 1e-30))
}

/** Root mean square in dB of full scale. */
export function levelDb(samples: Float32Array, edge = 0): number {
  let sum = 0
  for (let i = edge; i < samples.length - edge; i++) sum += samples[i]! ** 2
  return 10 * Math.log10(Math.max(sum / Math.max(1, samples.length - 2 * edge), 1e-30))
}

/** Frequency of a clean tone from the time between its first and last rising zero crossing, interpolated. */
export function frequencyOf(samples: Float32Array, sampleRate: number, edge = 200): number {
  let first = 0
  let last = 0
  let crossings = 0
  for (let i = edge; i < samples.length - edge; i++) {
    const a = samples[i - 1]!
    const b = samples[i]!
    if (!(a < 0 && b >= 0)) continue
    last = i - b / (b - a)
    if (crossings++ === 0) first = last
  }
  return (crossings - 1) * sampleRate / (last - first)
}
