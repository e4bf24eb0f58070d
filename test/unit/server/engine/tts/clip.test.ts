import { expect, test } from 'vitest'
import { clipDefaults, finishClip } from '../../../../../server/engine/tts/clip.ts'

const options = { sampleRate: 16_000, ...clipDefaults }

/** Silence, then a tone of that size, then silence. */
function recording(size: number, { leadMs = 300, toneMs = 500, trailMs = 300 } = {}): Float32Array {
  const samples = new Float32Array((leadMs + toneMs + trailMs) * 16)
  for (let i = 0; i < toneMs * 16; i++) samples[leadMs * 16 + i] = size * Math.sin(i * 0.2)
  return samples
}

const level = (samples: Float32Array) => Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)

test('long silence in front and behind is cut to the pause that is wanted', () => {
  const clip = finishClip(recording(0.3), options)
  expect(clip.length / 16).toBeGreaterThan(650)
  expect(clip.length / 16).toBeLessThan(665)
})

test('it begins and ends at zero without a step', () => {
  const clip = finishClip(recording(0.3, { leadMs: 0, trailMs: 0 }), options)
  expect(Math.abs(clip[0]!)).toBe(0)
  expect(Math.abs(clip.at(-1)!)).toBe(0)
  expect(Math.max(...clip.subarray(0, 16).map(Math.abs))).toBeLessThan(0.05)
})

test('quiet and loud voices come out equally loud', () => {
  const quiet = level(finishClip(recording(0.06), options))
  const loud = level(finishClip(recording(0.4), options))
  expect(Math.abs(20 * Math.log10(quiet / loud))).toBeLessThan(1)
})

test('correction is moderate: a whisper stays one, and nothing clips', () => {
  expect(level(finishClip(recording(0.01), options))).toBeLessThan(0.03)
  const spiky = recording(0.02)
  spiky[6_000] = 1
  expect(Math.max(...finishClip(spiky, options).map(Math.abs))).toBeLessThanOrEqual(0.9001)
})

test('silence becomes nothing', () => {
  expect(finishClip(new Float32Array(1_000), options).length).toBe(0)
})
