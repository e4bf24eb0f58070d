import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openWebrtcVad } from '../../../../../server/engine/vad/webrtc.ts'

const open = await openWebrtcVad()
const bytes = readFileSync('test/fixtures/speech/amiable.wav')
const speech = Float32Array.from({ length: (bytes.length - 44) >> 1 }, (_, index) => bytes.readInt16LE(44 + index * 2) / 32_768)

function answers(samples: Float32Array, frameSamples: number): number[] {
  const stream = open()
  const count = Math.floor(samples.length / frameSamples)
  const frames = Array.from({ length: count }, (_, index) => samples.subarray(index * frameSamples, (index + 1) * frameSamples))
  const shares = frames.map(frame => stream.process(frame))
  stream.close?.()
  return shares
}

const share = (values: number[], over: number) => values.filter(value => value > over).length / values.length

test('a person who talks is speech, a quiet room is not', () => {
  expect(share(answers(speech, 512), 0.5)).toBeGreaterThan(0.6)
  const room = Float32Array.from({ length: 32_000 }, (_, i) => 0.0005 * Math.sin(i * i * 12.9898))
  expect(share(answers(room, 512), 0.5)).toBe(0)
})

test('the answer is a share of the last five verdicts', () => {
  const shares = answers(speech, 512)
  for (const value of shares) expect([0, 0.2, 0.4, 0.6, 0.8, 1]).toContain(value)
  expect(shares[0]).toBeLessThanOrEqual(0.6)
})

test('frames may be of any length: what is decided is the same, 10 ms at a time', () => {
  const fine = answers(speech, 160)
  const coarse = answers(speech, 480)
  expect(coarse).toEqual(fine.filter((_, index) => index % 3 === 2).slice(0, coarse.length))
  // 512 samples are 3.2 verdicts: five frames are sixteen.
  const engine = answers(speech, 512)
  expect(engine.filter((_, index) => index % 5 === 4)).toEqual(fine.filter((_, index) => index % 16 === 15).slice(0, Math.floor(engine.length / 5)))
})

test('listeners don\'t hear each other', () => {
  const alone = answers(speech, 512)
  const [first, second] = [open(), open()]
  const mixed = alone.map((_, index) => {
    second.process(new Float32Array(512))
    return first.process(speech.subarray(index * 512, (index + 1) * 512))
  })
  first.close?.()
  second.close?.()
  expect(mixed).toEqual(alone)
})

test('clipped samples and a thousand listeners, one after the other, do no harm', () => {
  for (let i = 0; i < 1_000; i++) {
    const stream = open()
    expect(stream.process(new Float32Array(512).fill(i % 2 ? 9 : -9))).toBeLessThanOrEqual(1)
    stream.close?.()
  }
})
