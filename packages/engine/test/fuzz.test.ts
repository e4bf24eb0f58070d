import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { clientEventTypes } from '@kaiwa/protocol'
import { createEngine } from '../src/index.ts'
import { connectEngine } from '../../../test/contract/engine-client.ts'
import { ask, typed, updated } from '../../../test/contract/clauses/talk.ts'
import { createCountedIds, realClock } from '../../../test/fakes/engine-options.ts'
import { createFakeMcp } from '../../../test/fakes/fake-mcp.ts'
import { createFakeStages } from '../../../test/fakes/fake-stages.ts'
import { settled } from '../../../test/fakes/manual-clock.ts'

const bugs: unknown[] = []
const engine = createEngine({ stages: createFakeStages(), clock: realClock, ids: createCountedIds(), mcp: createFakeMcp(), onBug: cause => bugs.push(cause) })
const other = connectEngine(engine)
afterAll(() => other.close())

const right: object[] = [
  updated({ instructions: 'x', audio: { input: { turn_detection: { type: 'semantic_vad' }, transcription: { model: 'm' } }, output: { voice: 'a', speed: 1 } } }),
  updated({ audio: { input: { turn_detection: null } } }),
  { type: 'input_audio_buffer.append', audio: Buffer.alloc(9600, 0x31).toString('base64') },
  { type: 'input_audio_buffer.commit' },
  { type: 'input_audio_buffer.clear' },
  { ...typed('hello', { id: 'item_a' }), previous_item_id: 'root' },
  typed('story', { id: 'item_b' }),
  { type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_audio', audio: Buffer.alloc(4800, 0x11).toString('base64') }] } },
  { type: 'conversation.item.create', item: { type: 'function_call', name: 'f', arguments: '{}' } },
  { type: 'conversation.item.create', item: { type: 'mcp_approval_request', id: 'item_r', server_label: 'house', name: 'f', arguments: '{}' } },
  { type: 'conversation.item.create', item: { type: 'mcp_approval_response', approval_request_id: 'item_r', approve: true } },
  updated({ tools: [{ type: 'mcp', server_label: 'house', server_url: 'https://house.example', require_approval: { never: { read_only: true } }, allowed_tools: ['f'] }] }),
  { type: 'response.create', response: { tool_choice: { type: 'mcp', server_label: 'house', name: 'f' } } },
  { type: 'conversation.item.retrieve', item_id: 'item_a' },
  { type: 'conversation.item.truncate', item_id: 'item_a', content_index: 0, audio_end_ms: 10 },
  { type: 'conversation.item.delete', item_id: 'item_b' },
  { type: 'response.create', response: { metadata: { a: 'b' }, max_output_tokens: 50 } },
  { type: 'response.create', response: { conversation: 'none', input: [{ type: 'item_reference', id: 'item_a' }], output_modalities: ['text'] } },
  { type: 'response.cancel' },
]

const odd = fc.constantFrom<unknown>(null, undefined, '', 'x', 0, -1, 1e308, 1.5, true, [], {}, [[]], { type: 'x' }, 'root', 'item_a', '\u0000', '\ud800', 'A'.repeat(3))
const rightEvent = fc.constantFrom(...right)
/** One value somewhere in a right event becomes something odd. */
const mutated = fc.tuple(rightEvent, fc.nat(), odd).map(([event, pick, value]) => {
  const copy = structuredClone(event)
  const places: [object, string][] = []
  const visit = (holder: object) => {
    for (const [key, entry] of Object.entries(holder)) {
      places.push([holder, key])
      if (typeof entry === 'object' && entry !== null) visit(entry)
    }
  }
  visit(copy)
  const [holder, key] = places[pick % places.length]!
  Reflect.set(holder, key, value)
  return JSON.stringify(copy)
})
const cut = fc.tuple(rightEvent, fc.nat()).map(([event, length]) => JSON.stringify(event).slice(0, length % JSON.stringify(event).length))
const invented = fc.tuple(fc.constantFrom(...clientEventTypes), fc.dictionary(fc.string(), fc.jsonValue()))
  .map(([type, fields]) => JSON.stringify({ ...fields, type }))
const unchanged = rightEvent.map(event => JSON.stringify(event))
const frame = fc.oneof({ weight: 4, arbitrary: unchanged }, { weight: 6, arbitrary: mutated }, cut, invented, fc.string())

it('lives through any mixture of right, mutated, cut and invented events, and no other session notices', async () => {
  await fc.assert(fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 40 }), async frames => {
    const client = connectEngine(engine)
    for (const [index, text] of frames.entries()) {
      client.send(text)
      if (index % 7 === 0) await settled()
    }
    await settled()
    const before = client.events.length
    client.send(updated({}))
    expect(client.events.slice(before).map(event => event.type)).toContain('session.updated')
    expect(client.events.every(event => typeof event.event_id === 'string')).toBe(true)
    client.close()
  }), { numRuns: 150 })
  expect(bugs).toEqual([])
  expect(other.events.map(event => event.type)).toEqual(['session.created'])
  expect((await ask(other, 'Still there?')).response.status).toBe('completed')
}, 60_000)
