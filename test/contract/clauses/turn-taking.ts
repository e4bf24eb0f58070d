import { expect, it } from 'vitest'
import type { Scene } from '../describe-realtime-server.ts'
import { recording, silence, speak } from '../recording.ts'
import { afterwards, ask, ofType, orderFrom, typed, updated } from './talk.ts'

/** Who may speak when: idle users, turns ended by hand, answers that may not be interrupted. */
export function turnTakingContract({ open, capabilities }: Scene): void {
  const { short, long } = capabilities.prompts
  const detection = (fields: object) => updated({ audio: { input: { turn_detection: { type: 'server_vad', ...fields } } } })

  it('says that nobody spoke, and answers that', async () => {
    const client = await open()
    client.send(detection({ idle_timeout_ms: 5000 }))
    await ask(client, short, { output_modalities: ['text'] })
    await speak(client, silence(1000))
    const triggered = await client.next('input_audio_buffer.timeout_triggered', 9_000)
    expect(triggered.audio_end_ms).toBe(1000)
    expect(triggered.audio_start_ms).toBeLessThanOrEqual(1000)
    const created = await client.next('response.created')
    expect(orderFrom(client, triggered).slice(0, 5)).toEqual([
      'input_audio_buffer.timeout_triggered', 'input_audio_buffer.committed', 'conversation.item.added', 'conversation.item.done', 'response.created',
    ])
    expect(ofType(client, 'input_audio_buffer.committed')[0]!.item_id).toBe(triggered.item_id)
    expect(created.response.status).toBe('in_progress')
  })

  it('takes no idle timeout that nobody would mean', async () => {
    const client = await open()
    for (const idle of [0, 4999, 30_001]) client.send(detection({ idle_timeout_ms: idle }))
    for (let count = 0; count < 3; count++) {
      expect((await client.next('error')).error).toMatchObject({ code: 'invalid_value', param: 'session.audio.input.turn_detection.idle_timeout_ms' })
    }
  })

  it('hears semantic turns, and keeps how eager it is asked to be', async () => {
    const client = await open()
    client.send(updated({ audio: { input: { turn_detection: { type: 'semantic_vad', eagerness: 'high' } } } }))
    expect((await client.next('session.updated')).session.audio.input.turn_detection).toEqual({
      type: 'semantic_vad', eagerness: 'high', create_response: true, interrupt_response: true,
    })
    await speak(client, recording('go-forward.wav', { tailMs: 3000 }))
    expect((await client.next('response.done', 15_000)).response.status).toBe('completed')
  })

  it('commits by hand what turn detection has not ended yet, and answers only when asked', async () => {
    const client = await open()
    client.send(detection({ silence_duration_ms: 10_000 }))
    await speak(client, recording('go-forward.wav'))
    const started = await client.next('input_audio_buffer.speech_started')
    client.send({ type: 'input_audio_buffer.commit' })
    expect((await client.next('input_audio_buffer.committed')).item_id).toBe(started.item_id)
    await afterwards(client)
    expect(ofType(client, 'response.created')).toEqual([])
  })

  it('reports that it can not answer a turn while it may not be interrupted', async () => {
    const client = await open()
    client.send(detection({ interrupt_response: false }))
    client.send(typed(long))
    client.send({ type: 'response.create' })
    const active = await client.next('response.created')
    await client.next('response.output_audio.delta')
    await speak(client, recording('go-forward.wav'))
    await client.next('input_audio_buffer.committed')
    const { error } = await client.next('error')
    expect(error).toMatchObject({ code: 'conversation_already_has_active_response', event_id: null })
    expect(error.message).toContain(active.response.id)
    expect(ofType(client, 'response.done')).toEqual([])
    client.send({ type: 'response.cancel' })
    await client.next('response.done')
  })
}
