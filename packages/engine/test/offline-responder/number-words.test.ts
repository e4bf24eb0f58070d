import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { readNumber, sayNumber, showNumber } from '../../src/adapters/offline-responder/number-words.ts'
import { readUtterance, textsOf } from '../../src/adapters/offline-responder/utterance.ts'

const read = (text: string, loose = false) => readNumber(textsOf(readUtterance(text)), 0, loose)?.value

describe('reading numbers', () => {
  it.each([
    ['zero', 0], ['seven', 7], ['nineteen', 19], ['forty', 40], ['twenty-five', 25], ['one hundred', 100], ['a hundred and one', 101],
    ['twelve hundred', 1200], ['three thousand four hundred and five', 3405], ['two million', 2_000_000], ['nineteen eighty four', 1984],
    ['twenty twenty six', 2026], ['3.5', 3.5], ['1,234', 1234], ['3 million', 3_000_000], ['two point five', 2.5], ['point five', 0.5],
    ['zero point oh five', 0.05], ['two and a half', 2.5], ['three and three quarters', 3.75], ['half', 0.5], ['two dozen', 24],
  ])('%s is %d', (said, value) => { expect(read(said)).toBe(value) })

  it('takes what sounds like a number only where one is expected', () => {
    expect(read('to')).toBeUndefined()
    expect(read('to', true)).toBe(2)
    expect(read('four', true)).toBe(4)
  })

  it('reads back every number it says', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 999 }), value => { expect(read(sayNumber(value))).toBe(value) }))
  })
})

describe('showing results', () => {
  it.each([
    [84, '84'], [5280, '5,280'], [-3.5, '-3.5'], [1 / 3, 'about 0.3333'], [0.1 + 0.2, '0.3'], [0.000123456, 'about 0.000123'], [0, '0'],
    [6.02e23, 'about 6.02 times 10 to the power of 23'],
  ])('%d is shown as %s', (value, text) => { expect(showNumber(value)).toBe(text) })
})
