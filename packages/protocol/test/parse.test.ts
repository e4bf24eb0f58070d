import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRealtimeAdapterState, parseServerEvent, receive } from '@kaiwa/protocol'
import { samples } from './samples.ts'

const wire = samples.flatMap(({ sample }) => sample.steps.flatMap(step => 'server' in step ? [step.server] : []))

describe('a message from the wire', () => {
  it.each(['', '{bad', 'null', '[]', '42', '"text"', 'true', '{}', '{"type":null}', '{"type":7}', '{"type":""}', '{"type":["error"]}', '['.repeat(100_000), '{"a":'.repeat(100_000), '\u0000', '{"type":"error"'])(
    'that is no event is invalid: %#', text => {
      expect(parseServerEvent(text)).toMatchObject({ kind: 'invalid', type: '' })
    })
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'response.sparkle'])('of a type nobody knows is unknown: %s', type => {
    expect(parseServerEvent(JSON.stringify({ type }))).toEqual({ kind: 'unknown', type, message: '' })
  })
  it.each([
    ['{"type":"response.done"}', '`response.id` is not a string'],
    ['{"type":"response.done","response":null}', '`response.id` is not a string'],
    ['{"type":"response.done","__proto__":{"response":{"id":"r","status":"completed"}}}', '`response.id` is not a string'],
    ['{"type":"response.done","response":{"id":"r","status":"completed","output":{}}}', '`response.output` is not a usable array'],
    ['{"type":"conversation.item.added","item":{"id":"a","type":"message","role":"user","content":"hi"}}', '`item` is not a usable item'],
    ['{"type":"conversation.item.added","item":{"id":"a","type":"message","role":"user","content":[{"type":"input_text","text":7}]}}', '`item` is not a usable item'],
    ['{"type":"conversation.item.added","previous_item_id":3,"item":{"id":"a","type":"mcp_call"}}', '`previous_item_id` is not a string'],
    ['{"type":"conversation.item.truncated","item_id":"a","audio_end_ms":"840"}', '`audio_end_ms` is not a usable number'],
    ['{"type":"conversation.item.truncated","item_id":"a","audio_end_ms":1e999}', '`audio_end_ms` is not a usable number'],
    ['{"type":"response.output_audio.delta","response_id":"r","item_id":"i","content_index":0,"delta":null}', '`delta` is not a string'],
  ])('without what we need is invalid, and says what is wrong: %s', (text, reason) => {
    expect(parseServerEvent(text)).toMatchObject({ kind: 'invalid', reason })
  })
  it('is known as it is on the wire, whatever else it carries', () => {
    for (const event of wire) expect(parseServerEvent(JSON.stringify({ ...event, obfuscation: 'x' }))).toEqual({ kind: 'known', event: { ...event, obfuscation: 'x' } })
  })
  it('leaves no trace in the language\'s own objects', () => {
    parseServerEvent('{"type":"error","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

/** Any JSON, with the protocol's own words in it more often than chance would have. */
const words = [...new Set(wire.flatMap(event => JSON.stringify(event).match(/[a-z_.0-9]{2,}/g) ?? []))]
const rubbish = fc.jsonValue({ maxDepth: 4 }).chain(value => fc.constantFrom<unknown>(value, ...words, '__proto__', -1, 1e308, null))

/** An event of a real turn in which one value, at any depth, became something else or went missing. */
const damaged = fc.tuple(fc.constantFrom(...wire), fc.nat(), rubbish, fc.boolean()).map(([event, at, value, remove]) => {
  const copy = structuredClone(event)
  const places: [Record<string, unknown>, string][] = []
  const walk = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, child] of Object.entries(node)) {
      places.push([node as Record<string, unknown>, key])
      walk(child)
    }
  }
  walk(copy)
  const [node, key] = places[at % places.length] ?? [copy, 'event_id']
  if (remove) Reflect.deleteProperty(node, key)
  else node[key] = value
  return JSON.stringify(copy)
})

describe('the adapter under hostile input', () => {
  it('never throws, tells only well-formed segments, and stays usable', () => {
    const message = fc.oneof(
      { weight: 6, arbitrary: damaged }, { weight: 3, arbitrary: fc.constantFrom(...wire.map(event => JSON.stringify(event))) },
      fc.string(), rubbish.map(value => JSON.stringify(value)),
    )
    fc.assert(fc.property(fc.array(message, { maxLength: 40 }), messages => {
      let state = createRealtimeAdapterState()
      for (const text of messages) {
        const received = receive(state, text)
        state = received.state
        for (const event of received.events) {
          if (event.type !== 'segment') continue
          expect(typeof event.segment.id).toBe('string')
          expect(typeof event.segment.text).toBe('string')
          expect(['string', 'undefined', 'object']).toContain(typeof event.segment.afterId)
        }
      }
      const answered = receive(state, JSON.stringify({ type: 'conversation.item.done', item: { id: 'last', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'still here' }] } }))
      expect(answered.known).toBe(true)
    }), { numRuns: 1500 })
  })
})
