import type { RealtimeClientEvent, RealtimeServerEvent } from 'openai/resources/realtime/realtime'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { ClientEvent, ServerEvent } from '@kaiwa/protocol'

/**
 * Our wire types against the official ones; the compiler is the judge (type check of the tests). `null` is left out of the comparison: the
 * wire says `null` where the official types say "absent".
 */
type WithoutNull<T> = T extends null ? never
  : T extends string | number | boolean ? T
    : T extends (infer E)[] ? WithoutNull<E>[]
      : T extends object ? { [K in keyof T]: WithoutNull<T[K]> } : T
type Of<Union, Type extends string> = WithoutNull<Extract<Union, { type: Type }>>
/** Types of events whose `From` can't stand where its `To` is expected. */
type Differing<Types extends string, From, To> = { [T in Types]: [Of<From, T>] extends [Of<To, T>] ? never : T }[Types]

/** Where what we say is wider than the official types on purpose. */
const weSayMore = {
  'session.update': 'partial at every depth, as the wire merges it; settings that we only pass on are not spelt out',
  'session.created': 'settings that we only pass on (tracing, truncation, prompt, delay) are not spelt out',
  'session.updated': 'as session.created',
  'conversation.item.create': 'MCP items without an id of the client\'s own: its official client sends them so',
  'response.create': 'the audio format is only passed on',
  'response.created': 'the audio format is only passed on; a voice may be an object',
  'response.done': 'as response.created',
}

/** Where the official types allow what we leave out or make certain: the parser checks what the adapter reads, so these cost nothing. */
const theySayMore = {
  error: 'code, param and event_id may be absent there; on the wire they are null',
  'session.created': 'every key optional there, present on the wire',
  'session.updated': 'as session.created',
  'session.update': 'tools\' parameters and connectors may be anything there',
  'conversation.item.added': 'items without an id, MCP tools with a schema of any kind',
  'conversation.item.done': 'as conversation.item.added',
  'conversation.item.retrieved': 'as conversation.item.added',
  'conversation.item.create': 'MCP tools with a schema of any kind',
  'conversation.item.input_audio_transcription.delta': 'index and delta may be absent there',
  'conversation.item.input_audio_transcription.completed': 'details of token usage may be absent there',
  'input_audio_buffer.committed': 'previous_item_id may be absent there',
  'response.output_item.added': 'as conversation.item.added',
  'response.output_item.done': 'as conversation.item.added',
  'response.content_part.added': 'part type and text may be absent there',
  'response.content_part.done': 'as response.content_part.added',
  'response.create': 'tools\' parameters may be anything there',
  'response.created': 'every key optional there, present on the wire',
  'response.done': 'as response.created',
  'rate_limits.updated': 'every key optional there, present on the wire',
}

describe('our wire types', () => {
  it('fit the official ones but for the listed differences, which are all still there', () => {
    expectTypeOf<Differing<ServerEvent['type'], ServerEvent, RealtimeServerEvent> | Differing<ClientEvent['type'], ClientEvent, RealtimeClientEvent>>().toEqualTypeOf<keyof typeof weSayMore>()
    expectTypeOf<Differing<ServerEvent['type'], RealtimeServerEvent, ServerEvent> | Differing<ClientEvent['type'], RealtimeClientEvent, ClientEvent>>().toEqualTypeOf<keyof typeof theySayMore>()
    for (const reason of [...Object.values(weSayMore), ...Object.values(theySayMore)]) expect(reason.length).toBeGreaterThan(5)
  })
  it('have every client event that there is', () => {
    expectTypeOf<RealtimeClientEvent['type']>().toEqualTypeOf<ClientEvent['type']>()
  })
})
