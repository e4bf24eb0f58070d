import { expect, it } from 'vitest'
import type { Scene } from '../describe-realtime-server.ts'
import { samplesOf } from '../recording.ts'
import { ask, audioResponseOrder, ofType, orderFrom, textResponseOrder, typed } from './talk.ts'

/** Typed turns, answered in text and aloud. */
export function textTurnContract({ open, capabilities }: Scene): void {
  const { short } = capabilities.prompts

  it('adds a typed item and starts no response by itself', async () => {
    const client = await open()
    client.send(typed(short))
    const added = await client.next('conversation.item.added')
    const done = await client.next('conversation.item.done')
    expect(added.item).toMatchObject({ type: 'message', role: 'user', content: [{ type: 'input_text', text: short }] })
    expect(added.previous_item_id).toBeNull()
    expect(done.item.id).toBe(added.item.id)
    expect(ofType(client, 'response.created')).toEqual([])
  })

  if (capabilities.openPolicy) {
    it('answers in text, in the exact order', async () => {
      const client = await open()
      const done = await ask(client, short, { output_modalities: ['text'] })
      const created = ofType(client, 'response.created')[0]!
      expect(orderFrom(client, created)).toEqual(textResponseOrder)
      const part = ofType(client, 'response.content_part.added')[0]!
      expect(part.part).toEqual({ type: 'text', text: '' })
      const text = ofType(client, 'response.output_text.delta').map(event => event.delta).join('')
      expect(text.trim()).not.toBe('')
      expect(ofType(client, 'response.output_text.done')[0]!.text).toBe(text)
      expect(done.response.output[0]).toMatchObject({ type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text }] })
    })
  }

  if (!capabilities.audioOut) return

  it('answers aloud, in the exact order', async () => {
    const client = await open()
    const done = await ask(client, short)
    expect(orderFrom(client, ofType(client, 'response.created')[0]!)).toEqual(audioResponseOrder)
    expect(done.response).toMatchObject({ status: 'completed', output: [{ type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_audio' }] }] })
  })

  it('speaks audible PCM16, and sends its words before the audio of them', async () => {
    const client = await open()
    await ask(client, short)
    const samples = samplesOf(ofType(client, 'response.output_audio.delta'))
    expect(samples.length).toBeGreaterThan(24_000 / 10)
    expect(Math.max(...samples.subarray(0, 24_000).map(Math.abs))).toBeGreaterThan(500)
    const first = client.events.find(event => /^response\.output_audio(_transcript)?\.delta$/.test(event.type))
    expect(first?.type).toBe('response.output_audio_transcript.delta')
    const transcript = ofType(client, 'response.output_audio_transcript.delta').map(event => event.delta).join('')
    expect(ofType(client, 'response.output_audio_transcript.done')[0]!.transcript).toBe(transcript)
    expect(ofType(client, 'response.content_part.done')[0]!.part).toEqual({ type: 'audio', transcript })
  })

  it('points every event of a response to the same response, item and places', async () => {
    const client = await open()
    const { response } = await ask(client, short)
    const itemId = response.output[0].id
    for (const event of client.events.filter(({ type }) => /^response\.(output_audio|output_audio_transcript|content_part)\./.test(type))) {
      expect(event, event.type).toMatchObject({ response_id: response.id, item_id: itemId, output_index: 0, content_index: 0 })
    }
    const inProgress = ofType(client, 'response.output_item.added')[0]!.item
    expect(inProgress).toMatchObject({ id: itemId, status: 'in_progress', content: [] })
    const [question, answer] = ofType(client, 'conversation.item.added')
    expect(answer!.previous_item_id).toBe(question!.item.id)
  })
}
