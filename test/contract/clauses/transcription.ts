import { expect, it } from 'vitest'
import type { Scene } from '../describe-realtime-server.ts'
import { recording, speak } from '../recording.ts'
import { afterwards, ofType, orderFrom } from './talk.ts'

const updated = (session: object) => ({ type: 'session.update', session: { type: 'transcription', ...session } })

/** Sessions that only listen: `?intent=transcription`. */
export function transcriptionContract({ connect }: Scene): void {
  const open = async () => {
    const client = await connect({ intent: 'transcription' })
    return { client, session: (await client.next(() => true)).session }
  }

  it('opens a transcription session with its own keys, and no others', async () => {
    const { session } = await open()
    expect(session).toMatchObject({ type: 'transcription', object: 'realtime.transcription_session', id: expect.stringMatching(/^sess_/), expires_at: expect.any(Number) })
    expect(Object.keys(session).toSorted()).toEqual(['audio', 'expires_at', 'id', 'include', 'object', 'type'])
    expect(Object.keys(session.audio)).toEqual(['input'])
    expect(Object.keys(session.audio.input).toSorted()).toEqual(['format', 'noise_reduction', 'transcription', 'turn_detection'])
  })

  it('writes down a turn as it is heard, and answers nothing', async () => {
    const { client } = await open()
    client.send(updated({ audio: { input: { transcription: { model: 'gpt-4o-mini-transcribe', language: 'en' } } } }))
    expect((await client.next('session.updated')).session).toMatchObject({ type: 'transcription', audio: { input: { transcription: { language: 'en' } } } })
    await speak(client, recording('go-forward.wav'))
    const started = await client.next('input_audio_buffer.speech_started')
    const completed = await client.next('conversation.item.input_audio_transcription.completed')
    expect(completed).toMatchObject({ item_id: started.item_id, content_index: 0, transcript: expect.stringMatching(/\w/) })
    await afterwards(client)
    expect(orderFrom(client, started).filter(type => type !== 'error')).toEqual([
      'input_audio_buffer.speech_started', 'input_audio_buffer.speech_stopped', 'input_audio_buffer.committed', 'conversation.item.added', 'conversation.item.done',
    ])
    const said = ofType(client, 'conversation.item.input_audio_transcription.delta').map(({ delta }) => delta).join('')
    expect(completed.transcript.startsWith(said)).toBe(true)
    expect(said).not.toBe('')
  })

  it('writes down what is committed by hand', async () => {
    const { client } = await open()
    client.send(updated({ audio: { input: { turn_detection: null } } }))
    await speak(client, recording('go-forward.wav'))
    client.send({ type: 'input_audio_buffer.commit' })
    const { item_id: itemId } = await client.next('input_audio_buffer.committed')
    expect(await client.next('conversation.item.input_audio_transcription.completed')).toMatchObject({ item_id: itemId, transcript: expect.stringMatching(/\w/) })
  })

  it('refuses what belongs to a conversation', async () => {
    const { client } = await open()
    client.send({ type: 'response.create', event_id: 'r-1' })
    expect((await client.next('error')).error).toMatchObject({ type: 'invalid_request_error', code: 'invalid_value', param: 'type', event_id: 'r-1' })
    client.send({ type: 'session.update', event_id: 's-1', session: { type: 'realtime', instructions: 'x' } })
    expect((await client.next('error')).error).toMatchObject({ code: 'invalid_value', param: 'session.type', event_id: 's-1' })
    client.send(updated({ instructions: 'x' }))
    expect((await client.next('error')).error).toMatchObject({ code: 'unknown_parameter', param: 'session.instructions' })
  })

  it('does not turn a conversation into one', async () => {
    const client = await connect()
    await client.next('session.created')
    client.send(updated({}))
    expect((await client.next('error')).error).toMatchObject({ code: 'invalid_value', param: 'session.type' })
  })
}
