import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { inShortSentences, restAfter, splitSentences } from '../../src/adapters/offline-responder/sentences.ts'

describe('sentences', () => {
  it('splits at the ends of sentences and not inside numbers', () => {
    expect(splitSentences('It is 3.5 miles. Is it? Yes!')).toEqual(['It is 3.5 miles. ', 'Is it? ', 'Yes!'])
  })

  it('loses nothing: the pieces joined are the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), text => { expect(splitSentences(text).join('')).toBe(text) }))
  })
})

describe('what is left after a cut', () => {
  const text = 'The sea was calm. Nobody spoke for a while. Then a bell rang.'

  it.each([
    ['', text],
    ['The sea', text],
    ['The sea was calm.', 'Nobody spoke for a while. Then a bell rang.'],
    ['The sea was calm. Nobody spo', 'Nobody spoke for a while. Then a bell rang.'],
    ['the sea was calm nobody spoke for a while then', 'Then a bell rang.'],
    [text, ''],
  ])('after "%s"', (heard, rest) => { expect(restAfter(text, heard)).toBe(rest) })

  it('takes up a list at the entry that was cut', () => {
    expect(restAfter('One, two, three, four, five.', 'One, two, thr')).toBe('three, four, five.')
    expect(restAfter('One, two, three, four, five.', 'One, two, three,')).toBe('four, five.')
  })

  it('knows when it was another text', () => { expect(restAfter(text, 'The sky was')).toBeUndefined() })

  it('is always the end of the text', () => {
    fc.assert(fc.property(fc.nat(text.length), length => { expect(text.endsWith(restAfter(text, text.slice(0, length))!)).toBe(true) }))
  })
})

describe('slower', () => {
  it('parts long sentences at their joints', () => {
    expect(inShortSentences('When the wind turned, the fog came in so thick that nobody saw it, and the bell rang.'))
      .toBe('When the wind turned. The fog came in so thick that nobody saw it. And the bell rang.')
  })
  it('parts a list into its entries', () => { expect(inShortSentences('One, two, three, four.')).toBe('One. Two. Three. Four.') })
})
