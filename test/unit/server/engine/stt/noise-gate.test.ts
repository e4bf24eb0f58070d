import { expect, test } from 'vitest'
import { gateNoise } from '../../../../../server/engine/stt/noise-gate.ts'

test('one or two words that the recogniser doubts are noise', () => {
  expect(gateNoise([{ text: 'if', confidence: 0.04 }])).toEqual({ text: '', confidence: 0 })
  expect(gateNoise([{ text: 'if', confidence: 0.1 }, { text: 'the', confidence: 0.2 }]).text).toBe('')
})

test('short answers are kept', () => {
  expect(gateNoise([{ text: 'yes', confidence: 0.3 }])).toEqual({ text: 'yes', confidence: 0.3 })
})

test('a longer sentence is kept whole, doubts and all', () => {
  const words = ['so', 'we', 'go'].map(text => ({ text, confidence: 0.05 }))
  expect(gateNoise(words).text).toBe('so we go')
})

test('nothing heard is an empty transcript', () => {
  expect(gateNoise([])).toEqual({ text: '', confidence: 0 })
})
