const WINDOW_S = 0.5
const MAX_LAG_S = 0.35
/** −50 dB over a window: less is a pause between words. */
const SOUNDING = 1e-5

/** For each half second that sounds: how much later it is heard than it was played, and how alike it is (normalised correlation). */
export function loopLags(played: Float32Array, heard: Float32Array, sampleRate: number): { atMs: number, lagMs: number, correlation: number }[] {
  const window = Math.round(WINDOW_S * sampleRate)
  const starts = Array.from({ length: Math.floor((played.length - window * (1 + MAX_LAG_S / WINDOW_S)) / window) }, (_, i) => i * window)
  const sounding = starts.filter(start => energy(played, start, window) / window > SOUNDING)
  return sounding.map(start => ({ atMs: start * 1000 / sampleRate, ...bestLag(played, heard, start, window, sampleRate) }))
}

function bestLag(played: Float32Array, heard: Float32Array, start: number, window: number, sampleRate: number) {
  const own = energy(played, start, window)
  const at = (lag: number, stride: number) => {
    let product = 0
    let other = 0
    for (let i = 0; i < window; i += stride) {
      const sample = heard[start + lag + i] ?? 0
      product += sample * played[start + i]!
      other += sample * sample
    }
    return product * stride / Math.sqrt(Math.max(own * other * stride, 1e-12))
  }
  const search = (from: number, to: number, step: number, stride: number) => {
    let best = { lag: from, correlation: -1 }
    for (let lag = from; lag <= to; lag += step) {
      const correlation = at(lag, stride)
      if (correlation > best.correlation) best = { lag, correlation }
    }
    return best
  }
  const coarse = search(0, Math.round(MAX_LAG_S * sampleRate), 3, 5)
  const { lag, correlation } = search(Math.max(0, coarse.lag - 4), coarse.lag + 4, 1, 1)
  return { lagMs: lag * 1000 / sampleRate, correlation }
}

function energy(samples: Float32Array, from: number, length: number): number {
  let sum = 0
  for (let i = from; i < from + length; i++) sum += samples[i]! ** 2
  return sum
}
