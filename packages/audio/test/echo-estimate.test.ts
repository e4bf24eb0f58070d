import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { estimateEcho, probeSignal } from '../src/index.ts'

interface Path { delayMs: number, gain: number }

/** Repeatable noise, −1 to 1. */
function noiseOf(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  }
}

/** Half a second of quiet, the probe, one second more; the microphone hears it over each of the paths. */
function room(sampleRate: number, paths: Path[], noise: number, seed: number) {
  const probe = probeSignal({ sampleRate })
  const before = sampleRate / 2
  const reference = new Float32Array(before + probe.length + sampleRate)
  reference.set(probe, before)
  const random = noiseOf(seed)
  const microphone = Float32Array.from(reference, () => noise * random())
  for (const { delayMs, gain } of paths) {
    const delay = Math.round(delayMs * sampleRate / 1000)
    for (let i = 0; i + delay < microphone.length; i++) microphone[i + delay]! += gain * reference[i]!
  }
  return { reference, microphone, sampleRate }
}

const rates = fc.constantFrom(16_000, 44_100, 48_000)
const seeds = fc.integer({ min: 1, max: 2 ** 31 })
const between = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const totalLossDb = (paths: Path[]) => -10 * Math.log10(paths.reduce((sum, { gain }) => sum + gain ** 2, 0))
const runs = { numRuns: 12 }

describe('the probe', () => {
  it.each([16_000, 44_100, 48_000])('begins and ends softly and stays below its level at %i Hz', sampleRate => {
    const probe = probeSignal({ sampleRate })
    expect(probe.length).toBe(sampleRate)
    expect(Math.max(...probe.map(Math.abs))).toBeLessThanOrEqual(0.25)
    expect(Math.abs(probe[0]!)).toBeLessThan(1e-3)
    expect(Math.abs(probe.at(-1)!)).toBeLessThan(1e-3)
  })
})

describe('an echo', () => {
  it('is found where it is, within 1 ms and 1 dB, in noise', () => {
    fc.assert(fc.property(rates, seeds, between(5, 600), between(-40, 0), (sampleRate, seed, delayMs, gainDb) => {
      const found = estimateEcho(room(sampleRate, [{ delayMs, gain: 10 ** (gainDb / 20) }], 0.0005, seed))!
      expect(Math.abs(found.delayMs - delayMs)).toBeLessThan(1)
      expect(Math.abs(found.lossDb + gainDb)).toBeLessThan(1)
    }), runs)
  })

  it('is found by its first arrival, and its loss is that of all reflections together', () => {
    const reflection = fc.record({ laterMs: between(4, 120), share: between(0.05, 0.5), flip: fc.boolean() })
    fc.assert(fc.property(rates, seeds, between(20, 300), fc.array(reflection, { minLength: 1, maxLength: 4 }), (sampleRate, seed, delayMs, later) => {
      const paths = [{ delayMs, gain: 0.2 }]
      // Far enough from one another that the energies simply add.
      for (const { laterMs, share, flip } of later) {
        if (paths.every(path => Math.abs(path.delayMs - delayMs - laterMs) > 4)) paths.push({ delayMs: delayMs + laterMs, gain: 0.2 * share * (flip ? -1 : 1) })
      }
      const found = estimateEcho(room(sampleRate, paths, 0.001, seed))!
      expect(Math.abs(found.delayMs - delayMs)).toBeLessThan(1)
      expect(Math.abs(found.lossDb - totalLossDb(paths))).toBeLessThan(1)
    }), runs)
  })

  it('is found below the noise, by its first arrival', () => {
    fc.assert(fc.property(rates, seeds, (sampleRate, seed) => {
      const found = estimateEcho(room(sampleRate, [{ delayMs: 80, gain: 0.05 }], 0.03, seed))!
      expect(Math.abs(found.delayMs - 80)).toBeLessThan(1)
      expect(Math.abs(found.lossDb - 26)).toBeLessThan(2)
    }), runs)
  })

  it('tells how long the room goes on', () => {
    const found = estimateEcho(room(48_000, [{ delayMs: 50, gain: 0.3 }, { delayMs: 130, gain: 0.1 }], 0, 1))!
    expect(Math.abs(found.decayMs - 80)).toBeLessThan(3)
  })

  it('is not shifted by hum and an offset', () => {
    const heard = room(48_000, [{ delayMs: 123, gain: 0.02 }], 0.0005, 5)
    heard.microphone.forEach((_, i) => { heard.microphone[i]! += 0.1 + 0.2 * Math.sin(2 * Math.PI * 50 * i / 48_000) })
    const found = estimateEcho(heard)!
    expect(Math.abs(found.delayMs - 123)).toBeLessThan(1)
  })
})

describe('no echo', () => {
  it('is found in noise of any level', () => {
    fc.assert(fc.property(rates, seeds, fc.constantFrom(0, 1e-4, 0.01, 0.5), (sampleRate, seed, noise) => {
      expect(estimateEcho(room(sampleRate, [], noise, seed))).toBeUndefined()
    }), { numRuns: 20 })
  })

  it('is found when nothing was played, and in an empty recording', () => {
    expect(estimateEcho({ reference: new Float32Array(48_000), microphone: new Float32Array(48_000).fill(0.1), sampleRate: 48_000 })).toBeUndefined()
    expect(estimateEcho({ reference: new Float32Array(0), microphone: new Float32Array(0), sampleRate: 48_000 })).toBeUndefined()
  })
})
