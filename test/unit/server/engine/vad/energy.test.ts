import { expect, test } from 'vitest'
import { createEnergyStream } from '../../../../../server/engine/vad/energy.ts'

const frame = (level: number) => Float32Array.from({ length: 512 }, (_, i) => level * Math.sin(i * 0.3))

test('loud is speech, quiet is not, and a steady hum stops being speech', () => {
  const stream = createEnergyStream()
  for (let i = 0; i < 20; i++) expect(stream.process(frame(0.001))).toBeLessThan(0.3)
  expect(stream.process(frame(0.1))).toBeGreaterThan(0.9)
  expect(stream.process(frame(0.001))).toBeLessThan(0.3)
  let last = 1
  for (let i = 0; i < 600; i++) last = stream.process(frame(0.02))
  expect(last).toBeLessThan(0.5)
})

test('digital silence is no division by zero', () => {
  expect(createEnergyStream().process(new Float32Array(512))).toBeLessThan(0.1)
})
