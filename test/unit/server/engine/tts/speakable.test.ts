import fc from 'fast-check'
import { expect, test } from 'vitest'
import { partsToSpeak, speakable } from '../../../../../server/engine/tts/speakable.ts'

test('accents fall away, typography becomes plain, money is spelled', () => {
  expect(speakable('A naïve “café” costs 5€ – really…')).toEqual({ text: 'A naive cafe costs 5 euros, really.', skipped: [] })
})

test('letters of other scripts are left out and told, pictures just left out', () => {
  expect(speakable('Say 日本 now 🙂')).toEqual({ text: 'Say now', skipped: ['日', '本'] })
})

test('nothing is left of a text in Japanese, or of punctuation', () => {
  expect(speakable('こんにちは。')).toMatchObject({ text: '', skipped: ['こ', 'ん', 'に', 'ち', 'は'] })
  expect(speakable('… !')).toEqual({ text: '', skipped: [] })
})

test('marks of written lists and headings are not read', () => {
  expect(speakable('## Title\n* **one**').text).toBe('Title one')
})

test('whatever the text, what is left is printable ASCII', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), text => {
    expect(speakable(text).text).toMatch(/^[ -~]*$/)
  }))
})

test('a text is cut at its sentences, not at abbreviations or numbers', () => {
  expect(partsToSpeak('Hello. It is 3.5 km, says Mr. Smith! Really?! Yes.')).toEqual(['Hello.', 'It is 3.5 km, says Mr. Smith!', 'Really?!', 'Yes.'])
})

test('a long sentence is cut at a comma, and without one between words', () => {
  const clause = 'this goes on and on and on and on and on and on and on'
  expect(partsToSpeak(`${clause}, ${clause}, ${clause}`)).toEqual([`${clause},`, `${clause}, ${clause}`])
  expect(partsToSpeak('word '.repeat(200)).every(part => part.length <= 400)).toBe(true)
})

test('no word gets lost between the parts, and no part is too long', () => {
  const words = fc.array(fc.stringMatching(/^[A-Za-z0-9]{1,12}[,.!?;:]?$/), { minLength: 1, maxLength: 200 })
  fc.assert(fc.property(words, list => {
    const text = list.join(' ')
    const parts = partsToSpeak(text)
    expect(parts.join(' ')).toBe(text)
    expect(Math.max(...parts.map(part => part.length))).toBeLessThanOrEqual(400)
  }))
})
