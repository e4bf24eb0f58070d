import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clauseSplitterDefaults, createClauseSplitter } from '../src/clause-splitter.ts'

function split(...pieces: string[]): string[] {
  const splitter = createClauseSplitter()
  return [...pieces.flatMap(piece => splitter.push(piece)), ...splitter.flush()]
}

describe('clause splitter', () => {
  it('lets the first clause end at a comma, later ones at the sentence', () => {
    expect(split('Well, of course, that works. Then, as you know, we go on. Good.'))
      .toEqual(['Well, of course, ', 'that works. ', 'Then, as you know, we go on. ', 'Good.'])
  })

  it('hands a sentence out as soon as the next word begins', () => {
    const splitter = createClauseSplitter()
    expect(splitter.push('It is noon.')).toEqual([])
    expect(splitter.push(' And')).toEqual(['It is noon. '])
    expect(splitter.flush()).toEqual(['And'])
  })

  it.each([
    ['Dr. Smith met Mrs. Jones at St. Mary. They spoke.', ['Dr. Smith met Mrs. Jones at St. Mary. ', 'They spoke.']],
    ['Pi is 3.14 or so. It is 12:30 now.', ['Pi is 3.14 or so. ', 'It is 12:30 now.']],
    ['It costs 12,000 yen, e.g. in Tokyo.', ['It costs 12,000 yen, ', 'e.g. in Tokyo.']],
    ['J. R. Tolkien wrote it. I did not.', ['J. R. Tolkien wrote it. ', 'I did not.']],
    ['Not you and I. Others.', ['Not you and I. ', 'Others.']],
    ['1. Open the door. 2. Go in.', ['1. Open the door. ', '2. Go in.']],
    ['See example.org for more. Bye.', ['See example.org for more. ', 'Bye.']],
    ['"Stop!" he said. "Why?" she asked.', ['"Stop!" ', 'he said. ', '"Why?" ', 'she asked.']],
    ['Wait... what?! Yes.', ['Wait... ', 'what?! ', 'Yes.']],
    ['One line\nAnother line', ['One line\n', 'Another line']],
    ['こんにちは。元気ですか？はい、元気です。', ['こんにちは。', '元気ですか？', 'はい、元気です。']],
    ['「行きます。」と彼は言った。', ['「行きます。」', 'と彼は言った。']],
  ])('splits %j', (text, clauses) => {
    expect(split(text)).toEqual(clauses)
    expect(split(...text)).toEqual(clauses)
  })

  it('ends text that has no punctuation at a space', () => {
    const clauses = split('word '.repeat(200))
    expect(clauses.every(clause => clause.length <= clauseSplitterDefaults.maxClauseChars && clause.endsWith(' '))).toBe(true)
  })

  it('loses and adds nothing, however the text is cut into pieces', () => {
    const text = fc.array(fc.constantFrom('a', 'Dr', '.', '. ', ', ', '! ', '。', '、', '\n', '3.5', ' ', 'word', '"', '…'), { maxLength: 120 }).map(parts => parts.join(''))
    fc.assert(fc.property(text, fc.integer({ min: 1, max: 9 }), (whole, size) => {
      const pieces = whole.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? []
      expect(split(...pieces).join('')).toBe(whole)
    }))
  })
})
