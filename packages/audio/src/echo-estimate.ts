import { correlate, robustDeviation, sumOfSquares } from './correlation.ts'
import { createResampler } from './resampler.ts'

export interface EchoRecording {
  /** What was played: silence, the probe, silence. Float, −1 to 1. */
  reference: Float32Array
  /** What the microphone heard meanwhile, sample for sample by the same clock; some of it before the probe. */
  microphone: Float32Array
  /** Of both, Hz. */
  sampleRate: number
}

export interface EchoEstimate {
  /** From the graph's output back to its input: device out, air, device in. */
  delayMs: number
  /** By how much all of the echo is weaker than what was played; negative when it is louder. */
  lossDb: number
  /** How long after the first arrival the room goes on, down to a tenth of the first arrival. */
  decayMs: number
  /** How far the echo stands out from what else is heard, after correlation. */
  certaintyDb: number
}

/** The probe has nothing above 3400 Hz. */
const RATE = 8000
const SAMPLES_PER_MS = RATE / 1000
/** Hum and rumble are no echo. */
const RUMBLE_HZ = 180
/** Bluetooth both ways, and a loudspeaker in the next room. */
const MAX_DELAY_MS = 1000
/** Of normal noise, one in a hundred million values gets that far beyond its deviation. */
const MIN_CERTAINTY = 8
/** What the microphone's own 16 bits can't tell from nothing. */
const MIN_GAIN = 1e-5
/** The first arrival may be weaker than a reflection, but not by more; the probe's own side lobes stay below it. */
const FIRST_ARRIVAL = 0.5
/** Where the echo at least doubles the energy, energy tells all of it; below, only correlation can be trusted, which tells the first arrival. */
const CLEAR_ENERGY = 2
const DECAYED = 0.1
const SMOOTHING_SAMPLES = 4

/**
 * The way from loudspeaker to microphone, from a recording of both. Undefined when nothing of the probe is heard.
 *
 * Both are taken down to 8 kHz; the delay is the first strong peak of their correlation (matched filter: a probe of 1 s × 3.1 kHz stands
 * out from noise that is 20 dB louder), the loss what the energy grew by while the echo was there.
 */
export function estimateEcho({ reference, microphone, sampleRate }: EchoRecording): EchoEstimate | undefined {
  const played = prepare(reference, sampleRate)
  const heard = prepare(microphone, sampleRate)
  const { start, end } = soundingSpan(played)
  if (end <= start) return undefined
  const probe = played.slice(start, end)
  const gains = correlate(heard, probe, start, Math.min(MAX_DELAY_MS * SAMPLES_PER_MS, Math.max(0, heard.length - start)))
  const deviation = Math.max(robustDeviation(gains), MIN_GAIN / MIN_CERTAINTY)
  const peak = gains.reduce((largest, gain) => Math.max(largest, Math.abs(gain)), 0)
  if (peak < MIN_GAIN || peak < deviation * MIN_CERTAINTY) return undefined
  const delay = firstArrival(gains, peak)
  return {
    delayMs: delay / SAMPLES_PER_MS,
    lossDb: -20 * Math.log10(totalGain(heard, probe, start, delay) ?? Math.abs(gains[delay]!)),
    decayMs: decaySamples(gains, delay, Math.max(peak * DECAYED, deviation * 4)) / SAMPLES_PER_MS,
    certaintyDb: 20 * Math.log10(peak / deviation),
  }
}

function prepare(samples: Float32Array, sampleRate: number): Float32Array {
  const resampler = createResampler({ inputRate: sampleRate, outputRate: RATE })
  return withoutRumble(withoutRumble(resampler.process(samples)))
}

/** First-order high-pass. */
function withoutRumble(samples: Float32Array): Float32Array {
  const keep = Math.exp(-2 * Math.PI * RUMBLE_HZ / RATE)
  let before = 0
  let out = 0
  return samples.map(sample => {
    out = keep * (out + sample - before)
    before = sample
    return out
  })
}

function soundingSpan(samples: Float32Array): { start: number, end: number } {
  const threshold = samples.reduce((largest, sample) => Math.max(largest, Math.abs(sample)), 0) / 1000
  const sounds = (sample: number) => threshold > 0 && Math.abs(sample) > threshold
  return { start: Math.max(0, samples.findIndex(sounds)), end: samples.findLastIndex(sounds) + 1 }
}

function firstArrival(gains: Float32Array, peak: number): number {
  const strength = (at: number) => Math.abs(gains[at] ?? 0)
  let at = gains.findIndex(gain => Math.abs(gain) >= peak * FIRST_ARRIVAL)
  // Correlation swings with the probe's frequencies: the top of this swing, and of the ones that belong to it.
  for (let next = at + 1; next <= at + SMOOTHING_SAMPLES; next++) if (strength(next) > strength(at)) at = next
  return at
}

/** By energy, with what is heard before the probe taken off. Undefined where that is not clear enough, or nothing was recorded before it. */
function totalGain(heard: Float32Array, probe: Float32Array, start: number, delay: number): number | undefined {
  if (start < RATE / 10) return undefined
  const noise = sumOfSquares(heard, 0, start) / start
  const from = start + delay
  const to = Math.min(from + probe.length, heard.length)
  const energy = sumOfSquares(heard, from, to) / Math.max(1, to - from)
  if (energy < noise * CLEAR_ENERGY) return undefined
  return Math.sqrt((energy - noise) * probe.length / sumOfSquares(probe, 0, probe.length))
}

/** Until when something of the room is still above `threshold`. */
function decaySamples(gains: Float32Array, delay: number, threshold: number): number {
  const last = gains.findLastIndex((gain, at) => at >= delay && Math.abs(gain) > threshold)
  return Math.max(0, last - delay)
}
