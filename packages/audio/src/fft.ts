/** A line of complex numbers, one array for each part. */
export interface ComplexLine { re: Float64Array, im: Float64Array }

/**
 * Discrete Fourier transform in place (radix 2, decimation in time), without scaling.
 * @param line its length is a power of two
 * @param inverse the sign of the exponent is plus; there and back multiplies by the length
 * @throws when the length is no power of two
 */
export function fft({ re, im }: ComplexLine, inverse = false): void {
  const size = re.length
  if (size === 0 || (size & (size - 1)) !== 0 || im.length !== size) throw new RangeError(`A transform of ${size} values: the length must be a power of two.`)
  reverseBits(re, im)
  const turn = (inverse ? 2 : -2) * Math.PI / size
  const cosines = Float64Array.from({ length: size / 2 }, (_, i) => Math.cos(turn * i))
  const sines = Float64Array.from({ length: size / 2 }, (_, i) => Math.sin(turn * i))
  for (let half = 1; half < size; half *= 2) {
    const stride = size / (2 * half)
    for (let from = 0; from < size; from += 2 * half) butterflies(from, half, stride)
  }

  function butterflies(from: number, half: number, stride: number): void {
    for (let i = from, angle = 0; i < from + half; i++, angle += stride) {
      const j = i + half
      const turnedRe = re[j]! * cosines[angle]! - im[j]! * sines[angle]!
      const turnedIm = re[j]! * sines[angle]! + im[j]! * cosines[angle]!
      re[j] = re[i]! - turnedRe
      im[j] = im[i]! - turnedIm
      re[i] = re[i]! + turnedRe
      im[i] = im[i]! + turnedIm
    }
  }
}

function reverseBits(re: Float64Array, im: Float64Array): void {
  for (let i = 1, j = 0; i < re.length; i++) {
    let bit = re.length >> 1
    for (; j & bit; bit >>= 1) j ^= bit
    j ^= bit
    if (i >= j) continue
    const [real, imaginary] = [re[i]!, im[i]!]
    re[i] = re[j]!
    im[i] = im[j]!
    re[j] = real
    im[j] = imaginary
  }
}

/**
 * Sliding products of two real lines: for each shift of 0 up to `shifts` − 1 the sum of `signal[shift + i] × pattern[i]`, as by direct
 * sums (beyond its end the signal is silence). Both ride in one transform, as real and imaginary part.
 */
export function slidingProducts(signal: Float32Array, pattern: Float32Array, shifts: number): Float32Array {
  const size = 2 ** Math.ceil(Math.log2(Math.max(2, pattern.length + shifts)))
  const line = { re: new Float64Array(size), im: new Float64Array(size) }
  line.re.set(signal.subarray(0, Math.min(signal.length, pattern.length + shifts)))
  line.im.set(pattern)
  fft(line)
  const product = { re: new Float64Array(size), im: new Float64Array(size) }
  for (let i = 0; i < size; i++) {
    const mirror = (size - i) & (size - 1)
    // What is even in the spectrum came from the real part, what is odd from the imaginary one.
    const signalRe = (line.re[i]! + line.re[mirror]!) / 2
    const signalIm = (line.im[i]! - line.im[mirror]!) / 2
    const patternRe = (line.im[i]! + line.im[mirror]!) / 2
    const patternIm = (line.re[mirror]! - line.re[i]!) / 2
    product.re[i] = signalRe * patternRe + signalIm * patternIm
    product.im[i] = signalIm * patternRe - signalRe * patternIm
  }
  fft(product, true)
  return Float32Array.from({ length: shifts }, (_, shift) => product.re[shift]! / size)
}
