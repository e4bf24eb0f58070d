/**
 * Coefficients of a polyphase low-pass filter: a sinc under a Kaiser window.
 * Design: J. F. Kaiser's formulas for β and length, as in Oppenheim & Schafer, Discrete-Time Signal Processing, section 7.6.
 */

/** Attenuation of everything above the lower rate's Nyquist frequency, in dB. */
const STOPBAND_DB = 96
/** Half the filter's length, in samples of the lower rate: 64 taps in all leave 81 % of the band untouched. */
const HALF_LENGTH = 32
/** 4096 phases × 64 taps = 1 MB: beyond it the rates have no common divisor to speak of. */
const MAX_PHASES = 4096
/** One call uses two pairs of rates; more than this many are never alive at a time. */
const MAX_CACHED = 16

export interface KaiserTable {
  /** Phases between two input samples: output rate over the rates' greatest common divisor. */
  readonly phases: number
  /** Phases from one output sample to the next: input rate over the same divisor. */
  readonly stride: number
  /** Taps per phase, a multiple of 4. */
  readonly taps: number
  /** `phases` rows of `taps`; row p is the filter for an output p/phases of a sample after an input sample. */
  readonly coefficients: Float64Array
}

const cache = new Map<string, KaiserTable>()

/**
 * The filter from `inputRate` to `outputRate` (Hz, whole numbers), shared between callers.
 * @throws RangeError for rates that aren't positive whole numbers or have too small a common divisor.
 */
export function kaiserTable(inputRate: number, outputRate: number): KaiserTable {
  if (!isRate(inputRate) || !isRate(outputRate)) throw new RangeError(`sample rates must be positive whole numbers, got ${inputRate} and ${outputRate}`)
  const divisor = greatestCommonDivisor(inputRate, outputRate)
  const phases = outputRate / divisor
  const stride = inputRate / divisor
  if (phases > MAX_PHASES) throw new RangeError(`can't resample ${inputRate} Hz to ${outputRate} Hz: ${phases} phases, at most ${MAX_PHASES}`)
  const key = `${phases}/${stride}`
  const known = cache.get(key)
  if (known) return known
  const table = phases === 1 && stride === 1 ? identity : design(phases, stride)
  if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value!)
  cache.set(key, table)
  return table
}

/** Equal rates: samples pass unchanged, without delay. */
const identity: KaiserTable = { phases: 1, stride: 1, taps: 1, coefficients: new Float64Array([1]) }

function design(phases: number, stride: number): KaiserTable {
  const stretch = Math.max(1, stride / phases)
  const half = Math.ceil(HALF_LENGTH * stretch / 2) * 2
  const taps = 2 * half
  const beta = 0.1102 * (STOPBAND_DB - 8.7)
  // The transition band ends at the lower Nyquist frequency: nothing folds back into what is heard.
  const transition = (STOPBAND_DB - 7.95) / (2.285 * 2 * HALF_LENGTH) / Math.PI
  const cutoff = (1 - transition / 2) / stretch
  const coefficients = new Float64Array(phases * taps)
  for (let phase = 0; phase < phases; phase++) {
    const row = coefficients.subarray(phase * taps, (phase + 1) * taps)
    for (let tap = 0; tap < taps; tap++) {
      const distance = tap - (half - 1) - phase / phases
      row[tap] = sinc(cutoff * distance) * kaiser(distance / half, beta)
    }
    normalise(row)
  }
  return { phases, stride, taps, coefficients }
}

/** Every phase passes a constant unchanged; otherwise rounding would modulate the signal with the phase. */
function normalise(row: Float64Array): void {
  let sum = 0
  for (const value of row) sum += value
  for (let i = 0; i < row.length; i++) row[i]! /= sum
}

const sinc = (x: number) => x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
const kaiser = (x: number, beta: number) => bessel0(beta * Math.sqrt(Math.max(0, 1 - x * x))) / bessel0(beta)

/** Modified Bessel function of the first kind, order 0, by its power series. */
function bessel0(x: number): number {
  let term = 1
  let sum = 1
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2
    sum += term
  }
  return sum
}

const isRate = (rate: number) => Number.isInteger(rate) && rate > 0
const greatestCommonDivisor = (a: number, b: number): number => b === 0 ? a : greatestCommonDivisor(b, a % b)
