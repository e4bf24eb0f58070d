import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { markText, maxTextMarks, spokenChars } from '../../../app/voice/spoken-text.ts'
import type { TextMark } from '../../../app/voice/spoken-text.ts'

const heard = (heardMs: number, receivedMs: number, complete = true) => ({ segmentId: 's', heardMs, receivedMs, complete })
const english = 'Well, the first train leaves at nine. You can buy tickets there.'
const marksOf = (...pairs: [chars: number, receivedMs: number][]) =>
  pairs.reduce<readonly TextMark[]>((marks, [chars, receivedMs]) => markText(marks, { chars, receivedMs }), [])
const spoken = (text: string, ...args: [readonly TextMark[], ReturnType<typeof heard>]) => text.slice(0, spokenChars(args[0], args[1], text))

describe('the words that were heard', () => {
  it('are none before a sample was heard, and all after the last', () => {
    expect(spokenChars([], heard(0, 4000), english)).toBe(0)
    expect(spokenChars([], heard(4000, 4000), english)).toBe(english.length)
    expect(spokenChars([], heard(Number.NaN, 4000), english)).toBe(0)
    expect(spokenChars([], heard(100, 4000), '')).toBe(0)
  })
  it('follow the share of the audio when nothing more is known', () => {
    expect(spoken(english, marksOf([english.length, 0]), heard(2400, 4800))).toBe('Well, the first train leaves at')
  })
  it('are whole: a word half said was not heard', () => {
    expect(spoken('one extraordinary', [], heard(900, 1000))).toBe('one')
  })
  it('have their punctuation with them', () => {
    expect(spoken('Well, yes.', [], heard(550, 1000))).toBe('Well,')
  })
  it('are told apart in Japanese, where no space divides them', () => {
    const text = '今日はいい天気ですね。'
    const ends = [...new Intl.Segmenter('ja', { granularity: 'word' }).segment(text)].map(({ index }) => index)
    const chars = spokenChars([], heard(500, 1000), text)
    expect(chars).toBeGreaterThan(0)
    expect(chars).toBeLessThan(text.length)
    expect(ends).toContain(chars)
  })
  it('begin no sooner than their sentence arrived: text and audio come sentence by sentence', () => {
    const first = english.indexOf('You')
    // The second sentence came when all 3 s of the first had, and takes 1 s.
    const marks = marksOf([first, 0], [english.length, 3000])
    expect(spoken(english, marks, heard(2990, 4000))).not.toContain('You')
    expect(spoken(english, marks, heard(3600, 4000))).toContain('You can')
  })
  it('go at an assumed pace while the answer still arrives far ahead of its audio', () => {
    const marks = marksOf([english.length, 0])
    expect(spoken(english, marks, heard(650, 700, false))).toBe('Well, the')
  })
  it('keep up with the audio when it is spoken slower than assumed', () => {
    const text = 'so slow'
    expect(spokenChars(marksOf([text.length, 0]), heard(4900, 5000, false), text)).toBeLessThan(text.length)
  })
  it('never split a character of two units', () => {
    const text = '😀😀😀😀'
    for (let ms = 0; ms <= 1000; ms += 37) expect(spokenChars([], heard(ms, 1000), text) % 2).toBe(0)
  })
  it('only grow as more is heard, and stay within the text', () => {
    const mark = fc.tuple(fc.nat(80), fc.nat(5000))
    fc.assert(fc.property(fc.array(mark), fc.string({ maxLength: 80 }), fc.nat(6000), fc.boolean(), (pairs, text, receivedMs, complete) => {
      const marks = marksOf(...pairs)
      let before = 0
      for (let ms = 0; ms <= receivedMs + 500; ms += 250) {
        const chars = spokenChars(marks, heard(ms, receivedMs, complete), text)
        expect(chars).toBeGreaterThanOrEqual(before)
        expect(chars).toBeLessThanOrEqual(text.length)
        before = chars
      }
    }))
  })
})

describe('the marks', () => {
  it('keep the longest text of a point of the audio, and nothing shorter', () => {
    expect(marksOf([5, 0], [9, 0], [7, 40], [12, 80])).toEqual([{ chars: 9, receivedMs: 0 }, { chars: 12, receivedMs: 80 }])
  })
  it('stay few, from first to last', () => {
    const marks = marksOf(...Array.from({ length: 5000 }, (_, at): [number, number] => [at + 1, at * 10]))
    expect(marks.length).toBeLessThanOrEqual(maxTextMarks)
    expect(marks.at(-1)).toEqual({ chars: 5000, receivedMs: 49_990 })
  })
})
