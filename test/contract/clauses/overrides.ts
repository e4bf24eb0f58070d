import { expect, it } from 'vitest'
import type { Scene } from '../describe-realtime-server.ts'
import { ask, ofType, typed, updated } from './talk.ts'

/** What one response may have otherwise than its session, and what it says of itself. */
export function overrideContract({ open, capabilities }: Scene): void {
  const { short } = capabilities.prompts
  const text = { output_modalities: ['text'] }
  const said = (response: { output: { content: { text: string }[] }[] }) => response.output[0]!.content[0]!.text
  const asking = (words: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text: words }] })

  it('answers its own input, in the conversation, without adding that input to it', async () => {
    const client = await open()
    client.send(typed('Something else'))
    client.send({ type: 'response.create', response: { ...text, input: [asking(short)] } })
    const { response } = await client.next('response.done')
    expect(said(response)).toContain(short)
    expect(said(response)).not.toContain('Something else')
    expect(ofType(client, 'conversation.item.added').map(event => event.item.role)).toEqual(['user', 'assistant'])
  })

  it('takes an item of the conversation by reference', async () => {
    const client = await open()
    client.send(typed(short, { id: 'item_named' }))
    client.send(typed('Something else'))
    client.send({ type: 'response.create', response: { ...text, conversation: 'none', input: [{ type: 'item_reference', id: 'item_named' }] } })
    expect(said((await client.next('response.done')).response)).toContain(short)
    client.send({ type: 'response.create', event_id: 'ref', response: { input: [{ type: 'item_reference', id: 'item_gone' }] } })
    expect((await client.next('error')).error).toMatchObject({ code: 'invalid_value', param: 'response.input[0].id', event_id: 'ref' })
  })

  it('takes [] for an empty context', async () => {
    const client = await open()
    client.send(typed(short))
    client.send({ type: 'response.create', response: { ...text, input: [] } })
    const { response } = await client.next('response.done')
    expect(response.status).toBe('completed')
    expect(said(response)).not.toContain(short)
  })

  it('speaks in another voice before the session has spoken, and in no other after that', async () => {
    const client = await open()
    const { response } = await ask(client, short, { audio: { output: { voice: 'cedar' } } })
    expect(response.audio.output.voice).toBe('cedar')
    client.send({ type: 'response.create', event_id: 'v-1', response: { audio: { output: { voice: 'ash' } } } })
    expect((await client.next('error')).error).toMatchObject({
      code: 'cannot_update_voice', message: 'Cannot update a conversation\'s voice if assistant audio is present.', event_id: 'v-1',
    })
  })

  it('takes sixteen pairs of metadata, as long as they may be', async () => {
    const client = await open()
    const metadata = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`${index}`.padStart(64, 'k'), 'v'.repeat(512)]))
    expect((await ask(client, short, { ...text, metadata })).response.metadata).toEqual(metadata)
  })

  it('keeps its own limit, and says which', async () => {
    const client = await open()
    client.send(updated({ max_output_tokens: 4096 }))
    const { response } = await ask(client, short, { ...text, max_output_tokens: 1 })
    expect(response).toMatchObject({ status: 'incomplete', max_output_tokens: 1, status_details: { reason: 'max_output_tokens' } })
    expect((await ask(client, short, text)).response).toMatchObject({ status: 'completed', max_output_tokens: 4096 })
  })

  it('reports a limit of tokens after every response', async () => {
    const client = await open()
    await ask(client, short, text)
    const { rate_limits: limits } = await client.next('rate_limits.updated')
    expect(limits).toContainEqual({ name: 'tokens', limit: expect.any(Number), remaining: expect.any(Number), reset_seconds: expect.any(Number) })
  })
}
