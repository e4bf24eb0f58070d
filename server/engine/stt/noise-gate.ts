import type { Transcript } from '@kaiwa/engine'
import type { RecognisedWord } from './pocketsphinx.ts'

/**
 * Noise is heard as one or two short words that the recogniser itself doubts ("if", 0.04); said words of that length measured
 * 0.30 to 1.00. A longer sentence is never dropped: a doubted word in it says more than a gap.
 */
const MAX_NOISE_WORDS = 2
const MIN_CONFIDENCE = 0.2

/** Words → transcript; empty when they are most likely noise. Confidence is the mean over the words. */
export function gateNoise(words: readonly RecognisedWord[]): Transcript {
  const confidence = words.reduce((sum, word) => sum + word.confidence, 0) / words.length
  if (words.length === 0 || (words.length <= MAX_NOISE_WORDS && confidence < MIN_CONFIDENCE)) return { text: '', confidence: 0 }
  return { text: words.map(word => word.text).join(' '), confidence }
}
