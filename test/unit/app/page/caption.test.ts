import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { en } from '../../../../app/i18n/en.ts'
import { captionChunks, captionOf } from '../../../../app/components/stage/caption.ts'
import { countWords, isSettled, languageOf, spokenWords, wordAt } from '../../../../app/components/thread/spoken-words.ts'
import type { Turn } from '../../../../app/voice/call.ts'

type Extra = Omit<Partial<Turn>, 'segment'> & { segment?: Partial<Turn['segment']> }
const turn = (speaker: 'user' | 'assistant', text: string, { segment, ...rest }: Extra = {}): Turn => ({
  startedAtMs: 0, ...rest, segment: { id: text, speaker, afterId: null, medium: 'voice', text, textState: 'final', open: false, ...segment },
})
const text = 'Eat crab at the market while the stalls are open.'
const cut = { by: 'barge_in', heardMs: 1000 } as const

describe('a turn’s words', () => {
  test('the word that sounds is whole, what came before is heard, the rest is ahead', () => {
    expect(spokenWords(turn('assistant', text, { heardChars: 6 }), true)).toEqual({ heard: 'Eat ', current: 'crab', ahead: ' at the market while the stalls are open.', lost: '' })
  })

  test('before the first sound nothing is current', () => {
    expect(spokenWords(turn('assistant', text, { heardChars: 0 }), true)).toEqual({ heard: '', current: '', ahead: text, lost: '' })
  })

  test('after a cut, the words that were not heard are lost, and a word half said counts by its larger half', () => {
    expect(spokenWords(turn('assistant', text, { heardChars: 5, segment: { cut } }), false)).toMatchObject({ heard: 'Eat', lost: 'crab at the market while the stalls are open.' })
    expect(spokenWords(turn('assistant', text, { heardChars: 7, segment: { cut } }), false)).toMatchObject({ heard: 'Eat crab', lost: 'at the market while the stalls are open.' })
  })

  test('what the user said and what was typed is never dimmed', () => {
    expect(spokenWords(turn('user', text), false).heard).toBe(text)
    expect(spokenWords(turn('assistant', text, { heardChars: 3, segment: { medium: 'text' } }), true).heard).toBe(text)
  })

  test('no character is lost or doubled, wherever the hearing stands', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', 'b', ' ', '.', '蟹', 'を', '\n', '😀') }), fc.nat(60), fc.boolean(), (words, heardChars, sounding) => {
      const split = spokenWords(turn('assistant', words, { heardChars }), sounding)
      expect(split.heard + split.current + split.ahead).toBe(words)
    }))
  })

  test('a script without spaces is taken word by word, not sentence by sentence', () => {
    const { from, to } = wordAt('市場で蟹を食べて', 3)
    expect(to - from).toBeLessThan(4)
  })

  test('unheard words are counted as words, not as signs', () => {
    expect(countWords('like temples, Myōryū-ji is worth it.')).toBe(7)
  })

  test('text with kana is marked as Japanese for faces and voices', () => {
    expect([languageOf('市場で蟹を'), languageOf('Kanazawa')]).toEqual(['ja', undefined])
  })

  test('a turn is settled once its words stand still: closed, and heard or cut', () => {
    expect(isSettled(turn('user', text, { segment: { open: true } }), false)).toBe(false)
    expect(isSettled(turn('assistant', text, { heardChars: 5 }), true)).toBe(false)
    expect(isSettled(turn('assistant', text, { heardChars: 5, segment: { cut } }), true)).toBe(true)
    expect(isSettled(turn('assistant', text, { heardChars: text.length }), true)).toBe(true)
  })
})

describe('the caption', () => {
  test('an answer that was cut never gets its closing mark', () => {
    const caption = captionOf('interrupted', { turns: [turn('assistant', text, { heardChars: 20, segment: { cut } })] })
    expect(caption).toMatchObject({ kind: 'words', closed: false, cut: true, words: { lost: expect.stringContaining('stalls') } })
  })

  test('an answer that was heard whole gets it', () => {
    expect(captionOf('listening', { turns: [turn('assistant', text, { heardChars: text.length })] })).toMatchObject({ closed: true, speaker: 'assistant' })
  })

  test('while the user speaks it is the user’s, with a caret, even before the first word', () => {
    expect(captionOf('user-speaking', { turns: [turn('assistant', text)] })).toMatchObject({ speaker: 'user', caret: true, words: { heard: '' } })
    expect(captionOf('user-speaking', { turns: [turn('user', 'Sorry', { segment: { open: true } })] })).toMatchObject({ caret: true, words: { heard: 'Sorry' } })
  })

  test('speech whose words are still to come says so, with its length, instead of guessing', () => {
    expect(captionOf('thinking', { turns: [turn('user', '', { durationMs: 3200, segment: { textState: 'pending' } })] })).toEqual({ kind: 'late', durationMs: 3200 })
  })

  test('while speaking it shows the chunk with the current word', () => {
    const long = `${'This sentence is long enough to be a chunk of its own, more or less, as captions go. '.repeat(3)}${text}`
    const caption = captionOf('speaking', { turns: [turn('assistant', long, { heardChars: long.length - 8 })] })
    expect(caption).toMatchObject({ kind: 'words', words: { current: 'are' } })
    expect(caption.kind === 'words' && (caption.words.heard + caption.words.current + caption.words.ahead).length).toBeLessThan(170)
  })

  test('nobody is told that something was said when nothing was', () => {
    expect(captionOf('ended', { turns: [] })).toEqual({ kind: 'note', note: 'empty' })
    expect(captionOf('listening', { turns: [] })).toEqual({ kind: 'note', note: 'listening' })
  })

  test('a call that the server ended says why, and its goodbye is read along', () => {
    const state = { name: 'ended', durationMs: 1, turns: 1, because: 'person' } as const
    expect(captionOf('ended', { turns: [turn('assistant', text)], state })).toEqual({ kind: 'over', because: 'person' })
    const heard = { segmentId: 'a', heardMs: 1, receivedMs: 9, complete: false }
    expect(captionOf('limit', { turns: [turn('assistant', text, { heardChars: 4, heard })] })).toMatchObject({ kind: 'words', closed: false })
  })
})

describe('a turn that is taken by hand', () => {
  test('is explained in words, before the line is up as well, until there are words of a turn', () => {
    expect(captionOf('by-hand', { turns: [] }, true)).toEqual({ kind: 'note', note: 'by-hand' })
    expect(captionOf('connecting', { turns: [] }, true)).toEqual({ kind: 'note', note: 'connecting-by-hand' })
    expect(captionOf('connecting', { turns: [] })).toEqual({ kind: 'note', note: 'connecting' })
    expect(captionOf('by-hand', { turns: [turn('assistant', text)] }, true)).toMatchObject({ kind: 'words', speaker: 'assistant' })
  })

  test('says so with Space and the button', () => {
    for (const words of [en.state['by-hand'].sub, en.state.speaking.byHand, en.caption['by-hand'], en.caption['connecting-by-hand']]) expect(words).toMatch(/^Hold Space or the button to /)
  })
})

describe('caption chunks', () => {
  test('cover the text without gap or overlap, and none is much longer than allowed', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('word ', 'a', '. ', '! ', '。', 'いろは', '\n', ', '), maxLength: 400 }), words => {
      const chunks = captionChunks(words, 60)
      expect(chunks[0]!.from).toBe(0)
      expect(chunks.at(-1)!.to).toBe(words.length)
      chunks.forEach((chunk, index) => {
        expect(chunk.from).toBe(index === 0 ? 0 : chunks[index - 1]!.to)
        expect(chunk.to - chunk.from).toBeLessThanOrEqual(60 * 1.25 + 12)
      })
    }))
  })

  test('growth at the end moves nothing that stands before', () => {
    const start = 'One sentence here. Another one follows it. A third is there too. '
    const before = captionChunks(start, 45)
    expect(captionChunks(`${start}And a fourth.`, 45).slice(0, before.length - 1)).toEqual(before.slice(0, -1))
  })
})
