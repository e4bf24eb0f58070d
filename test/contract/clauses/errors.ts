import { expect, it } from 'vitest'
import type { Scene } from '../describe-realtime-server.ts'
import { afterwards, ask } from './talk.ts'

const deep = (levels: number) => `{"type":"session.update","session":${'['.repeat(levels)}${']'.repeat(levels)}}`

const malformed: [what: string, frame: string, code: string][] = [
  ['half an object', '{bad', 'invalid_json'],
  ['nothing', '', 'invalid_json'],
  ['a million brackets', '['.repeat(1_000_000), 'invalid_json'],
  ['null', 'null', 'invalid_event'],
  ['an array', '[]', 'invalid_event'],
  ['a number', '42', 'invalid_event'],
  ['an object without a type', '{}', 'invalid_event'],
  ['deep nesting', deep(10_000), 'invalid_event'],
  ['a type that is no text', '{"type":7}', 'invalid_type'],
]

const truncate = { type: 'conversation.item.truncate', item_id: 'item_x', content_index: 0 }
const session = (fields: object) => ({ type: 'session.update', session: { type: 'realtime', ...fields } })

const wrong: [what: string, event: object, error: { code: string, param: string }][] = [
  ['no item', { type: 'conversation.item.create' }, { code: 'missing_required_parameter', param: 'item' }],
  ['no role', { type: 'conversation.item.create', item: { type: 'message' } }, { code: 'missing_required_parameter', param: 'item.role' }],
  ['no session', { type: 'session.update' }, { code: 'missing_required_parameter', param: 'session' }],
  ['audio missing', { type: 'input_audio_buffer.append' }, { code: 'missing_required_parameter', param: 'audio' }],
  ['audio that is a number', { type: 'input_audio_buffer.append', audio: 5 }, { code: 'invalid_type', param: 'audio' }],
  ['audio that is not base64', { type: 'input_audio_buffer.append', audio: '§§§§' }, { code: 'invalid_value', param: 'audio' }],
  ['half a sample', { type: 'input_audio_buffer.append', audio: 'AA==' }, { code: 'invalid_value', param: 'audio' }],
  ['audio_end_ms null', { ...truncate, audio_end_ms: null }, { code: 'invalid_type', param: 'audio_end_ms' }],
  ['audio_end_ms negative', { ...truncate, audio_end_ms: -1 }, { code: 'invalid_value', param: 'audio_end_ms' }],
  ['audio_end_ms with a fraction', { ...truncate, audio_end_ms: 1.5 }, { code: 'invalid_type', param: 'audio_end_ms' }],
  ['a beta field', session({ modalities: ['text', 'audio'] }), { code: 'unknown_parameter', param: 'session.modalities' }],
  ['temperature', session({ temperature: 0.8 }), { code: 'unknown_parameter', param: 'session.temperature' }],
  ['a nested unknown field', session({ audio: { input: { language: 'en' } } }), { code: 'unknown_parameter', param: 'session.audio.input.language' }],
  ['a speed that is text', session({ audio: { output: { speed: 'fast' } } }), { code: 'invalid_type', param: 'session.audio.output.speed' }],
  ['a speed out of range', session({ audio: { output: { speed: 9 } } }), { code: 'invalid_value', param: 'session.audio.output.speed' }],
  ['an unknown turn detection', session({ audio: { input: { turn_detection: { type: 'psychic' } } } }), { code: 'invalid_value', param: 'session.audio.input.turn_detection.type' }],
  ['the beta name of a content part', { type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'text', text: 'x' }] } }, { code: 'invalid_value', param: 'item.content[0].type' }],
  ['an item id that is too long', { type: 'conversation.item.create', item: { id: 'x'.repeat(33), type: 'message', role: 'user', content: [] } }, { code: 'string_above_max_length', param: 'item.id' }],
  ['metadata that is no text', { type: 'response.create', response: { metadata: { n: 5 } } }, { code: 'invalid_type', param: 'response.metadata.n' }],
]

/** What a wrong event is answered with: a code, the place, the client's event id. The session always lives on. */
export function errorContract({ open, capabilities }: Scene): void {
  it.each(malformed)('answers %s with an error', async (_what, frame, code) => {
    const client = await open()
    client.send(frame)
    const { error } = await client.next('error')
    expect(error).toMatchObject({ type: 'invalid_request_error', code, message: expect.stringMatching(/\w/) })
    for (const key of ['param', 'event_id']) expect(error).toHaveProperty(key)
    await afterwards(client)
  })

  it.each(wrong)('answers %s with its code, its place and the event\'s id', async (_what, event, expected) => {
    const client = await open()
    client.send({ event_id: 'mine', ...event })
    expect((await client.next('error')).error).toMatchObject({ type: 'invalid_request_error', ...expected, event_id: 'mine' })
    await afterwards(client)
  })

  it('names the known types when it gets an unknown one', async () => {
    const client = await open()
    client.send({ type: 'nope', event_id: 'n-1' })
    const { error } = await client.next('error')
    expect(error).toMatchObject({ code: 'invalid_value', param: 'type', event_id: 'n-1' })
    expect(error.message).toMatch(/^Invalid value: 'nope'\. Supported values are: 'session\.update', /)
  })

  it('takes __proto__ and constructor for what they are: unknown names', async () => {
    const client = await open()
    client.send('{"type":"session.update","session":{"type":"realtime","__proto__":{"instructions":"x"}}}')
    expect((await client.next('error')).error).toMatchObject({ code: 'unknown_parameter', param: 'session.__proto__' })
    client.send('{"type":"session.update","session":{"type":"realtime","constructor":{}}}')
    expect((await client.next('error')).error).toMatchObject({ code: 'unknown_parameter', param: 'session.constructor' })
  })

  if (capabilities.binary) {
    it('answers a binary frame with an error', async () => {
      const client = await open()
      client.sendBinary?.(new Uint8Array([1, 2, 3]))
      expect((await client.next('error')).error).toMatchObject({ code: 'invalid_event', message: 'Expected a text WebSocket message; binary frames are not supported.' })
      await afterwards(client)
    })
  }

  it('holds a conversation after all that', async () => {
    const client = await open()
    for (const [, frame] of malformed) client.send(frame)
    for (const [, event] of wrong) client.send(event)
    expect((await ask(client, capabilities.prompts.short)).response.status).toBe('completed')
  })

  it('keeps one client\'s mistakes from another', async () => {
    const [clumsy, other] = [await open(), await open()]
    for (const [, frame] of malformed) clumsy.send(frame)
    expect((await ask(other, capabilities.prompts.short)).response.status).toBe('completed')
    expect(other.events.filter(event => event.type === 'error')).toEqual([])
  })
}
