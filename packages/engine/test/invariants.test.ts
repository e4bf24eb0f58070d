import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createEngine } from '../src/index.ts'
import type { Responder } from '../src/index.ts'
import { connectEngine } from '../../../test/contract/engine-client.ts'
import type { ContractClient } from '../../../test/contract/contract-client.ts'
import { brokenLaws, leftOpen } from '../../../test/contract/wire-laws.ts'
import { ofType, typed, updated } from '../../../test/contract/clauses/talk.ts'
import { createCountedIds } from '../../../test/fakes/engine-options.ts'
import { createEchoResponder, createFakeStages } from '../../../test/fakes/fake-stages.ts'
import { createFakeMcp, toolFails } from '../../../test/fakes/fake-mcp.ts'
import { createManualClock, settled } from '../../../test/fakes/manual-clock.ts'
import type { ManualClock } from '../../../test/fakes/manual-clock.ts'

/** What a client may do next; `pick` chooses among the items there are. */
type Step = (client: ContractClient, clock: ManualClock, pick: number) => unknown

const loud = Buffer.alloc(24_000, 0x31).toString('base64')
const quiet = Buffer.alloc(48_000).toString('base64')
const detection = (fields: object | null) => updated({ audio: { input: { turn_detection: fields } } })
const itemIds = (client: ContractClient) => ['item_none', ...ofType(client, 'conversation.item.added').map(({ item }) => String(item.id))]
const itemOf = (client: ContractClient, pick: number) => { const ids = itemIds(client); return ids[pick % ids.length]! }
const responseOf = (client: ContractClient, pick: number) => { const all = ofType(client, 'response.created'); return all[pick % Math.max(1, all.length)]?.response.id ?? 'resp_none' }
const sends = (event: object): Step => client => client.send(event)

const spokenIds = (client: ContractClient) => ['item_none', ...new Set(ofType(client, 'response.output_audio.delta').map(event => String(event.item_id)))]

/** Echoes, and makes two calls between its words when it may, unless it was told a result just now. */
const caller: Responder = { async* respond(request) {
  if (request.tools?.length && request.turns.slice(-2).every(({ role }) => role !== 'tool_output')) {
    yield 'Let me see. '
    yield { kind: 'tool_call', name: 'f' }
    yield { kind: 'tool_arguments', delta: '{"a":' }
    yield { kind: 'tool_arguments', delta: '1}' }
    yield { kind: 'tool_call', name: 'f' }
  }
  yield* createEchoResponder().respond(request)
} }

const steps: Record<string, Step> = {
  speak: sends({ type: 'input_audio_buffer.append', audio: loud }),
  pause: sends({ type: 'input_audio_buffer.append', audio: quiet }),
  takeTurn: async client => {
    for (const audio of [loud, loud, quiet, quiet]) client.send({ type: 'input_audio_buffer.append', audio })
    for (let count = 0; count < 10; count++) await settled()
  },
  commit: sends({ type: 'input_audio_buffer.commit' }),
  clear: sends({ type: 'input_audio_buffer.clear' }),
  type: sends(typed('hello')),
  typeLong: sends(typed('story')),
  typeNamed: (client, _clock, pick) => client.send(typed('named', { id: `item_${pick % 5}` })),
  insert: (client, _clock, pick) => client.send({ ...typed('between'), previous_item_id: pick % 4 === 0 ? 'root' : itemOf(client, pick) }),
  addAudio: sends({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_audio', audio: loud }] } }),
  addCall: sends({ type: 'conversation.item.create', item: { type: 'function_call', call_id: 'call_x', name: 'f', arguments: '{}' } }),
  addOutput: sends({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: 'call_x', output: 'x' } }),
  retrieve: (client, _clock, pick) => client.send({ type: 'conversation.item.retrieve', item_id: itemOf(client, pick) }),
  truncate: (client, _clock, pick) => client.send({ type: 'conversation.item.truncate', item_id: itemOf(client, pick), content_index: 0, audio_end_ms: pick * 37 % 9000 }),
  bargeIn: (client, _clock, pick) => client.send({
    type: 'conversation.item.truncate', item_id: spokenIds(client).at(-1 - pick % 2) ?? 'item_none', content_index: 0, audio_end_ms: pick % 3000,
  }),
  delete: (client, _clock, pick) => client.send({ type: 'conversation.item.delete', item_id: itemOf(client, pick) }),
  respond: sends({ type: 'response.create' }),
  write: sends({ type: 'response.create', response: { output_modalities: ['text'] } }),
  call: sends({ type: 'response.create', response: { tools: [{ type: 'function', name: 'f' }] } }),
  callMcp: sends({ type: 'response.create', response: { tools: [{ type: 'mcp', server_label: 'house' }] } }),
  defineMcp: (client, _clock, pick) => client.send(updated({ tools: [
    { type: 'mcp', server_label: 'house', server_url: `https://house.example/${pick % 2}`, require_approval: pick % 3 ? 'never' : 'always' },
  ] })),
  approve: (client, _clock, pick) => {
    const asked = ['mcpr_none', ...ofType(client, 'conversation.item.added').filter(({ item }) => item.type === 'mcp_approval_request').map(({ item }) => String(item.id))]
    client.send({ type: 'conversation.item.create', item: { type: 'mcp_approval_response', approval_request_id: asked[pick % asked.length], approve: pick % 5 > 0 } })
  },
  respondBriefly: sends({ type: 'response.create', response: { max_output_tokens: 30 } }),
  respondAside: (client, _clock, pick) => client.send({ type: 'response.create', response: { conversation: 'none', input: pick % 2 ? [] : [{ type: 'item_reference', id: itemOf(client, pick) }] } }),
  cancel: sends({ type: 'response.cancel' }),
  cancelOne: (client, _clock, pick) => client.send({ type: 'response.cancel', response_id: responseOf(client, pick) }),
  byHand: sends(detection(null)),
  semantic: sends(detection({ type: 'semantic_vad', eagerness: 'high' })),
  server: sends(detection({ type: 'server_vad', silence_duration_ms: 200, idle_timeout_ms: 5000 })),
  uninterrupted: sends(detection({ type: 'server_vad', interrupt_response: false })),
  telephone: sends(updated({ audio: { input: { format: { type: 'audio/pcmu' } }, output: { format: { type: 'audio/pcma' } } } })),
  transcribe: sends(updated({ audio: { input: { transcription: { model: 'any' } } } })),
  mistake: sends({ type: 'conversation.item.create', item: { type: 'message' } }),
  breathe: () => settled(),
  wait: (_client, clock, pick) => clock.advance(pick % 4000),
  waitLong: (_client, clock) => clock.advance(15_000),
}

const name = fc.constantFrom(...Object.keys(steps))
const walk = fc.array(fc.tuple(name, fc.nat(10_000)), { minLength: 1, maxLength: 60, size: 'max' })

it('breaks no law of the protocol, whatever a client does and when', async () => {
  const bugs: unknown[] = []
  await fc.assert(fc.asyncProperty(walk, async path => {
    const clock = createManualClock()
    let calls = 0
    // Every third call never ends, every fourth fails.
    const mcp = createFakeMcp({ call: async () => ++calls % 3 === 0 ? new Promise<never>(() => {}) : calls % 4 === 0 ? toolFails() : 'done' })
    const engine = createEngine({ stages: createFakeStages({ responder: caller }), clock, ids: createCountedIds(), mcp, onBug: cause => bugs.push(cause) })
    const client = connectEngine(engine)
    for (const [step, pick] of path) await steps[step]!(client, clock, pick)
    expect(brokenLaws(client.events)).toEqual([])
    client.send(detection(null))
    await clock.advance(300_000)
    expect(brokenLaws(client.events)).toEqual([])
    expect(leftOpen(client.events)).toEqual([])
    client.close()
    await settled()
    expect(clock.pendingTimers).toBe(0)
  }), { numRuns: 60 })
  expect(bugs).toEqual([])
}, 120_000)
