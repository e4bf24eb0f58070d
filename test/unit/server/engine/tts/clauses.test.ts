import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clausesOf } from '../../../../../server/engine/tts/clauses.ts'

test('sentences come one by one, in Latin and in Japanese', () => {
  expect(clausesOf('It is 3.5 degrees. Take a coat!  Really?')).toEqual(['It is 3.5 degrees.', 'Take a coat!', 'Really?'])
  expect(clausesOf('こんにちは。お元気ですか？はい')).toEqual(['こんにちは。', 'お元気ですか？', 'はい'])
})

test('marks and pictures are left out, and what then has no word', () => {
  expect(clausesOf('**Sure** 🎧! … 👍')).toEqual(['Sure !'])
  expect(clausesOf('...')).toEqual([])
  expect(clausesOf('')).toEqual([])
})

test('a long sentence is cut at commas, or between words', () => {
  const long = `${'one two three four five, '.repeat(20)}end.`
  const parts = clausesOf(long)
  expect(parts.length).toBeGreaterThan(1)
  expect(parts.slice(0, -1).every(part => part.endsWith(','))).toBe(true)
  expect(parts.join(' ')).toBe(long)
  expect(clausesOf('word '.repeat(100)).join(' ')).toBe('word '.repeat(100).trim())
})

test('whatever the text, no part is longer than 200 characters, and no letter is lost', () => {
  const letters = (text: string) => text.match(/[\p{L}\p{N}]/gu) ?? []
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', 'b ', ', ', '. ', '漢', '。', '、', '𝒳'), maxLength: 1_500 }), text => {
    const parts = clausesOf(text)
    for (const part of parts) expect(part.length).toBeLessThanOrEqual(200)
    expect(letters(parts.join(' '))).toEqual(letters(text))
  }))
})
