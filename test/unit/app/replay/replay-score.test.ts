import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { charsAt, momentOfChar, nextSound, scoreOf, turnAt } from '../../../../app/replay/replay-score.ts'
import type { ScoreTurn } from '../../../../app/replay/replay-score.ts'
import { keptConversation, keptItem } from '../../../fakes/told-conversation.ts'

const score = scoreOf(keptConversation())
const turn = (id: string) => score.entries.find(entry => entry.item.id === id) as ScoreTurn

describe('a kept conversation on one axis', () => {
  it('begins with what was said while the line was being made', () => {
    expect(turn('item_1')).toMatchObject({ fromMs: 0, toMs: 3400 })
    expect(turn('item_4')).toMatchObject({ fromMs: 4600, toMs: 9600 })
  })

  it('puts a call directly after the one before, whatever lay between', () => {
    const [first, second] = score.calls
    expect(second!.fromMs).toBe(first!.toMs)
    expect(turn('item_6').fromMs).toBe(second!.fromMs + 800)
    expect(score.durationMs).toBe(second!.toMs)
  })

  it('has a tool from its call to its result, as one entry', () => {
    expect(score.entries.filter(entry => entry.kind === 'tool')).toMatchObject([{ name: 'get_forecast', fromMs: 4000, toMs: 4412, result: 'Sat 28: rain from 15:00.' }])
  })

  it('measures a wait to what was heard, and to the server’s first sound where the page told nothing', () => {
    expect(score.waits).toEqual([{ fromMs: 3400, toMs: 4600, responseId: 'resp_1' }])
    const untold = keptConversation()
    untold.latencies[0]!.first_heard_ms = null
    expect(scoreOf(untold).waits[0]!.toMs).toBe(4300)
  })

  it('knows which words of a cut answer were never heard', () => {
    expect(turn('item_4').heardText).toBe('Saturday stays dry until three.')
    expect(turn('item_4').turn.segment.cut).toEqual({ by: 'user', heardMs: 5000 })
    expect(score.cuts).toEqual([{ atMs: 9600 }])
  })

  it('says of words that never came that there are none', () => {
    const pending = scoreOf(keptConversation({ items: [keptItem({ id: 'a', text_state: 'pending', span: { from_ms: 0, to_ms: 100 } })] }))
    expect(pending.entries).toMatchObject([{ turn: { segment: { textState: 'unavailable' } } }])
  })

  it('is there for a conversation in which nothing was said', () => {
    expect(scoreOf(keptConversation({ items: [], calls: [], latencies: [] }))).toMatchObject({ entries: [], calls: [], durationMs: 1000 })
  })
})

describe('moments of a score', () => {
  it('the turn at a moment is the one that sounds, else the last one', () => {
    expect(turnAt(score, 100)?.item.id).toBe('item_1')
    expect(turnAt(score, 4000)?.item.id).toBe('item_1')
    expect(turnAt(score, 5000)?.item.id).toBe('item_4')
    expect(turnAt(score, 12_500)?.item.id).toBe('item_5')
    expect(turnAt({ entries: [] }, 5000)).toBeUndefined()
  })

  it('silence knows when the next sound comes, sound knows none', () => {
    expect(nextSound(score, 3500)).toBe(4600)
    expect(nextSound(score, 5000)).toBeUndefined()
    expect(nextSound(score, score.durationMs)).toBeUndefined()
  })

  it('a word’s moment leads back to that word', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 1, maxLength: 30 })
    fc.assert(fc.property(words, fc.nat(), fc.integer({ min: 500, max: 60_000 }), (list, pick, lengthMs) => {
      const heardText = list.join(' ')
      const span = { fromMs: 1000, toMs: 1000 + lengthMs, heardText }
      const index = list.slice(0, pick % list.length).join(' ').length + (pick % list.length > 0 ? 1 : 0)
      const said = charsAt(span, momentOfChar(span, index) + 0.01)
      // All words before it, and none of those after.
      expect(said).toBeLessThanOrEqual(index)
      expect(said).toBeGreaterThanOrEqual(index - 1)
    }))
  })

  it('a word that was never heard leads to the end of what was', () => {
    expect(momentOfChar(turn('item_4'), 80)).toBe(9600)
  })
})
