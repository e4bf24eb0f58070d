import { createResampler, decodePcm16, pcm16ToFloat } from '@kaiwa/audio'
import type { Talker } from './talker.ts'

/** The samples of an answer as the server sent them, 24 kHz. */
export function sentAudio(received: Talker['received'], itemId: string): Float32Array {
  const deltas = received.filter(event => event.type === 'response.output_audio.delta' && event.item_id === itemId)
  const pieces = deltas.map(event => pcm16ToFloat(decodePcm16(String(event.delta))!))
  const samples = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  pieces.reduce((at, piece) => { samples.set(piece, at); return at + piece.length }, 0)
  return samples
}

/** What should leave the loudspeaker, at its rate. */
export function expectedOutput(sent: Float32Array, sampleRate: number): Float32Array {
  const resampler = createResampler({ inputRate: 24_000, outputRate: sampleRate })
  const [body, rest] = [resampler.process(sent), resampler.flush()]
  const whole = new Float32Array(body.length + rest.length)
  whole.set(body)
  whole.set(rest, body.length)
  return whole
}

/** Index of the first sample that isn't silence; -1 when there is none. */
export const firstSound = (samples: Float32Array, from = 0) => samples.findIndex((sample, index) => index >= from && Math.abs(sample) > 1e-4)

/**
 * Where in `played` the answer begins: the lag at which a stretch of it from the middle of the first second agrees best.
 * @returns samples
 */
export function alignment(played: Float32Array, expected: Float32Array, sampleRate: number): number {
  const start = firstSound(played) - firstSound(expected)
  const probe = expected.subarray(Math.floor(sampleRate * 0.3), Math.floor(sampleRate * 0.5))
  let best = { lag: start, error: Infinity }
  for (let lag = start - 500; lag <= start + 500; lag++) {
    let error = 0
    const at = lag + Math.floor(sampleRate * 0.3)
    for (let i = 0; i < probe.length; i++) error += ((played[at + i] ?? 0) - probe[i]!) ** 2
    if (error < best.error) best = { lag, error }
  }
  return best.lag
}

/** The player fades in and out by less than this. */
const FADE_MS = 5

/** Signal to noise of `played` against `expected` from `lag` on, dB, over the whole answer. */
export function agreementDb(played: Float32Array, expected: Float32Array, lag: number, sampleRate: number): number {
  const fadeSamples = Math.round(FADE_MS * sampleRate / 1000)
  let signal = 0
  let noise = 0
  for (let i = fadeSamples; i < expected.length - fadeSamples; i++) {
    signal += expected[i]! ** 2
    noise += ((played[lag + i] ?? 0) - expected[i]!) ** 2
  }
  return 10 * Math.log10(signal / Math.max(noise, 1e-20))
}
