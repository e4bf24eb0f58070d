import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { goingOn } from '../../../../server/history/going-on.ts'
import { readAnswer } from '../../../../server/history/title-session.ts'
import type { StoredItem } from '../../../../server/store/journal-entry.ts'
import { keptItem } from '../../../fakes/journalled-call.ts'
import { conversation, whole } from './kept.ts'

const from = (items: readonly StoredItem[], afterItemId?: string) => goingOn(whole(conversation(items)), afterItemId, prefix => `${prefix}_new`)

describe('what a model is told of a conversation that goes on', () => {
  it('is text, in order, with the ids it had', () => {
    const told = from([
      keptItem('item_1', 'Be kind.', { role: 'system' }), keptItem('item_2', 'Hello'), keptItem('item_3', 'Good morning to you', { role: 'assistant', cutAtMs: 800 }),
      keptItem('item_4', '', { textState: 'pending' }), keptItem('item_5', 'asked', { kind: 'other', role: null }), keptItem('x'.repeat(40), 'An id that no API takes'),
    ])
    expect(told).toMatchObject({ conversationId: 'conv_1', continues: { conversationId: 'conv_1', afterItemId: 'x'.repeat(40) }, note: undefined })
    expect(told!.items).toEqual([
      { id: 'item_1', type: 'message', role: 'system', content: [{ type: 'input_text', text: 'Be kind.' }] },
      { id: 'item_2', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] },
      { id: 'item_3', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Good morning' }] },
      { id: 'item_new', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'An id that no API takes' }] },
    ])
  })

  it('of a conversation in which nothing was said is nothing', () => { expect(from([])).toMatchObject({ items: [], continues: { afterItemId: null }, grant: { told_item_ids: [], left_out_items: 0 } }) })

  it('ends where it branches off', () => {
    expect(from([keptItem('item_1', 'a'), keptItem('item_2', 'b')], 'item_1')).toMatchObject({ conversationId: undefined, continues: { afterItemId: 'item_1' }, grant: { told_item_ids: ['item_1'] } })
    expect(from([keptItem('item_1', 'a')], 'item_9')).toBeUndefined()
  })

  it('is bounded, the newest of what there is, and has each result with its call', () => {
    const text = fc.oneof(fc.string({ maxLength: 50 }), fc.constantFrom('word '.repeat(300), '漢字'.repeat(2000), 'x'.repeat(100_000)))
    const pair = fc.tuple(fc.constantFrom('call', 'output'), fc.integer({ min: 0, max: 5 }))
    const item = fc.oneof(text.map(said => ({ said })), pair.map(([half, of]) => ({ half, of })))
    fc.assert(fc.property(fc.array(item, { maxLength: 60, size: 'max' }), drafts => {
      const items = drafts.map((draft, at) => 'said' in draft
        ? keptItem(`item_${at}`, draft.said)
        : keptItem(`item_${at}`, 'x'.repeat(3000), { kind: draft.half === 'call' ? 'function_call' : 'function_call_output', role: null, name: 'tool', toolCallId: `tool_${draft.of}` }))
      const told = from(items)!
      expect(JSON.stringify(told.items).length).toBeLessThan(8000 * 4 + told.items.length * 200)
      expect(told.note === undefined).toBe(told.grant.left_out_items === 0)
      const order = told.items.map(({ id }) => Number(id.slice(5)))
      expect(order).toEqual(order.toSorted((one, other) => one - other))
      const last = items.findLastIndex(({ kind, text: words }) => kind === 'message' && words !== '')
      if (last === items.length - 1 && last >= 0) expect(order.at(-1), 'the newest, however long it is').toBe(last)
      const called = new Set(told.items.flatMap(one => one.type === 'function_call' ? one.call_id : []))
      for (const one of told.items) if (one.type === 'function_call_output') expect(called).toContain(one.call_id)
    }))
  })
})

describe('a model\'s answer', () => {
  const of = (text: string, status = 'completed') => readAnswer({ status, output: [{ type: 'message', content: [{ type: 'output_text', text }] }] })
  it.each([
    ['Towers of Japan\nThey spoke of towers.', { title: 'Towers of Japan', summary: 'They spoke of towers.' }],
    ['**Title: "Towers"**\n\nSummary: Of towers.', { title: 'Towers', summary: 'Of towers.' }],
    ['line 1: 日本の塔\nline 2: 塔の話。', { title: '日本の塔', summary: '塔の話。' }],
    ['Only a title', { title: 'Only a title', summary: null }], ['', undefined], ['***', undefined],
  ])('%j is a title and a summary', (text, answer) => { expect(of(text)).toEqual(answer) })

  it('that didn\'t come to its end, or is none, is none', () => {
    expect(of('Half a ti', 'incomplete')).toBeUndefined()
    for (const odd of [undefined, null, 7, {}, { status: 'completed' }, { status: 'completed', output: [null, 7, {}, { content: [null, { text: 7 }] }] }]) expect(readAnswer(odd)).toBeUndefined()
  })
})
