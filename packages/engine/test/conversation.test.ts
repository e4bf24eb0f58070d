import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Item } from '@kaiwa/protocol'
import { createConversation, inputTokens, truncateEntry, turnsOf, wordsHeard } from '../src/conversation.ts'
import type { Entry } from '../src/conversation.ts'

const entryOf = (item: object, extra: Partial<Entry> = {}): Entry => ({ item: item as Item, words: '', clauses: [], cut: false, ...extra })
const typed = (id: string, text = id) => entryOf({ id, type: 'message', role: 'user', status: 'completed', content: [{ type: 'input_text', text }] })
const spoken = (id: string, extra: Partial<Entry> = {}) =>
  entryOf({ id, type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_audio', transcript: 'whole' }] }, extra)
const idsOf = (conversation: { entries: readonly Entry[] }) => conversation.entries.map(entry => entry.item.id)

describe('conversation', () => {
  it('inserts at the end, at the root, and after an item', () => {
    const conversation = createConversation()
    conversation.insert(typed('b'))
    conversation.insert(typed('a'), 'root')
    conversation.insert(typed('d'))
    conversation.insert(typed('c'), 'b')
    expect(idsOf(conversation)).toEqual(['a', 'b', 'c', 'd'])
    expect(['a', 'b', 'c', 'd'].map(conversation.previousId)).toEqual([null, 'a', 'b', 'c'])
  })

  it('lets the oldest items go when the server itself adds to a full one', () => {
    const conversation = createConversation({ maxItems: 3 })
    for (const id of ['a', 'b', 'c', 'd']) conversation.insert(typed(id))
    expect(idsOf(conversation)).toEqual(['b', 'c', 'd'])
  })

  it('has no room for more text than it may hold, until something is deleted', () => {
    const conversation = createConversation({ maxChars: 1000 })
    conversation.insert(typed('a', 'x'.repeat(600)))
    const next = typed('b', 'y'.repeat(600))
    expect(conversation.hasRoom(next.item)).toBe(false)
    conversation.remove('a')
    expect(conversation.hasRoom(next.item)).toBe(true)
  })

  it('lets the oldest audio go first, and keeps its length and words', () => {
    const conversation = createConversation({ maxSamples: 2400 })
    const [first, second] = [spoken('a', { words: 'hello' }), spoken('b')]
    conversation.insert(first)
    conversation.keepAudio(first, new Int16Array(2400))
    conversation.insert(second)
    conversation.keepAudio(second, new Int16Array(1200))
    expect(first.audio).toEqual({ samples: [], durationMs: 100 })
    expect(first.words).toBe('hello')
    expect(second.audio?.samples).toHaveLength(1)
  })

  it('stays a list without doubles, whatever is added and removed', () => {
    const step = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e'), after: fc.constantFrom(undefined, 'root', 'a', 'b', 'c'), remove: fc.boolean() })
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const conversation = createConversation({ maxItems: 4 })
      for (const { id, after, remove } of steps) {
        if (remove) conversation.remove(id)
        else if (!conversation.get(id) && (after === undefined || after === 'root' || conversation.get(after))) conversation.insert(typed(id), after)
        const ids = idsOf(conversation)
        expect(new Set(ids).size).toBe(ids.length)
        expect(ids.length).toBeLessThanOrEqual(4)
        expect(conversation.lastId).toBe(ids.at(-1) ?? null)
      }
    }))
  })
})

describe('what was heard', () => {
  const clauses = [{ text: 'One two. ', endMs: 1000 }, { text: 'Three four five six.', endMs: 3000 }]

  it.each([[0, ''], [500, 'One'], [1000, 'One two.'], [2000, 'One two. Three four'], [3000, 'One two. Three four five six.'], [9999, 'One two. Three four five six.']])('is, after %i ms, "%s"', (ms, words) => {
    expect(wordsHeard(clauses, ms)).toBe(words)
  })

  it('is what a truncated item keeps: audio and words up to there, no transcript', () => {
    const entry = spoken('a', { words: 'One two. Three four five six.', clauses, audio: { samples: [new Int16Array(48_000), new Int16Array(24_000)], durationMs: 3000 } })
    truncateEntry(entry, 2500)
    expect(entry.audio?.samples.map(piece => piece.length)).toEqual([60_000])
    expect(entry.item).toMatchObject({ content: [{ type: 'output_audio', transcript: '' }] })
    expect(turnsOf([entry])).toEqual([{ role: 'assistant', text: 'One two. Three four five', cut: true }])
  })
})

describe('the conversation as the responder sees it', () => {
  it('has typed text, recognised words and system messages in order; a turn nobody understood is there, empty', () => {
    const system = entryOf({ id: 's', type: 'message', role: 'system', content: [{ type: 'input_text', text: 'Be kind.' }] })
    const audio = { id: 'u', type: 'message', role: 'user', content: [{ type: 'input_audio', transcript: null }] }
    const call = entryOf({ id: 'f', type: 'function_call', call_id: 'c', name: 'now', arguments: '{}' })
    expect(turnsOf([system, typed('t', 'Hi.'), entryOf(audio, { words: 'go on' }), call, entryOf(audio), spoken('x')])).toEqual([
      { role: 'system', text: 'Be kind.' }, { role: 'user', text: 'Hi.' }, { role: 'user', text: 'go on' },
      { role: 'tool_call', callId: 'c', name: 'now', argumentsJson: '{}' }, { role: 'user', text: '' },
    ])
  })

  it('has an output behind its call; a call that was cut and an output without a call are left out', () => {
    const call = (id: string, status: string) => entryOf({ id, type: 'function_call', call_id: `c-${id}`, name: 'now', arguments: '{}', status })
    const output = (id: string) => entryOf({ id: `o-${id}`, type: 'function_call_output', call_id: `c-${id}`, output: 'noon' })
    expect(turnsOf([call('a', 'completed'), call('b', 'incomplete'), output('a'), output('b'), output('gone')])).toEqual([
      { role: 'tool_call', callId: 'c-a', name: 'now', argumentsJson: '{}' }, { role: 'tool_output', callId: 'c-a', output: 'noon' },
    ])
  })

  it('costs text as text and audio as audio', () => {
    const user = entryOf({ id: 'u', type: 'message', role: 'user', content: [{ type: 'input_audio' }] }, { audio: { samples: [], durationMs: 2000 } })
    expect(inputTokens([typed('t', 'four'), user, spoken('a', { audio: { samples: [], durationMs: 1000 } })], 'four')).toEqual({ text: 2, audio: 40 })
  })
})
