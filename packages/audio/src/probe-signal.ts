export interface ProbeOptions {
  /** Hz. */
  sampleRate: number
  /** @default 1000 */
  lengthMs?: number
  /** Peak, 0 to 1. @default 0.25 */
  level?: number
}

/** A telephone's band: every loudspeaker and microphone has it. */
const LOWEST_HZ = 300
const HIGHEST_HZ = 3400
/** Long enough to sound like a glide and not like a click. */
const FADE_MS = 60

/**
 * A tone that glides up through the band of speech, with soft ends. It crosses each frequency once and spends the same time at each, so
 * that it is alike to itself at one delay only: its autocorrelation is about 0.3 ms wide.
 */
export function probeSignal({ sampleRate, lengthMs = 1000, level = 0.25 }: ProbeOptions): Float32Array {
  const length = Math.round(sampleRate * lengthMs / 1000)
  const fade = Math.min(length / 2, sampleRate * FADE_MS / 1000)
  const risePerSample = (HIGHEST_HZ - LOWEST_HZ) / length
  return Float32Array.from({ length }, (_, i) => {
    const turns = (LOWEST_HZ * i + risePerSample * i * i / 2) / sampleRate
    const edge = Math.min(1, (i + 1) / fade, (length - i) / fade)
    return level * Math.sin(2 * Math.PI * turns) * Math.sin(edge * Math.PI / 2) ** 2
  })
}
