import type { Output } from './output.ts'

/** Two frames of the microphone at the usual rates: nothing falls between two looks. */
const WINDOW_SAMPLES = 4096

/** How loud what leaves the player is: root mean square over the last tenth of a second or so, after the volume. */
export function openPlayedLevel(context: AudioContext, { input }: Pick<Output, 'input'>): () => number {
  const analyser = context.createAnalyser()
  analyser.fftSize = WINDOW_SAMPLES
  input.connect(analyser)
  const samples = new Float32Array(WINDOW_SAMPLES)
  return () => {
    analyser.getFloatTimeDomainData(samples)
    let sum = 0
    for (const sample of samples) sum += sample * sample
    return Math.sqrt(sum / WINDOW_SAMPLES)
  }
}
