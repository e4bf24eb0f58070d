import { createEngine } from '@kaiwa/engine'
import { beforeAll, expect, it } from 'vitest'
import { createCountedIds, realClock } from '../fakes/engine-options.ts'
import { createFakeStages } from '../fakes/fake-stages.ts'
import { ask } from './clauses/talk.ts'
import type { WireEvent } from './contract-client.ts'
import { connectEngine } from './engine-client.ts'
import { brokenLaws, leftOpen } from './wire-laws.ts'

let events: WireEvent[]
beforeAll(async () => {
  const client = connectEngine(createEngine({ stages: createFakeStages(), clock: realClock, ids: createCountedIds() }))
  await ask(client, 'hello', { output_modalities: ['text'] })
  client.close()
  events = [...client.events]
})

const at = (type: string) => events.findIndex(event => event.type === type)
const changed = (type: string, fields: object) => events.map((event, index) => index === at(type) ? { ...event, ...fields } : event)
const without = (type: string) => events.filter((_, index) => index !== at(type))
const doubled = (type: string) => events.flatMap((event, index) => index === at(type) ? [event, { ...event, event_id: 'event_again' }] : [event])

it('finds nothing wrong with a good conversation', () => {
  expect(brokenLaws(events)).toEqual([])
  expect(leftOpen(events)).toEqual([])
})

it.each<[string, () => WireEvent[]]>([
  ['an id that was used', () => changed('response.done', { event_id: events[0]!.event_id })],
  ['a session that is not created first', () => events.slice(1)],
  ['an item that was never added', () => without('conversation.item.added')],
  ['an item that is added twice', () => doubled('conversation.item.added')],
  ['an item behind one that is not there', () => changed('conversation.item.added', { previous_item_id: 'item_gone' })],
  ['an item that is done twice', () => doubled('conversation.item.done')],
  ['a response that was not created', () => without('response.created')],
  ['a response that is created twice', () => doubled('response.created')],
  ['a response that ends twice', () => doubled('response.done')],
  ['an output item that is left open', () => without('response.output_item.done')],
  ['an output item at another place', () => changed('response.output_item.added', { output_index: 1 })],
  ['a delta without a part', () => without('response.content_part.added')],
  ['a delta that is lost', () => without('response.output_text.delta')],
  ['a delta after the end', () => [...events, { ...events[at('response.output_text.delta')]!, event_id: 'event_late' }]],
  ['a commit without an item', () => [...events, { type: 'input_audio_buffer.committed', event_id: 'event_c', item_id: 'item_c' }, { ...events.at(-1)!, event_id: 'event_d' }]],
])('finds %s', (_what, make) => {
  expect(brokenLaws(make())).not.toEqual([])
})

it('finds what was never finished', () => {
  expect(leftOpen(without('response.done'))).toHaveLength(1)
  expect(leftOpen(without('conversation.item.done'))).toHaveLength(1)
})
