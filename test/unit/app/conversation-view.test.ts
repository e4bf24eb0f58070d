import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DialogueEvent, Segment } from '@kaiwa/protocol'
import { emptyConversation, maxViewSegments, project } from '../../../app/voice/conversation-view.ts'
import type { ConversationView } from '../../../app/voice/conversation-view.ts'
import { replay, samples } from '../../../packages/protocol/test/samples.ts'

const segment = (id: string, afterId?: string | null, more: Partial<Segment> = {}): DialogueEvent =>
  ({ type: 'segment', segment: { id, speaker: 'user', afterId, medium: 'text', text: id, textState: 'final', open: false, ...more } })
const removed = (segmentId: string): DialogueEvent => ({ type: 'segment_removed', segmentId })
const projected = (events: readonly DialogueEvent[], from: ConversationView = emptyConversation) => events.reduce(project, from)
const orderOf = (...events: DialogueEvent[]) => projected(events).order

function permutations<T>(list: readonly T[]): T[][] {
  return list.length <= 1 ? [[...list]] : list.flatMap((head, at) => permutations(list.toSpliced(at, 1)).map(tail => [head, ...tail]))
}

describe('the order of a conversation', () => {
  it.each([1, 2, 3, 4, 5, 6])('is that of the chain, in whatever order %i segments arrive', count => {
    const chain = Array.from({ length: count }, (_, at) => segment(`s${at}`, at === 0 ? null : `s${at - 1}`))
    const expected = chain.map((_, at) => `s${at}`)
    for (const arrival of permutations(chain)) expect(projected(arrival).order).toEqual(expected)
  })
  it('is that of the chain when places are told after the segments, with text in between', () => {
    const chain = ['a', 'b', 'c', 'd', 'e', 'f']
    const events = chain.flatMap((id, at) => [segment(id), segment(id, at === 0 ? null : chain[at - 1]), segment(id, undefined, { text: 'more' })])
    fc.assert(fc.property(fc.shuffledSubarray(events, { minLength: events.length }), arrival => {
      expect(projected(arrival).order).toEqual(chain)
    }))
  })
  it('has a segment without a place at the end, until it is told', () => {
    expect(orderOf(segment('a', null), segment('typed'), segment('b', 'a'))).toEqual(['a', 'b', 'typed'])
    expect(orderOf(segment('a', null), segment('typed'), segment('b', 'typed'), segment('typed', 'a'))).toEqual(['a', 'typed', 'b'])
  })
  it('has a segment whose predecessor is unknown at the end, until that comes', () => {
    expect(orderOf(segment('a', null), segment('c', 'b'), segment('a2', 'a'))).toEqual(['a', 'a2', 'c'])
    expect(orderOf(segment('c', 'b'), segment('d', 'c'), segment('a', null), segment('b', 'a'))).toEqual(['a', 'b', 'c', 'd'])
  })
  it('moves a segment, and those behind it, when it is told another place', () => {
    expect(orderOf(segment('a', null), segment('b', 'a'), segment('c', 'a'), segment('b', 'c'))).toEqual(['a', 'c', 'b'])
  })
  it('does not take a place back that was told', () => {
    expect(orderOf(segment('a', null), segment('b', 'a'), segment('a', undefined, { text: 'grows' }), segment('c', 'b'))).toEqual(['a', 'b', 'c'])
  })
  it('closes over what is removed', () => {
    const view = projected([segment('a', null), segment('b', 'a'), segment('c', 'b'), removed('b')])
    expect(view.order).toEqual(['a', 'c'])
    expect(view.segments.get('c')?.afterId).toBe('a')
    expect(projected([segment('d', 'c')], view).order).toEqual(['a', 'c', 'd'])
  })
  it('keeps the order of arrival where a server tells no places, or the same for all', () => {
    expect(orderOf(segment('z', null), segment('m', null), segment('a', null))).toEqual(['z', 'm', 'a'])
    expect(orderOf(segment('z'), segment('m'), segment('a'))).toEqual(['z', 'm', 'a'])
  })
  it.each([
    ['to itself', [segment('a', 'a'), segment('b', 'a')]],
    ['in a circle', [segment('a', 'b'), segment('b', 'a')]],
    ['in a circle with a tail', [segment('a', 'c'), segment('b', 'a'), segment('c', 'b'), segment('d', 'b')]],
  ])('shows each segment once although they point %s', (_, events) => {
    const { order, segments } = projected(events)
    expect(order.toSorted()).toEqual([...segments.keys()].toSorted())
  })
})

describe('a view', () => {
  it('always orders each of its segments once, whatever happens', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor')
    const place = fc.option(fc.oneof(id, fc.constant(null)), { nil: undefined })
    const event = fc.oneof(fc.tuple(id, place).map(([own, after]) => segment(own, after)), id.map(removed))
    fc.assert(fc.property(fc.array(event, { maxLength: 30 }), events => {
      const { order, segments } = projected(events)
      expect(order.toSorted()).toEqual([...segments.keys()].toSorted())
    }))
  })
  it('is the same object when nothing of it changed', () => {
    const view = projected([segment('a', null)])
    expect(project(view, { type: 'reply_started', replyId: 'r' })).toBe(view)
    expect(project(view, removed('nobody'))).toBe(view)
  })
  it('does not change under those who hold it', () => {
    const view = projected([segment('a', null)])
    projected([segment('a', null, { text: 'other' }), segment('b', 'a'), removed('a')], view)
    expect(view.segments.get('a')?.text).toBe('a')
    expect(view.order).toEqual(['a'])
  })
  it('keeps its order array while text grows', () => {
    const view = projected([segment('a', null), segment('b', 'a')])
    expect(project(view, segment('b', 'a', { text: 'longer' })).order).toBe(view.order)
  })
  it('lets the first go beyond its bound', () => {
    const segments = new Map(Array.from({ length: maxViewSegments }, (_, at) => [`s${at}`, { ...segmentAt(at) }]))
    const view = project({ segments, order: [...segments.keys()] }, segment('last', `s${maxViewSegments - 1}`))
    expect(view.segments.size).toBe(maxViewSegments)
    expect([view.order[0], view.order.at(-1)]).toEqual(['s1', 'last'])
  })
  it('grows text of the last of 2000 segments ten thousand times well within the time that takes to speak', () => {
    let view = projected(Array.from({ length: 2000 }, (_, at) => ({ type: 'segment', segment: segmentAt(at) } as const)))
    const before = performance.now()
    for (let i = 0; i < 10_000; i++) view = project(view, segment('s1999', 's1998', { text: 'x'.repeat(i % 100) }))
    expect(view.order).toHaveLength(2000)
    expect(performance.now() - before).toBeLessThan(10_000)
  })
})

function segmentAt(at: number): Segment {
  return { id: `s${at}`, speaker: 'user', afterId: at === 0 ? null : `s${at - 1}`, medium: 'text', text: '', textState: 'final', open: false }
}

describe.each(samples)('recorded turn: $name', ({ sample }) => {
  it('becomes this conversation', () => {
    const view = projected(replay(sample).flatMap(({ events }) => events))
    expect(view.order).toEqual(sample.conversation.map(({ id }) => id))
    expect(view.order.map(id => view.segments.get(id))).toMatchObject(sample.conversation.map(turn => ({ open: false, medium: 'voice', ...turn })))
  })
})
