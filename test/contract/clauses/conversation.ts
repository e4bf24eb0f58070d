import { expect, it } from 'vitest'
import type { Scene } from '../describe-realtime-server.ts'
import { afterwards, ask, ofType, typed } from './talk.ts'

/** Items: their places, retrieving, truncating, deleting. */
export function conversationContract({ open, capabilities }: Scene): void {
  const { short, long } = capabilities.prompts

  it('puts items where the client says, under the client\'s own ids', async () => {
    const client = await open()
    client.send(typed('second', { id: 'item_second' }))
    client.send({ ...typed('first', { id: 'item_first' }), previous_item_id: 'root' })
    client.send({ ...typed('between', { id: 'item_between' }), previous_item_id: 'item_first' })
    client.send(typed('last', { id: 'item_last' }))
    await client.next(event => event.type === 'conversation.item.done' && event.item.id === 'item_last')
    const places = Object.fromEntries(ofType(client, 'conversation.item.added').map(event => [event.item.id, event.previous_item_id]))
    expect(places).toEqual({ item_second: null, item_first: null, item_between: 'item_first', item_last: 'item_second' })
  })

  it('refuses an item behind one that does not exist, and does not add it', async () => {
    const client = await open()
    client.send({ ...typed('x'), previous_item_id: 'item_nowhere', event_id: 'p-1' })
    expect((await client.next('error')).error).toMatchObject({ type: 'invalid_request_error', event_id: 'p-1' })
    expect(ofType(client, 'conversation.item.added')).toEqual([])
  })

  it('restores a conversation from text items of every role', async () => {
    const client = await open()
    client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'Be kind.' }] } })
    client.send(typed('Hello'))
    client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hi.' }] } })
    client.send({ type: 'conversation.item.create', item: { type: 'function_call', call_id: 'call_1', name: 'now', arguments: '{}' } })
    client.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: 'call_1', output: 'noon' } })
    await client.next(event => event.type === 'conversation.item.done' && event.item.type === 'function_call_output')
    expect(ofType(client, 'conversation.item.done').map(event => event.item.role ?? event.item.type)).toEqual(['system', 'user', 'assistant', 'function_call', 'function_call_output'])
    expect(ofType(client, 'error')).toEqual([])
  })

  it('deletes an item once, and points to what is left', async () => {
    const client = await open()
    client.send(typed('one', { id: 'item_one' }))
    client.send(typed('two', { id: 'item_two' }))
    client.send({ type: 'conversation.item.delete', item_id: 'item_two' })
    expect((await client.next('conversation.item.deleted')).item_id).toBe('item_two')
    client.send({ type: 'conversation.item.delete', item_id: 'item_two', event_id: 'd-2' })
    expect((await client.next('error')).error).toMatchObject({ code: 'item_delete_invalid_item_id', event_id: 'd-2' })
    client.send(typed('three'))
    expect((await client.next('conversation.item.added')).previous_item_id).toBe('item_one')
  })

  it('retrieves an item, and says so when there is none', async () => {
    const client = await open()
    client.send(typed('keep this', { id: 'item_kept' }))
    client.send({ type: 'conversation.item.retrieve', item_id: 'item_kept' })
    expect((await client.next('conversation.item.retrieved')).item).toMatchObject({ id: 'item_kept', content: [{ type: 'input_text', text: 'keep this' }] })
    client.send({ type: 'conversation.item.retrieve', item_id: 'item_gone' })
    expect((await client.next('error')).error.code).toBe('item_retrieve_invalid_item_id')
  })

  if (!capabilities.audioOut) return

  it('retrieves a spoken answer with its audio', async () => {
    const client = await open()
    const { response } = await ask(client, short)
    client.send({ type: 'conversation.item.retrieve', item_id: response.output[0].id })
    const { item } = await client.next('conversation.item.retrieved')
    expect(item.content[0].transcript).toBe(response.output[0].content[0].transcript)
    expect(item.content[0].audio.length).toBeGreaterThan(1000)
  })

  it('truncates an answer at what was heard, and forgets its transcript', async () => {
    const client = await open()
    const { response } = await ask(client, short)
    const itemId = response.output[0].id
    client.send({ type: 'conversation.item.truncate', item_id: itemId, content_index: 0, audio_end_ms: 300 })
    const { event_id: eventId, ...truncated } = await client.next('conversation.item.truncated')
    expect(eventId).toBeTruthy()
    expect(truncated).toEqual({ type: 'conversation.item.truncated', item_id: itemId, content_index: 0, audio_end_ms: 300 })
    client.send({ type: 'conversation.item.retrieve', item_id: itemId })
    const { item } = await client.next('conversation.item.retrieved')
    expect(item.content[0].transcript ?? '').toBe('')
    expect(Buffer.from(item.content[0].audio, 'base64').length).toBe(300 * 48)
  })

  it('truncates an answer of which nothing was heard to nothing', async () => {
    const client = await open()
    const { response } = await ask(client, short)
    client.send({ type: 'conversation.item.truncate', item_id: response.output[0].id, content_index: 0, audio_end_ms: 0 })
    expect((await client.next('conversation.item.truncated')).audio_end_ms).toBe(0)
  })

  it('truncates the answer that was just cancelled', async () => {
    const client = await open()
    client.send(typed(long))
    client.send({ type: 'response.create' })
    const { item_id: itemId } = await client.next('response.output_audio.delta')
    client.send({ type: 'response.cancel' })
    client.send({ type: 'conversation.item.truncate', item_id: itemId, content_index: 0, audio_end_ms: 50 })
    await client.next('response.done')
    expect((await client.next('conversation.item.truncated')).audio_end_ms).toBe(50)
  })

  it('refuses to truncate beyond the end, and cuts there', async () => {
    const client = await open()
    const { response } = await ask(client, short)
    client.send({ type: 'conversation.item.truncate', item_id: response.output[0].id, content_index: 0, audio_end_ms: 3_600_000 })
    const { error } = await client.next('error')
    expect(error.code).toBe('invalid_value')
    expect(error.message).toMatch(/^Audio content of \d+ms is already shorter than 3600000ms$/)
    expect((await client.next('conversation.item.truncated')).audio_end_ms).toBe(Number(/\d+/.exec(error.message)![0]))
  })

  it('truncates only spoken answers, and only those that exist', async () => {
    const client = await open()
    client.send(typed('typed', { id: 'item_typed' }))
    client.send({ type: 'conversation.item.truncate', item_id: 'item_typed', content_index: 0, audio_end_ms: 10 })
    expect((await client.next('error')).error.code).toBe('unsupported_content_type')
    client.send({ type: 'conversation.item.truncate', item_id: 'item_gone', content_index: 0, audio_end_ms: 10 })
    expect((await client.next('error')).error.code).toBe('item_truncate_invalid_item_id')
  })

  it('locks the voice once the assistant has spoken', async () => {
    const client = await open()
    client.send({ type: 'session.update', session: { type: 'realtime', audio: { output: { voice: 'cedar' } } } })
    expect((await client.next('session.updated')).session.audio.output.voice).toBe('cedar')
    await ask(client, short)
    client.send({ type: 'session.update', session: { type: 'realtime', audio: { output: { voice: 'marin' } } } })
    expect((await client.next('error')).error).toMatchObject({ code: 'cannot_update_voice', message: 'Cannot update a conversation\'s voice if assistant audio is present.' })
    client.send({ type: 'session.update', session: { type: 'realtime', audio: { output: { voice: 'cedar' } } } })
    await client.next('session.updated')
    await afterwards(client)
  })
}
