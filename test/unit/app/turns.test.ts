import type { Segment } from '@kaiwa/protocol'
import { describe, expect, it } from 'vitest'
import type { Heard, Turn } from '../../../app/voice/call.ts'
import { buildTurns, closedTurns } from '../../../app/voice/turns.ts'
import type { TurnFacts } from '../../../app/voice/turns.ts'

const segment = (id: string, part: Partial<Segment> = {}): Segment =>
  ({ id, speaker: 'assistant', afterId: undefined, medium: 'voice', text: 'One two three.', textState: 'final', open: false, ...part })
const heard = (segmentId: string, heardMs: number, receivedMs = 1000): Heard => ({ segmentId, heardMs, receivedMs, complete: true })

function facts(segments: Segment[], heards: Heard[] = [], times: Record<string, { startedAtMs: number, durationMs?: number }> = {}): TurnFacts {
  return {
    view: { segments: new Map(segments.map(one => [one.id, one])), order: segments.map(({ id }) => id) },
    heard: new Map(heards.map(one => [one.segmentId, one])),
    times: new Map(Object.entries(times)),
    marks: new Map(),
  }
}

describe('the turns', () => {
  it('stand in the conversation\'s order, with time, length and what was heard', () => {
    const turns = buildTurns([], [], facts(
      [segment('u', { speaker: 'user' }), segment('a')], [heard('a', 1000)], { u: { startedAtMs: 100, durationMs: 900 }, a: { startedAtMs: 1500 } },
    ))
    expect(turns).toMatchObject([
      { segment: { id: 'u' }, startedAtMs: 100, durationMs: 900 },
      { segment: { id: 'a' }, startedAtMs: 1500, durationMs: 1000, heardChars: 14 },
    ])
  })

  it('keep their identity when nothing of them changed, and all of them when nothing did', () => {
    const [first, second] = [segment('a'), segment('b')]
    const before = buildTurns([], [], facts([first, second], [heard('b', 100)]))
    const same = { ...facts([first, second]), heard: new Map([['b', before[1]!.heard!]]) }
    expect(buildTurns(before, [], same)).toBe(before)
    const grown = buildTurns(before, [], facts([first, { ...second, text: 'One two three. Four.' }], [heard('b', 100)]))
    expect(grown[0]).toBe(before[0])
    expect(grown[1]).not.toBe(before[1])
  })

  it('give a cut answer the length that was heard, and typed text none', () => {
    const turns = buildTurns([], [], facts(
      [segment('a', { cut: { by: 'barge_in', heardMs: 400 } }), segment('t', { speaker: 'user', medium: 'text' })], [heard('a', 400)], { t: { startedAtMs: 9, durationMs: 9 } },
    ))
    expect(turns.map(({ durationMs }) => durationMs)).toEqual([400, undefined])
  })

  it('stand behind those of the call before', () => {
    const earlier: Turn[] = [{ segment: segment('old'), startedAtMs: 0, earlier: true }]
    expect(buildTurns([], earlier, facts([segment('new')])).map(({ segment: { id } }) => id)).toEqual(['old', 'new'])
  })
})

describe('when the call is over', () => {
  const close = (part: Partial<Segment>, was?: Heard) => closedTurns([{ segment: segment('a', part), startedAtMs: 0, ...(was ? { heard: was } : {}) }], 'server')[0]!

  it('nothing grows any more', () => {
    expect(close({ open: true, textState: 'partial', speaker: 'user' }).segment).toMatchObject({ open: false, textState: 'final' })
    expect(close({ open: true, textState: 'pending', speaker: 'user' }).segment).toMatchObject({ open: false, textState: 'unavailable' })
  })

  it('an answer is cut where it had been heard, unless it was heard whole', () => {
    expect(close({}, heard('a', 300)).segment.cut).toEqual({ by: 'server', heardMs: 300 })
    expect(close({}, heard('a', 1000)).segment.cut).toBeUndefined()
    expect(close({ open: true }).segment.cut).toEqual({ by: 'server', heardMs: 0 })
    expect(close({ cut: { by: 'user', heardMs: 5 } }, heard('a', 5)).segment.cut).toEqual({ by: 'user', heardMs: 5 })
  })

  it('finished turns stay the same objects', () => {
    const turn: Turn = { segment: segment('u', { speaker: 'user' }), startedAtMs: 0 }
    expect(closedTurns([turn], 'user')[0]).toBe(turn)
  })
})
