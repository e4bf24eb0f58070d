/** Levels of PCM16, 0 to 1 of full scale. */

const FULL_SCALE = 32_768

/** Root mean square of the samples `start` up to `end`; 0 when there are none. */
export function rms(samples: Int16Array, start = 0, end = samples.length): number {
  if (end <= start) return 0
  return Math.sqrt(energy(samples, start, end) / (end - start))
}

/** Sum of squares, for levels over stretches that come in pieces. */
export function energy(samples: Int16Array, start = 0, end = samples.length): number {
  let sum = 0
  for (let i = start; i < end; i++) sum += samples[i]! * samples[i]!
  return sum / (FULL_SCALE * FULL_SCALE)
}

/** The largest magnitude; 0 when there are no samples. */
export function peak(samples: Int16Array, start = 0, end = samples.length): number {
  let largest = 0
  for (let i = start; i < end; i++) {
    const magnitude = Math.abs(samples[i]!)
    if (magnitude > largest) largest = magnitude
  }
  return largest / FULL_SCALE
}
