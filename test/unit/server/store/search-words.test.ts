import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { holdsPhrase, searchQuery, searchWords } from '../../../../server/store/search-words.ts'
import { hitIn, snippetOf } from '../../../../server/store/snippet.ts'

/** As the index would: all phrases in one text. */
const finds = (text: string, query: string) => {
  const words = searchWords(text)
  const sought = searchQuery(query)
  return sought.length > 0 && sought.every(phrase => holdsPhrase(words, phrase))
}
const anyText = fc.string({ unit: 'grapheme', maxLength: 200 })
const japanese = fc.array(fc.constantFrom(...'会議室東京駅のにをカナーメ々𠮟가나'), { minLength: 1, maxLength: 12 })

describe('search words', () => {
  it.each([
    ['Hello, World!', ['hello', 'world']], ['don\'t “don’t”', ['dont', 'dont']], ['ＡＢＣ１２３ ｶﾞｷﾞ', ['abc123', 'ガギ', 'ギ']], ['会議室', ['会議', '議室', '室']], ['駅', ['駅']],
    ['GPT会議v2', ['gpt', '会議', '議', 'v2']], ['会議、会議', ['会議', '議', '会議', '議']], ['Café naïve', ['café', 'naïve']], ['👩‍🚀 !?', []], ['', []], ['ヴァイオリン', ['ヴァ', 'ァイ', 'イオ', 'オリ', 'リン', 'ン']],
  ])('of %j are %j', (text, words) => { expect(searchWords(text)).toEqual(words) })

  it('hold nothing but letters, digits and marks, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), text => {
      for (const word of searchWords(text)) {
        expect(word).toMatch(/^[\p{L}\p{N}\p{M}]+$/u)
        expect(word.isWellFormed()).toBe(true)
        expect(word.length).toBeLessThanOrEqual(64)
      }
      for (const { words } of searchQuery(text)) for (const word of words) expect(word).toMatch(/^[\p{L}\p{N}\p{M}]+$/u)
    }))
  })

  it('don\'t depend on case or form', () => {
    fc.assert(fc.property(anyText, text => {
      expect(searchWords(text.normalize('NFD'))).toEqual(searchWords(text.normalize('NFC')))
      expect(searchWords(text.normalize('NFKC'))).toEqual(searchWords(text))
    }))
  })

  it('every stretch of Japanese is found by every piece of it, and by nothing that isn\'t one', () => {
    fc.assert(fc.property(japanese, fc.nat(), fc.nat(), fc.array(japanese, { maxLength: 3 }), (signs, from, length, around) => {
      const whole = signs.join('').normalize('NFKC')
      const all = [...whole]
      const start = from % all.length
      const piece = all.slice(start, start + 1 + length % (all.length - start)).join('')
      expect(finds(`${around.map(part => part.join('')).join('。')}、${whole}`, piece)).toBe(true)
    }))
    fc.assert(fc.property(japanese, japanese, (text, query) => {
      const [whole, piece] = [text.join('').normalize('NFKC'), query.join('').normalize('NFKC')]
      expect(finds(whole, piece)).toBe(whole.includes(piece))
    }))
  })

  it('every word of a text finds it, and so does its beginning', () => {
    fc.assert(fc.property(fc.array(fc.stringMatching(/^[A-Za-zäöüß0-9]{1,12}$/), { minLength: 1, maxLength: 10 }), fc.nat(), fc.nat(), (words, which, cut) => {
      const word = words[which % words.length]!
      expect(finds(words.join(' - '), word)).toBe(true)
      expect(finds(words.join(' - '), word.slice(0, 1 + cut % word.length))).toBe(true)
    }))
  })

  it('of a very long text are bounded', () => {
    expect(searchWords('会議室で'.repeat(200_000)).length).toBeLessThan(40_000)
    expect(searchQuery('word '.repeat(10_000)).length).toBeLessThanOrEqual(16)
  })
})

describe('a snippet', () => {
  it('is the original text around the hit, on one line', () => {
    const text = `${'前の文。'.repeat(40)}\n会議室は\u3000東京駅\tの近く${'です。'.repeat(80)}`
    const snippet = snippetOf(text, searchQuery('東京駅'))
    expect(snippet).toContain('会議室は 東京駅 の近く')
    expect(snippet).toMatch(/^….*…$/)
  })

  it('of any text for any query is short, one line, whole characters', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 600 }), anyText, (text, query) => {
      const snippet = snippetOf(text, searchQuery(query))
      expect(snippet.length).toBeLessThanOrEqual(145)
      expect(snippet.isWellFormed()).toBe(true)
      expect(snippet).not.toMatch(/[\n\r\t]/)
    }))
  })

  it('says how often it was hit', () => {
    expect(hitIn('fox and fox', searchQuery('fox'))).toEqual({ at: 0, hits: 2 })
    expect(hitIn('nothing', searchQuery('fox'))).toBeUndefined()
  })
})
