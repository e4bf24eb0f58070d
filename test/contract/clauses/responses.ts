import { expect, it } from 'vitest'
import type { Scene } from '../describe-realtime-server.ts'
import { ask, ofType, orderFrom, typed } from './talk.ts'

/** One active response, cancelling, and responses beside the conversation. */
export function responseContract({ open, capabilities }: Scene): void {
  const { short, long } = capabilities.prompts
  const anyDelta = (event: { type: string }) => /^response\.output_(audio|text)\.delta$/.test(event.type)

  it('gives every event an id of its own', async () => {
    const client = await open()
    await ask(client, short)
    const ids = client.events.map(event => event.event_id)
    expect(ids.every(id => typeof id === 'string' && id.length > 0)).toBe(true)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('reports usage with every finished response, and none before', async () => {
    const client = await open()
    const { response } = await ask(client, short)
    expect(ofType(client, 'response.created')[0]!.response).toMatchObject({ object: 'realtime.response', status: 'in_progress', usage: null, output: [] })
    expect(response.usage).toMatchObject({
      input_token_details: { text_tokens: expect.any(Number), audio_tokens: expect.any(Number), cached_tokens: expect.any(Number) },
      output_token_details: { text_tokens: expect.any(Number), audio_tokens: expect.any(Number) },
    })
    expect(response.usage.total_tokens).toBe(response.usage.input_tokens + response.usage.output_tokens)
    expect(response).toHaveProperty('status_details')
  })

  it('refuses a second response while one is active, naming the event that asked', async () => {
    const client = await open()
    client.send(typed(long))
    client.send({ type: 'response.create' })
    const created = await client.next('response.created')
    client.send({ type: 'response.create', event_id: 'second' })
    const { error } = await client.next('error')
    expect(error).toMatchObject({ code: 'conversation_already_has_active_response', event_id: 'second' })
    expect(error.message).toContain(created.response.id)
  })

  it('cancels at the client\'s word: the tail in order, then response.done', async () => {
    const client = await open()
    client.send(typed(long))
    client.send({ type: 'response.create' })
    await client.next(anyDelta)
    client.send({ type: 'response.cancel' })
    const done = await client.next('response.done')
    expect(done.response).toMatchObject({
      status: 'cancelled', status_details: { type: 'cancelled', reason: 'client_cancelled' }, output: [{ status: 'incomplete' }], usage: { total_tokens: expect.any(Number) },
    })
    expect(orderFrom(client, ofType(client, 'response.created')[0]!).slice(-4)).toEqual(['response.content_part.done', 'conversation.item.done', 'response.output_item.done', 'response.done'])
    const after = client.events.slice(client.events.indexOf(done))
    expect(after.filter(anyDelta)).toEqual([])
  })

  it('goes on after a cancelled response', async () => {
    const client = await open()
    client.send(typed(long))
    client.send({ type: 'response.create' })
    await client.next(anyDelta)
    client.send({ type: 'response.cancel' })
    await client.next('response.done')
    expect((await ask(client, short)).response.status).toBe('completed')
  })

  it('answers a cancel with nothing to cancel by a harmless error', async () => {
    const client = await open()
    client.send({ type: 'response.cancel', event_id: 'c-1' })
    expect((await client.next('error')).error).toMatchObject({ code: 'response_cancel_not_active', event_id: 'c-1' })
  })

  if (!capabilities.openPolicy) return

  it('echoes metadata in response.created and response.done', async () => {
    const client = await open()
    const metadata = { client_event_id: 'abc', topic: 'weather' }
    const done = await ask(client, short, { metadata })
    expect(ofType(client, 'response.created')[0]!.response.metadata).toEqual(metadata)
    expect(done.response.metadata).toEqual(metadata)
  })

  it('runs a response out of band beside the active one, and leaves the conversation as it was', async () => {
    const client = await open()
    client.send(typed(long))
    client.send({ type: 'response.create' })
    const active = await client.next('response.created')
    client.send({ type: 'response.create', response: {
      conversation: 'none', output_modalities: ['text'], metadata: { topic: 'aside' },
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: short }] }],
    } })
    const aside = await client.next(event => event.type === 'response.created' && event.response.metadata?.topic === 'aside')
    expect(aside.response.conversation_id).toBeNull()
    const done = await client.next(event => event.type === 'response.done' && event.response.id === aside.response.id)
    expect(done.response).toMatchObject({ status: 'completed', output: [{ role: 'assistant', content: [{ type: 'output_text' }] }] })
    const asideItem = done.response.output[0].id
    expect(client.events.filter(event => event.type.startsWith('conversation.item.') && (event.item?.id ?? event.item_id) === asideItem)).toEqual([])
    client.send({ type: 'response.cancel', response_id: active.response.id })
    await client.next(event => event.type === 'response.done' && event.response.id === active.response.id)
  })

  it('stops at max_output_tokens, and calls it incomplete', async () => {
    const client = await open()
    const { response } = await ask(client, long, { max_output_tokens: 20 })
    expect(response).toMatchObject({ status: 'incomplete', status_details: { type: 'incomplete', reason: 'max_output_tokens' }, output: [{ status: 'incomplete' }] })
  })
}
