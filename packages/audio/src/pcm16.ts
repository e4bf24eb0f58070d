/** PCM16: signed 16-bit samples, little endian on the wire, 1.0 ↔ 32768. */

const FULL_SCALE = 32_768

/** One float sample (−1 to 1) as a 16-bit integer; clipped, NaN becomes 0. */
export function toPcm16(value: number): number {
  const scaled = value * FULL_SCALE
  if (scaled >= 32_767) return 32_767
  if (scaled <= -32_768) return -32_768
  return (scaled < 0 ? scaled - 0.5 : scaled + 0.5) | 0
}

/**
 * Writes `count` floats as 16-bit integers into `output` from `offset` on. Allocates nothing.
 * @throws RangeError when `output` can't hold them.
 */
export function floatToPcm16Into(input: Float32Array, count: number, output: Int16Array, offset = 0): void {
  if (offset + count > output.length) throw new RangeError(`${count} samples don't fit: ${output.length - offset} left`)
  for (let i = 0; i < count; i++) output[offset + i] = toPcm16(input[i]!)
}

/** Float samples (−1 to 1) → PCM16; clipped. */
export function floatToPcm16(input: Float32Array): Int16Array {
  const output = new Int16Array(input.length)
  floatToPcm16Into(input, input.length, output)
  return output
}

/** PCM16 → float samples (−1 to just below 1). `floatToPcm16` brings back the same integers. */
export function pcm16ToFloat(input: Int16Array): Float32Array {
  const output = new Float32Array(input.length)
  for (let i = 0; i < input.length; i++) output[i] = input[i]! / FULL_SCALE
  return output
}

/** PCM16 as little-endian bytes, whatever this machine's own order is. */
export function pcm16ToBytes(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(samples.length * 2)
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i]!
    bytes[2 * i] = sample & 0xFF
    bytes[2 * i + 1] = (sample >> 8) & 0xFF
  }
  return bytes
}

/**
 * Little-endian bytes as PCM16; a copy, so `bytes` may start anywhere and be reused.
 * An odd last byte is half a sample: undefined, because the caller has to say what is wrong with its source.
 */
export function pcm16FromBytes(bytes: Uint8Array): Int16Array | undefined {
  if (bytes.length % 2 !== 0) return undefined
  const samples = new Int16Array(bytes.length / 2)
  for (let i = 0; i < samples.length; i++) samples[i] = bytes[2 * i]! | (bytes[2 * i + 1]! << 8)
  return samples
}
