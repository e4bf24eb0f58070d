import type { Recording } from './wav.ts'

/**
 * Something like a cough: a burst of noise that dies away, with a voiced end as coughs have. Always the same.
 * @param bursts each 220 ms, 160 ms apart
 */
export function cough(bursts = 1, sampleRate = 48_000): Recording {
  const burst = Math.round(sampleRate * 0.22)
  const apart = Math.round(sampleRate * 0.16)
  const samples = new Int16Array(bursts * (burst + apart))
  let seed = 7
  const noise = () => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff
    return seed / 0x4000_0000 - 1
  }
  for (let n = 0; n < bursts; n++) {
    let low = 0
    let phase = 0
    for (let i = 0; i < burst; i++) {
      const at = i / burst
      low += 0.4 * (noise() - low)
      phase += 2 * Math.PI * (190 - 60 * at) / sampleRate
      const hiss = 0.9 * low * Math.exp(-i / (sampleRate * 0.06)) * Math.min(1, i / (sampleRate * 0.004))
      const voiced = at < 0.4 ? 0 : 0.25 * Math.sin(Math.PI * (at - 0.4) / 0.6) * (Math.sin(phase) + 0.5 * Math.sin(2 * phase))
      samples[n * (burst + apart) + i] = Math.max(-1, Math.min(1, hiss + voiced)) * 32_767
    }
  }
  return { sampleRate, samples }
}
