import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEventOnce } from '../../../app/voice/event-once.ts'

const event = (n: number) => JSON.stringify({ type: 'x', event_id: `event_${n}`, error: { event_id: 'kaiwa_1' } })

describe('events that come over two ways', () => {
  it('are each taken once and in order, however the two run against each other', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 60 }), fc.array(fc.boolean(), { maxLength: 200 }), (count, turns) => {
      const taken: string[] = []
      const take = createEventOnce(text => taken.push(text))
      const at = [0, 0]
      for (const first of [...turns, ...Array.from({ length: 2 * count }, (_, i) => i % 2 === 0)]) {
        const way = first ? 0 : 1
        if (at[way]! < count) take(event(at[way]!++))
      }
      for (const way of [0, 1]) while (at[way]! < count) take(event(at[way]!++))
      expect(taken).toEqual(Array.from({ length: count }, (_, n) => event(n)))
    }))
  })

  it('are taken as they come where they have no id, or aren’t JSON', () => {
    const taken: string[] = []
    const take = createEventOnce(text => taken.push(text))
    for (const text of ['{"type":"x"}', '{"type":"x"}', 'nonsense', '{"event_id":7}', 'null']) take(text)
    expect(taken).toHaveLength(5)
  })
})
