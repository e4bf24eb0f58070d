import { describe, expect, it } from 'vitest'
import { createCapture, floatToPcm16, pcm16ToFloat, type CaptureFrame } from '@kaiwa/audio'
import { signalToNoise, tone } from './tone.ts'

function capture(inputRate: number, seconds: number) {
  const frames: CaptureFrame[] = []
  const taking = createCapture({ inputRate }, frame => frames.push({ ...frame, samples: frame.samples.slice() }))
  const input = tone(500, inputRate, inputRate * seconds)
  for (let at = 0; at < input.length; at += 128) taking.write(input.subarray(at, at + 128))
  return { frames, taking }
}

describe('capture', () => {
  it.each([16_000, 44_100, 48_000, 96_000])('turns quanta at %d Hz into gapless frames of 40 ms at 24 kHz', inputRate => {
    const { frames } = capture(inputRate, 1)
    expect(frames.length).toBe(24)
    expect(frames.map(frame => frame.firstSample)).toEqual(frames.map((_, i) => i * 960))
    expect(frames.every(frame => frame.samples.length === 960)).toBe(true)
    const all = pcm16ToFloat(Int16Array.from(frames.flatMap(frame => [...frame.samples])))
    // 16-bit rounding at this level leaves about 92 dB.
    expect(signalToNoise(all, tone(500, 24_000, all.length))).toBeGreaterThan(80)
    expect(frames[5]!.level).toBeCloseTo(0.5 / Math.SQRT2, 3)
  })

  it('fills the time without input with silence', () => {
    const { frames, taking } = capture(24_000, 0.04)
    taking.writeSilence(24_000)
    expect(frames.length).toBe(26)
    expect(frames.at(-1)).toEqual({ samples: floatToPcm16(new Float32Array(960)), level: 0, firstSample: 25 * 960 })
  })
})
