import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { captionWords, wordsAt } from '../../../../app/components/replay/replay-caption.ts'
import { replayKey } from '../../../../app/components/replay/replay-keys.ts'
import { scoreOf } from '../../../../app/replay/replay-score.ts'
import type { ScoreTurn } from '../../../../app/replay/replay-score.ts'
import { strokesOf } from '../../../../app/replay/replay-strokes.ts'
import { replayWindow, ticksOf } from '../../../../app/replay/replay-window.ts'
import { createWavLevels } from '../../../../app/replay/wav-levels.ts'
import { keptConversation } from '../../../fakes/told-conversation.ts'
import { writeWav } from '../../../fakes/wav.ts'

const score = scoreOf(keptConversation())
const answer = score.entries.find(entry => entry.item.id === 'item_4') as ScoreTurn

describe('the window on the axis', () => {
  it('shows a short conversation whole, and a click leads where it points', () => {
    const window = replayWindow({ width: 1070, left: 70, durationMs: 100_000, positionMs: 30_000 })
    expect(window).toMatchObject({ whole: true, fromMs: 0, toMs: 100_000 })
    expect(window.x(50_000)).toBe(570)
    expect(window.msAt(570)).toBe(50_000)
    expect([window.msAt(0), window.msAt(9999)]).toEqual([0, 100_000])
  })

  it('always holds the position, however long the conversation', () => {
    const wide = fc.integer({ min: 200, max: 2000 })
    const long = fc.integer({ min: 1000, max: 3e7 })
    fc.assert(fc.property(wide, long, fc.double({ min: 0, max: 1, noNaN: true }), (width, durationMs, share) => {
      const positionMs = durationMs * share
      const { fromMs, toMs } = replayWindow({ width, left: 0, durationMs, positionMs })
      expect(fromMs).toBeGreaterThanOrEqual(0)
      expect(toMs).toBeLessThanOrEqual(durationMs + 1e-6)
      expect(positionMs).toBeGreaterThanOrEqual(fromMs)
      expect(positionMs).toBeLessThanOrEqual(toMs + 1e-6)
    }))
  })

  it('writes moments with room between them', () => {
    const window = replayWindow({ width: 1000, left: 0, durationMs: 134_000, positionMs: 0 })
    expect(ticksOf(window, 84)).toEqual([0, 15_000, 30_000, 45_000, 60_000, 75_000, 90_000, 105_000, 120_000])
  })
})

describe('strokes', () => {
  const within = { fromMs: 0, toMs: score.durationMs, gapMs: 200 }

  it('stand only where that voice sounded', () => {
    for (const { atMs } of strokesOf(score, 'assistant', [], within)) expect(atMs >= answer.fromMs && atMs <= answer.toMs).toBe(true)
    expect(strokesOf(score, 'assistant', [], within).every(({ level }) => level === undefined)).toBe(true)
  })

  it('have the loudest level of their stretch, as far as it was measured', () => {
    const levels = [{ callId: 'call_1', voice: 'assistant' as const, fromMs: -400, stepMs: 100, levels: Array.from({ length: 60 }, (_, index) => index === 55 ? 0.5 : 0.1) }]
    const strokes = strokesOf(score, 'assistant', levels, within)
    expect(Math.max(...strokes.map(({ level }) => level ?? 0))).toBe(0.5)
    expect(strokes.at(-1)!.level).toBeUndefined()
  })
})

describe('words of a replay', () => {
  it('are said, sounding, to come, or never heard; nothing is lost between them', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 15_000 }), atMs => {
      const { heard, current, ahead, lost } = wordsAt(answer, atMs)
      expect(heard + current + ahead + lost).toBe(answer.turn.segment.text)
      expect(lost).toBe(' See the garden first, then the castle across the bridge.')
    }))
    expect(wordsAt(answer, answer.fromMs + 10)).toMatchObject({ heard: '', current: 'Saturday' })
    expect(wordsAt(answer, answer.toMs)).toMatchObject({ current: '', ahead: '' })
  })

  it('of a long turn the caption shows some lines around the one that sounds', () => {
    const text = Array.from({ length: 40 }, (_, index) => `Sentence number ${index} is here.`).join(' ')
    const words = captionWords({ heard: text.slice(0, 600), current: text.slice(600, 605), ahead: text.slice(605), lost: '' })
    expect(words.current).toBe(text.slice(600, 605))
    expect((words.heard + words.current + words.ahead).length).toBeLessThan(180)
  })
})

describe('levels of a WAV', () => {
  it('are the same however the file is cut', () => {
    const samples = Int16Array.from({ length: 9600 }, (_, index) => index < 4800 ? 3277 * (index % 2 ? 1 : -1) : 0)
    const bytes = new Uint8Array(writeWav({ samples, sampleRate: 24_000 }))
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 20 }), cuts => {
      const wav = createWavLevels(100)
      let at = 0
      for (const cut of cuts) wav.push(bytes.subarray(at, at += cut))
      wav.push(bytes.subarray(at))
      expect(wav.levels.map(level => Math.round(level * 100) / 100)).toEqual([0.1, 0.1, 0, 0])
    }))
  })

  it('of what is no WAV there are none', () => {
    expect(() => createWavLevels(100).push(new TextEncoder().encode('<!doctype html><p>no sound</p>'))).toThrow('no WAV')
  })
})

describe('keys of a replay', () => {
  const still = { repeat: false, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, defaultPrevented: false }
  const press = (key: string, change = {}) => ({ key, ...still, ...change })
  const page = { editable: false, control: false, dialog: false }

  it('play, move and change speed', () => {
    expect(replayKey(press(' '), page, false)).toEqual({ is: 'toggle' })
    expect(replayKey(press('ArrowLeft'), page, false)).toEqual({ is: 'by', ms: -5000 })
    expect(replayKey(press('.'), page, false)).toEqual({ is: 'turn', by: 1 })
    expect(replayKey(press('>'), page, false)).toEqual({ is: 'rate', by: 1 })
  })

  it('are never taken from a field, a dialog, a button’s Space or the browser', () => {
    expect(replayKey(press(' '), { ...page, editable: true }, false)).toBeUndefined()
    expect(replayKey(press('ArrowLeft'), { ...page, dialog: true }, false)).toBeUndefined()
    expect(replayKey(press(' '), { ...page, control: true }, false)).toBeUndefined()
    expect(replayKey(press('ArrowLeft', { altKey: true }), page, false)).toBeUndefined()
  })

  it('on the axis the arrows are finer than its own', () => {
    expect(replayKey(press('ArrowRight'), { ...page, editable: true }, true)).toEqual({ is: 'by', ms: 5000 })
  })
})
