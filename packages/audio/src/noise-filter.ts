import { createResampler } from './resampler.ts'
import type { Denoiser } from './rnnoise.ts'

export interface NoiseFilter {
  /** From the sound to the same sound, filtered, ms. */
  readonly delayMs: number
  /** One quantum in, as many samples out. Allocates nothing as long as quanta have the size that they had. */
  process(input: Float32Array, output: Float32Array): void
  /** A quantum without input (the source is gone for the moment): silence, so that the time axis stays whole. */
  processSilence(output: Float32Array): void
}

/** Quanta have 128 samples everywhere today; another size costs one allocation. */
const QUANTUM = 128
/** Two resamplers let samples through in steps of their own: room for the largest, ms. */
const STEP_MS = 1

/**
 * A denoiser of fixed frames and a fixed rate, for a context of any rate and quantum: a stream in, the same stream filtered and late by a
 * constant `delayMs`. At the denoiser's own rate nothing is resampled.
 */
export function createNoiseFilter({ contextRate }: { contextRate: number }, denoiser: Denoiser): NoiseFilter {
  const { sampleRate, frameSamples } = denoiser
  const down = createResampler({ inputRate: contextRate, outputRate: sampleRate })
  const up = createResampler({ inputRate: sampleRate, outputRate: contextRate })
  const resamplingSamples = down.lookaheadSamples + (up.lookaheadSamples + 1) * contextRate / sampleRate + STEP_MS * contextRate / 1000
  // A frame has to be whole before any of it can come out.
  const waiting = Math.ceil(frameSamples * contextRate / sampleRate + (contextRate === sampleRate ? 0 : resamplingSamples))
  const frame = new Float32Array(frameSamples)
  let filled = 0
  const zeros = new Float32Array(QUANTUM)
  let atDenoiser = new Float32Array(down.maxOutput(QUANTUM) + 8)
  const filtered = new Float32Array(up.maxOutput(frameSamples) + 8)
  let ready = new Float32Array(waiting + filtered.length + 2 * QUANTUM)
  let readyCount = waiting

  function makeRoom(count: number): void {
    const room = down.maxOutput(count)
    if (room > atDenoiser.length) atDenoiser = new Float32Array(room)
    const most = readyCount + Math.ceil((room + frameSamples) * contextRate / sampleRate) + filtered.length
    if (most <= ready.length) return
    const longer = new Float32Array(most)
    longer.set(ready.subarray(0, readyCount))
    ready = longer
  }

  function take(samples: Float32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      frame[filled++] = samples[i]!
      if (filled < frameSamples) continue
      filled = 0
      denoiser.process(frame)
      readyCount += up.processInto(frame, frameSamples, ready, readyCount)
    }
  }

  function give(output: Float32Array): void {
    const count = Math.min(output.length, readyCount)
    for (let i = 0; i < count; i++) output[i] = ready[i]!
    output.fill(0, count)
    ready.copyWithin(0, count, readyCount)
    readyCount -= count
  }

  function process(input: Float32Array, output: Float32Array): void {
    makeRoom(input.length)
    take(atDenoiser, down.processInto(input, input.length, atDenoiser))
    give(output)
  }

  return {
    delayMs: waiting * 1000 / contextRate + denoiser.delaySamples * 1000 / sampleRate,
    process,
    processSilence(output) {
      // Never the size of now: quanta keep theirs.
      const silence = output.length === QUANTUM ? zeros : new Float32Array(output.length)
      process(silence, output)
    },
  }
}
