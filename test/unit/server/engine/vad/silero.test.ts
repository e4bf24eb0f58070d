import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readFloatTensors } from '../../../../../server/engine/vad/onnx-tensors.ts'
import { createSileroStream, readSileroWeights, SILERO_FRAME_SAMPLES } from '../../../../../server/engine/vad/silero.ts'

const file = readFileSync(new URL('../../../../../server/engine/models/silero_vad_v5.onnx', import.meta.url))
const weights = readSileroWeights(file)

function wave(name: string): Float32Array {
  const bytes = readFileSync(new URL(`../../../../fixtures/speech/${name}`, import.meta.url))
  return Float32Array.from({ length: (bytes.length - 44) >> 1 }, (_, index) => bytes.readInt16LE(44 + index * 2) / 32_768)
}

function probabilities(samples: Float32Array, stream = createSileroStream(weights)): number[] {
  return Array.from({ length: Math.floor(samples.length / SILERO_FRAME_SAMPLES) }, (_, index) =>
    stream.process(samples.subarray(index * SILERO_FRAME_SAMPLES, (index + 1) * SILERO_FRAME_SAMPLES)))
}

test('the weights of both of the file\'s networks are found in it', () => {
  expect(readFloatTensors(file).filter(tensor => tensor.name.startsWith('encoder.0')).map(tensor => tensor.dims)).toEqual([[128, 65, 3], [128], [128, 129, 3], [128]])
})

test('a person is heard as speech, the silence around her is not', () => {
  const speech = wave('go-forward.wav')
  const result = probabilities(Float32Array.from([...new Float32Array(16_000), ...speech, ...new Float32Array(16_000)]))
  expect(Math.max(...result.slice(0, 31))).toBeLessThan(0.2)
  expect(Math.max(...result.slice(-20))).toBeLessThan(0.2)
  expect(result.filter(p => p > 0.5).length * 32).toBeGreaterThan(1_000)
})

test('noise, tones and clicks are not speech', () => {
  const noise = Float32Array.from({ length: 32_000 }, (_, i) => 0.2 * Math.sin(i * i * 12.9898))
  const tone = Float32Array.from({ length: 32_000 }, (_, i) => 0.3 * Math.sin(i * 0.17))
  const clicks = Float32Array.from({ length: 32_000 }, (_, i) => i % 8_000 < 40 ? 0.8 : 0)
  for (const samples of [noise, tone, clicks]) expect(probabilities(samples).filter(p => p > 0.5).length).toBeLessThanOrEqual(2)
})

test('after a reset the past is forgotten exactly', () => {
  const speech = wave('amiable.wav')
  const stream = createSileroStream(weights)
  const first = probabilities(speech, stream)
  stream.reset()
  expect(probabilities(speech, stream)).toEqual(first)
})

test('listeners share weights, not memory', () => {
  const speech = wave('amiable.wav').subarray(0, 32_000)
  const a = createSileroStream(weights)
  const b = createSileroStream(weights)
  const alone = probabilities(speech)
  const mixed: number[] = []
  for (let at = 0; at + SILERO_FRAME_SAMPLES <= speech.length; at += SILERO_FRAME_SAMPLES) {
    mixed.push(a.process(speech.subarray(at, at + SILERO_FRAME_SAMPLES)))
    b.process(new Float32Array(SILERO_FRAME_SAMPLES))
  }
  expect(mixed).toEqual(alone)
})

test.each([0, 1, 100, 65_000, file.length - 1_000])('a file cut off after %i bytes is refused', length => {
  expect(() => readSileroWeights(file.subarray(0, length))).toThrow()
})

test('a file of something else is refused', () => {
  expect(() => readSileroWeights(new TextEncoder().encode('version https://git-lfs.github.com/spec/v1'))).toThrow()
})
