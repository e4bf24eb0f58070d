import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { findSum } from '../../src/adapters/offline-responder/arithmetic.ts'
import { readUtterance, textsOf } from '../../src/adapters/offline-responder/utterance.ts'

const expressionIn = (text: string): string | undefined => findSum(textsOf(readUtterance(text)))?.expression

describe('words become an expression', () => {
  it.each([
    ['what is twelve times seven', '12*7'],
    ['What\'s 12 x 7?', '12*7'],
    ['12*7', '12*7'],
    ['12×7=?', '12*7'],
    ['twenty five percent of eighty', '(25/100*80)'],
    ['what\'s 25% of 80', '(25/100*80)'],
    ['fifteen percent tip on forty dollars', '(15/100*40)'],
    ['fifty plus ten percent', '(50)*(1+(10/100))'],
    ['one hundred and five minus six', '105-6'],
    ['a hundred divided by eight', '100/8'],
    ['ten over four', '10/4'],
    ['three point one four times two', '3.14*2'],
    ['1,000 / 4', '1000/4'],
    ['two thousand and twenty six minus nineteen eighty four', '2026-1984'],
    ['the square root of eighty one', 'sqrt(81)'],
    ['√16 + 2', 'sqrt(16)+2'],
    ['five squared plus two cubed', '(5)^2+(2)^3'],
    ['two to the power of ten', '2^10'],
    ['2^10', '2^10'],
    ['add five and six', '(5+6)'],
    ['subtract four from ten', '(10-4)'],
    ['multiply six by seven', '(6*7)'],
    ['divide nine by three', '(9/3)'],
    ['the sum of two and three', '(2+3)'],
    ['half of thirty', '(0.5*30)'],
    ['(3+4)*2', '(3+4)*2'],
    ['minus five plus seven', '(-5)+7'],
    ['three and a half times two', '3.5*2'],
    ['a dozen times three', '12*3'],
    ['seventeen modulo five', '17 mod 5'],
  ])('%s → %s', (said, expression) => { expect(expressionIn(said)).toBe(expression) })

  it.each([
    ['what is to plus two', '2+2'],
    ['what is twelve times for', '12*4'],
    ['ate minus won', '8-1'],
    ['ten divided buy too', '10/2'],
    ['seven pulse three', '7+3'],
    ['nine miners five', '9-5'],
  ])('reads through a mishearing: %s → %s', (said, expression) => { expect(expressionIn(said)).toBe(expression) })

  it.each(['go forward ten meters', 'what time is it', 'to be or not to be', 'I have two cats', 'twelve', '(((((', 'ill-disposed twenty-five', '1e308 * 10'])(
    'finds none in: %s', said => { expect(expressionIn(said)).toBeUndefined() })

  it('lets nothing but digits, signs and two functions into an expression', () => {
    const word = fc.constantFrom('two', 'plus', 'times', 'import', 'percent', 'of', '(', ')', 'minus', '7', 'sqrt', 'squared', 'and', 'half', 'x', '^', 'evaluate', 'square', 'root', '{', '=', '3.5', 'million')
    fc.assert(fc.property(fc.array(word, { maxLength: 40 }), words => {
      const expression = expressionIn(words.join(' '))
      expect(expression ?? '1').toMatch(/^(?:[\d.()+\-*/^ ]|mod|sqrt|cbrt)+$/)
    }))
  })

  it('survives deep nesting', () => {
    expect(() => expressionIn('('.repeat(300) + '1+1' + ')'.repeat(300))).not.toThrow()
    expect(() => expressionIn('minus '.repeat(90) + 'one')).not.toThrow()
  })
})
