import { expect, it } from 'vitest'
import type { ContractClient } from '../contract-client.ts'
import type { Scene } from '../describe-realtime-server.ts'
import { placed, protocolList } from '../protocol-list.ts'
import type { FieldShape } from '../protocol-list.ts'
import { ask, ofType } from './talk.ts'

/** Every way to get a field of the protocol wrong, made from its machine list. */

type Fields = Record<string, unknown>
interface Fault { what: string, event: Fields, code: RegExp, param: RegExp }

const message = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'x' }] }
const right: Record<string, Fields> = {
  'session.update': { session: { type: 'realtime' } },
  'input_audio_buffer.append': { audio: 'AAAA' },
  'conversation.item.create': { item: message },
  'conversation.item.retrieve': { item_id: 'item_x' },
  'conversation.item.delete': { item_id: 'item_x' },
  'conversation.item.truncate': { item_id: 'item_x', content_index: 0, audio_end_ms: 0 },
}
const items: Record<string, Fields> = {
  message,
  function_call: { type: 'function_call', name: 'f', arguments: '{}' },
  function_call_output: { type: 'function_call_output', call_id: 'call_x', output: 'x' },
}

const exactly = (param: string) => new RegExp(`^${param.replaceAll(/[.[\]]/g, '\\$&')}$`)
const without = (event: Fields, field: string) => Object.fromEntries(Object.entries(event).filter(([name]) => name !== field))
/** Not what any field of this type takes. */
const wrongFor = (type: string) => /\bboolean\b/.test(type) ? 'yes' : true
const missing = /^missing_required_parameter$/
const wrongType = /^invalid_(type|value)$/

/** Fields of the event itself: missing, of a wrong type, unknown. */
function eventFaults(type: string): Fault[] {
  const shape = protocolList.client.find(event => event.type === type)!
  const event: Fields = { type, ...right[type] }
  const fields = [...shape.required, ...shape.optional].filter(field => field !== 'type')
  return [
    ...fields.filter(field => shape.required.includes(field)).map(field => ({ what: `no ${field}`, event: without(event, field), code: missing, param: exactly(field) })),
    ...fields.map(field => ({ what: `${field} of a wrong type`, event: { ...event, [field]: wrongFor(shape.fieldTypes[field]!) }, code: wrongType, param: new RegExp(`^${field}`) })),
    { what: 'a field that is none', event: { ...event, surprise: 1 }, code: /^unknown_parameter$/, param: exactly('surprise') },
    { what: 'an id without end', event: { ...event, event_id: 'x'.repeat(600) }, code: /^string_above_max_length$/, param: exactly('event_id') },
  ]
}

/** A field beside one of a union's branches is blamed on the union; and what a tracing's metadata or a prompt's variables hold is free. */
const blamed = (path: string) => /^(prompt|tracing|tool_choice|truncation|audio\.output\.voice)\b/.exec(path)?.[0] ?? path

/** Every field below `session` or `response`: of a wrong type, and something unknown beside it. */
function fieldFaults(place: 'session' | 'response', fields: readonly FieldShape[], extra: Fields): Fault[] {
  const event = (inner: Fields): Fields => ({ type: place === 'session' ? 'session.update' : 'response.create', [place]: { ...extra, ...inner } })
  return fields.filter(({ path }) => path !== 'type').flatMap(({ path, variant, type }) => {
    const param = new RegExp(`^${place}\\.${blamed(path).replaceAll('.', '\\.')}`)
    const holder = path.split('.').slice(0, -1)
    const beside = [...holder, 'surprise'].join('.')
    return [
      { what: `${path}${variant ? ` (${variant})` : ''} of a wrong type`, event: event(placed({ path, variant }, wrongFor(type))), code: wrongType, param },
      { what: `something unknown beside ${path}`, event: event(placed({ path: beside, variant }, 1)), code: /^(unknown_parameter|missing_required_parameter|invalid_value)$/, param: new RegExp(`^${place}\\.`) },
    ]
  })
}

/** Every field of every item that a client may create. */
function itemFaults(): Fault[] {
  return protocolList.items.filter(({ type }) => items[type]).flatMap(({ type, required, optional, fieldTypes }) => {
    const item = items[type]!
    const event = (changed: Fields) => ({ type: 'conversation.item.create', item: changed })
    return [
      ...required.filter(field => field !== 'type').map(field => ({ what: `${type} without ${field}`, event: event(without(item, field)), code: missing, param: exactly(`item.${field}`) })),
      ...[...required, ...optional].map(field => ({ what: `${type} with a wrong ${field}`, event: event({ ...item, [field]: wrongFor(fieldTypes[field]!) }), code: wrongType, param: exactly(`item.${field}`) })),
      { what: `${type} with something unknown`, event: event({ ...item, surprise: 1 }), code: /^unknown_parameter$/, param: exactly('item.surprise') },
    ]
  })
}

const huge = 'x'.repeat(1_000_000)
const absurd: Fault[] = [
  { what: 'an endless item id', event: { type: 'conversation.item.delete', item_id: huge }, code: /^item_delete_invalid_item_id$/, param: exactly('item_id') },
  { what: 'an endless new item id', event: { type: 'conversation.item.create', item: { ...message, id: huge } }, code: /^string_above_max_length$/, param: exactly('item.id') },
  { what: 'an endless unknown name', event: { type: 'input_audio_buffer.clear', [huge]: 1 }, code: /^unknown_parameter$/, param: /^x{64}…$/ },
  { what: 'an endless type', event: { type: huge }, code: /^invalid_value$/, param: exactly('type') },
  { what: 'a cut after the end of time', event: { type: 'conversation.item.truncate', item_id: 'item_x', content_index: 0, audio_end_ms: 1e300 }, code: /^invalid_(type|value)$/, param: exactly('audio_end_ms') },
  { what: 'a part that nobody counts to', event: { type: 'conversation.item.truncate', item_id: 'item_x', content_index: 2 ** 60, audio_end_ms: 1 }, code: /^invalid_(type|value)$/, param: exactly('content_index') },
  { what: 'a thousand tools', event: { type: 'session.update', session: { type: 'realtime', tools: Array.from({ length: 1000 }, (_, index) => ({ type: 'function', name: `f${index}` })) } }, code: /^invalid_value$/, param: exactly('session.tools') },
  { what: 'too many pairs of metadata', event: { type: 'response.create', response: { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, 'v'])) } }, code: /^invalid_value$/, param: exactly('response.metadata') },
  { what: 'a metadata key that is too long', event: { type: 'response.create', response: { metadata: { ['k'.repeat(65)]: 'v' } } }, code: /./, param: /^response\.metadata/ },
  { what: 'a metadata value that is too long', event: { type: 'response.create', response: { metadata: { k: 'v'.repeat(513) } } }, code: /^string_above_max_length$/, param: exactly('response.metadata.k') },
]

/** Sends each fault under an id of its own; resolves when the last one was answered. */
async function expectRefusals(client: ContractClient, faults: readonly Fault[]): Promise<void> {
  for (const [index, { event }] of faults.entries()) client.send({ event_id: `bad-${index}`, ...event })
  client.send({ type: 'response.cancel', event_id: 'last' })
  await client.next(event => event.type === 'error' && event.error.event_id === 'last')
  const errors = ofType(client, 'error').map(({ error }) => error)
  for (const [index, { what, event, code, param }] of faults.entries()) {
    // Errors come in the order of the events that caused them, one for each.
    const error = errors[index]
    expect(error?.code, what).toMatch(code)
    expect(error.param, what).toMatch(param)
    expect(error.event_id, what).toBe(typeof event.event_id === 'boolean' ? null : String(event.event_id ?? `bad-${index}`).slice(0, 512))
    expect(error.message.length, what).toBeLessThan(2000)
  }
  expect(errors).toHaveLength(faults.length + 1)
}

/** Whatever field of the protocol is wrong, and whenever: an error that names it, and the session goes on. */
export function badInputContract({ open, capabilities }: Scene): void {
  const types = protocolList.client.map(({ type }) => type).filter(type => type !== 'output_audio_buffer.clear')
  it.each(types)('names every field that is wrong in %s', async type => {
    const client = await open()
    await expectRefusals(client, eventFaults(type))
  })

  const { session, responseCreate } = protocolList
  it('names every field that is wrong in a session', async () => {
    const client = await open()
    await expectRefusals(client, fieldFaults('session', session.realtime, { type: 'realtime' }))
    expect(ofType(client, 'session.updated')).toEqual([])
  })

  it('names every field that is wrong in what a response is asked to be', async () => {
    const client = await open()
    await expectRefusals(client, fieldFaults('response', responseCreate, {}))
    expect(ofType(client, 'response.created')).toEqual([])
  })

  it('names every field that is wrong in an item', async () => {
    const client = await open()
    await expectRefusals(client, itemFaults())
    expect(ofType(client, 'conversation.item.added')).toEqual([])
  })

  it('takes no absurd size', async () => {
    const client = await open()
    await expectRefusals(client, absurd)
  })

  it('goes on with the answer it is giving, whatever comes in meanwhile', async () => {
    const client = await open()
    const answered = ask(client, capabilities.prompts.short)
    for (const type of types) for (const { event } of eventFaults(type)) client.send(event)
    expect((await answered).response.status).toBe('completed')
  })
}
