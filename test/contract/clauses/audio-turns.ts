import { expect, it } from 'vitest'
import type { Scene } from '../describe-realtime-server.ts'
import { recording, silence, speak } from '../recording.ts'
import { afterwards, audioResponseOrder, ofType, orderFrom, typed, updated } from './talk.ts'

/** Spoken turns: turn detection, manual turns, barge-in, transcription. */
export function audioTurnContract({ open, capabilities }: Scene): void {
  const { long } = capabilities.prompts
  const transcribing = updated({ audio: { input: { transcription: { model: 'gpt-4o-mini-transcribe', language: 'en' } } } })

  it('hears a turn under server VAD and answers it, in the exact order', async () => {
    const client = await open()
    await speak(client, recording('go-forward.wav'))
    await client.next('response.done', 15_000)
    const started = ofType(client, 'input_audio_buffer.speech_started')[0]!
    expect(orderFrom(client, started)).toEqual([
      'input_audio_buffer.speech_started', 'input_audio_buffer.speech_stopped', 'input_audio_buffer.committed', 'conversation.item.added', 'conversation.item.done',
      ...audioResponseOrder,
    ])
  })

  it('names the same item from the first sound to the finished turn', async () => {
    const client = await open()
    await speak(client, recording('go-forward.wav'))
    await client.next('response.done', 15_000)
    const [started, stopped, committed] = ['speech_started', 'speech_stopped', 'committed'].map(name => ofType(client, `input_audio_buffer.${name}`)[0]!)
    const [userItem, answer] = ofType(client, 'conversation.item.added')
    expect(new Set([started!.item_id, stopped!.item_id, committed!.item_id, userItem!.item.id]).size).toBe(1)
    expect(userItem!.item).toMatchObject({ type: 'message', role: 'user', status: 'completed', content: [{ type: 'input_audio', transcript: null }] })
    expect(committed!.previous_item_id).toBeNull()
    expect(answer!.previous_item_id).toBe(started!.item_id)
  })

  it('counts offsets in all audio written, prefix and silence included', async () => {
    const client = await open()
    await speak(client, recording('go-forward.wav', { leadMs: 1000 }))
    const started = await client.next('input_audio_buffer.speech_started')
    const stopped = await client.next('input_audio_buffer.speech_stopped')
    expect(started.audio_start_ms).toBeGreaterThan(600)
    expect(started.audio_start_ms).toBeLessThan(1600)
    expect(stopped.audio_end_ms).toBeGreaterThan(started.audio_start_ms + 1000)
    expect(stopped.audio_end_ms).toBeLessThan(1000 + 2800 + 1500)
  })

  it('transcribes when asked to, after the turn was committed', async () => {
    const client = await open()
    client.send(transcribing)
    await speak(client, recording('go-forward.wav'))
    const committed = await client.next('input_audio_buffer.committed')
    const completed = await client.next('conversation.item.input_audio_transcription.completed')
    expect(completed).toMatchObject({ item_id: committed.item_id, content_index: 0, transcript: expect.stringMatching(/\w/), usage: { type: expect.stringMatching(/^(tokens|duration)$/) } })
  })

  it('does not transcribe when nobody asked', async () => {
    const client = await open()
    client.send(updated({ audio: { input: { transcription: null } } }))
    await speak(client, recording('go-forward.wav'))
    await client.next('response.done', 15_000)
    expect(client.events.filter(event => event.type.startsWith('conversation.item.input_audio_transcription.'))).toEqual([])
  })

  it('only tells of the turn when create_response is off', async () => {
    const client = await open()
    client.send(updated({ audio: { input: { turn_detection: { type: 'server_vad', create_response: false } } } }))
    await speak(client, recording('go-forward.wav'))
    await client.next('conversation.item.done')
    await afterwards(client)
    expect(ofType(client, 'response.created')).toEqual([])
  })

  it('hears nothing in silence', async () => {
    const client = await open()
    await speak(client, silence(4000))
    await afterwards(client)
    expect(client.events.filter(event => /^(input_audio_buffer|conversation|response)\./.test(event.type))).toEqual([])
  })

  it('takes a manual turn: commit makes the item, response.create the answer', async () => {
    const client = await open()
    client.send(updated({ audio: { input: { turn_detection: null, transcription: { model: 'gpt-4o-mini-transcribe' } } } }))
    await speak(client, recording('go-forward.wav'))
    client.send({ type: 'input_audio_buffer.commit' })
    const committed = await client.next('input_audio_buffer.committed')
    await client.next('conversation.item.done')
    expect(orderFrom(client, committed)).toEqual(['input_audio_buffer.committed', 'conversation.item.added', 'conversation.item.done'])
    await client.next('conversation.item.input_audio_transcription.completed')
    client.send({ type: 'response.create' })
    const { response } = await client.next('response.done', 15_000)
    expect(response.status).toBe('completed')
    expect(client.events.filter(event => /speech_(started|stopped)$/.test(event.type))).toEqual([])
  })

  it('refuses to commit less than 100 ms', async () => {
    const client = await open()
    client.send(updated({ audio: { input: { turn_detection: null } } }))
    await speak(client, silence(50))
    client.send({ type: 'input_audio_buffer.commit', event_id: 'empty' })
    expect((await client.next('error')).error).toMatchObject({
      code: 'input_audio_buffer_commit_empty', event_id: 'empty',
      message: 'Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has 50.00ms of audio.',
    })
  })

  it('forgets what was cleared', async () => {
    const client = await open()
    client.send(updated({ audio: { input: { turn_detection: null } } }))
    await speak(client, recording('go-forward.wav'))
    client.send({ type: 'input_audio_buffer.clear' })
    await client.next('input_audio_buffer.cleared')
    client.send({ type: 'input_audio_buffer.commit' })
    expect((await client.next('error')).error.code).toBe('input_audio_buffer_commit_empty')
  })

  it('retrieves a spoken turn with its audio', async () => {
    const client = await open()
    await speak(client, recording('go-forward.wav'))
    const { item_id: itemId } = await client.next('input_audio_buffer.committed')
    client.send({ type: 'conversation.item.retrieve', item_id: itemId })
    const { item } = await client.next('conversation.item.retrieved')
    expect(item.content[0].audio.length).toBeGreaterThan(10_000)
  })

  it('stops answering when the user barges in, then hears the new turn', async () => {
    const client = await open()
    client.send(typed(long))
    client.send({ type: 'response.create' })
    const active = await client.next('response.created')
    await client.next('response.output_audio.delta')
    await speak(client, recording('go-forward.wav'))
    const started = await client.next('input_audio_buffer.speech_started')
    const done = await client.next('response.done')
    expect(done.response).toMatchObject({ id: active.response.id, status: 'cancelled', status_details: { type: 'cancelled', reason: 'turn_detected' }, output: [{ status: 'incomplete' }] })
    const tail = client.events.slice(client.events.indexOf(started), client.events.indexOf(done) + 1).map(event => event.type).filter(type => !type.endsWith('.delta'))
    expect(tail).toEqual([
      'input_audio_buffer.speech_started', 'response.output_audio.done', 'response.output_audio_transcript.done', 'response.content_part.done',
      'conversation.item.done', 'response.output_item.done', 'response.done',
    ])
    await client.next('input_audio_buffer.committed')
    expect((await client.next('response.done', 15_000)).response.status).toBe('completed')
    expect(ofType(client, 'conversation.item.truncated')).toEqual([])
  })

  it('lets the answer finish when interrupt_response is off', async () => {
    const client = await open()
    client.send(updated({ audio: { input: { turn_detection: { type: 'server_vad', interrupt_response: false, create_response: false } } } }))
    client.send(typed(long))
    client.send({ type: 'response.create' })
    const active = await client.next('response.created')
    await client.next('response.output_audio.delta')
    await speak(client, recording('go-forward.wav'))
    await client.next('input_audio_buffer.committed')
    expect(client.events.filter(event => event.type === 'response.done')).toEqual([])
    client.send({ type: 'response.cancel' })
    expect((await client.next('response.done')).response).toMatchObject({ id: active.response.id, status_details: { reason: 'client_cancelled' } })
  })
}
