/** One spoken clip made fit for joining: silence trimmed, level evened, ends faded. Pure. */

export interface ClipOptions {
  sampleRate: number
  /** Silence kept in front: the voice answers promptly. @default 20 */
  leadMs: number
  /** Silence kept behind: the pause between two sentences. @default 140 */
  trailMs: number
  /** Ramp at both ends, against clicks. @default 5 */
  fadeMs: number
  /** Root mean square of the voiced part to aim at, 0 to 1. @default 0.12 */
  level: number
}

export const clipDefaults = { leadMs: 20, trailMs: 140, fadeMs: 5, level: 0.12 } as const satisfies Omit<ClipOptions, 'sampleRate'>

/** Quieter than −46 dB is silence: Flite's own is digital zero with a little dither. */
const SILENCE = 0.005
/** The voices differ by 10 dB; more correction than this would lift noise. */
const MAX_GAIN = 3
const MIN_GAIN = 0.4
const MAX_PEAK = 0.9

/** @returns samples between −0.9 and 0.9; empty when the clip is silent. */
export function finishClip(samples: Float32Array, options: ClipOptions): Float32Array {
  const first = samples.findIndex(sample => Math.abs(sample) > SILENCE)
  if (first < 0) return new Float32Array(0)
  const last = samples.findLastIndex(sample => Math.abs(sample) > SILENCE)
  const toSamples = (ms: number) => Math.round(ms * options.sampleRate / 1000)
  const begin = Math.max(0, first - toSamples(options.leadMs))
  const end = Math.min(samples.length, last + 1 + toSamples(options.trailMs))
  const clip = samples.slice(begin, end)
  const gain = gainFor(clip, options.level)
  const fade = Math.min(toSamples(options.fadeMs), clip.length >> 1)
  for (let i = 0; i < clip.length; i++) clip[i] = clip[i]! * gain * Math.min(1, i / fade, (clip.length - 1 - i) / fade)
  return clip
}

function gainFor(clip: Float32Array, level: number): number {
  let energy = 0
  let voiced = 0
  let peak = 0
  for (const sample of clip) {
    const size = Math.abs(sample)
    if (size > SILENCE) { energy += sample * sample; voiced++ }
    if (size > peak) peak = size
  }
  const wanted = level / Math.sqrt(energy / voiced)
  return Math.min(MAX_PEAK / peak, Math.max(MIN_GAIN, Math.min(MAX_GAIN, wanted)))
}
