import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createNoiseFilter } from '../src/noise-filter.ts'
import type { Denoiser } from '../src/rnnoise.ts'
import { signalToNoise, tone } from './tone.ts'

/** Takes nothing out, and is as late as RNNoise. */
function untouching(): Denoiser & { frames: number } {
  let before = new Float32Array(480)
  return {
    sampleRate: 48_000, frameSamples: 480, delaySamples: 480, frames: 0,
    process(frame) {
      this.frames++
      const now = frame.slice()
      frame.set(before)
      before = now
    },
    close() {},
  }
}

function filtered(input: Float32Array, contextRate: number, quanta: () => number) {
  const filter = createNoiseFilter({ contextRate }, untouching())
  const output = new Float32Array(input.length)
  for (let at = 0; at < input.length;) {
    const count = Math.min(quanta(), input.length - at)
    filter.process(input.subarray(at, at + count), output.subarray(at, at + count))
    at += count
  }
  return { output, delaySamples: Math.round(filter.delayMs * contextRate / 1000), delayMs: filter.delayMs }
}

describe('the noise filter', () => {
  it.each([16_000, 44_100, 48_000, 96_000])('at %i Hz passes the sound on whole, late by what it says', contextRate => {
    const input = tone(440, contextRate, contextRate)
    const { output, delaySamples } = filtered(input, contextRate, () => 128)
    expect(signalToNoise(output.subarray(delaySamples), input, contextRate / 20)).toBeGreaterThan(60)
    expect(Math.max(...output.subarray(0, delaySamples - contextRate / 500).map(Math.abs))).toBeLessThan(0.01)
  })

  it('at its own rate changes no sample', () => {
    const input = tone(440, 48_000, 9600)
    const { output, delaySamples, delayMs } = filtered(input, 48_000, () => 128)
    expect(delayMs).toBe(20)
    expect(output.subarray(delaySamples)).toEqual(input.subarray(0, input.length - delaySamples))
  })

  it('gives a sample for each, without a gap, however the stream is cut', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 2048 }), { minLength: 1, maxLength: 20 })
    fc.assert(fc.property(fc.constantFrom(44_100, 48_000), sizes, (contextRate, sizes) => {
      let next = 0
      const input = tone(300, contextRate, 24_000)
      const { output, delaySamples } = filtered(input, contextRate, () => sizes[next++ % sizes.length]!)
      expect(signalToNoise(output.subarray(delaySamples), input, 2400)).toBeGreaterThan(60)
    }), { numRuns: 30 })
  })

  it('goes on through a source that is gone for the moment', () => {
    const denoiser = untouching()
    const filter = createNoiseFilter({ contextRate: 48_000 }, denoiser)
    const output = new Float32Array(128).fill(1)
    for (let i = 0; i < 75; i++) filter.processSilence(output)
    expect(denoiser.frames).toBe(20)
    expect(output).toEqual(new Float32Array(128))
  })
})
