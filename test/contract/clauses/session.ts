import { expect, it } from 'vitest'
import type { Scene } from '../describe-realtime-server.ts'
import { updated } from './talk.ts'

/** Connecting, and the session's configuration. */
export function sessionContract({ connect, open, capabilities }: Scene): void {
  it('says session.created first, with the whole session', async () => {
    const client = await connect()
    const created = await client.next(() => true)
    expect(created.type).toBe('session.created')
    expect(created.session).toMatchObject({ type: 'realtime', object: 'realtime.session' })
    expect(created.session.id).toMatch(/^sess_/)
    for (const key of ['model', 'output_modalities', 'instructions', 'tools', 'tool_choice', 'max_output_tokens', 'tracing', 'truncation', 'prompt', 'expires_at', 'audio', 'include']) {
      expect(created.session, key).toHaveProperty(key)
    }
    expect(created.session.audio.input).toMatchObject({ format: { type: 'audio/pcm', rate: 24000 }, noise_reduction: null })
    for (const key of ['transcription', 'turn_detection']) expect(created.session.audio.input, key).toHaveProperty(key)
    expect(created.session.audio.output).toMatchObject({ format: { type: 'audio/pcm', rate: 24000 } })
  })

  it('ends the session within the hour, as expires_at says', async () => {
    const { session } = await (await connect()).next('session.created')
    expect(session.expires_at).toBeGreaterThan(Date.now() / 1000)
    expect(session.expires_at).toBeLessThanOrEqual(Date.now() / 1000 + 3601)
  })

  if (!capabilities.openPolicy) return

  it('merges an update into the session and echoes the whole of it', async () => {
    const client = await open()
    client.send(updated({ instructions: 'Be brief.', audio: { input: { turn_detection: { type: 'server_vad', silence_duration_ms: 700 } } } }))
    const first = await client.next('session.updated')
    expect(first.session.instructions).toBe('Be brief.')
    expect(first.session.audio.input.turn_detection).toMatchObject({ type: 'server_vad', silence_duration_ms: 700, prefix_padding_ms: 300, create_response: true, interrupt_response: true })

    client.send(updated({ audio: { output: { speed: 1.2 } } }))
    const second = await client.next('session.updated')
    expect(second.session.instructions).toBe('Be brief.')
    expect(second.session.audio.input.turn_detection.silence_duration_ms).toBe(700)
    expect(second.session.audio.output.speed).toBe(1.2)
  })

  it('takes null, "" and [] as "clear it"', async () => {
    const client = await open()
    client.send(updated({ instructions: 'x', tools: [{ type: 'function', name: 'now' }], audio: { input: { turn_detection: null } } }))
    expect((await client.next('session.updated')).session).toMatchObject({ instructions: 'x', audio: { input: { turn_detection: null } } })
    client.send(updated({ instructions: '', tools: [] }))
    expect((await client.next('session.updated')).session).toMatchObject({ instructions: '', tools: [] })
  })

  it('accepts the model it has, and refuses another one', async () => {
    const client = await connect()
    const { session } = await client.next('session.created')
    client.send(updated({ model: session.model }))
    await client.next('session.updated')
    client.send(updated({ model: 'some-other-model' }))
    expect((await client.next('error')).error.type).toBe('invalid_request_error')
  })

  if (!capabilities.validates) return

  it('applies nothing of an update that has one bad field', async () => {
    const client = await open()
    client.send({ ...updated({ instructions: 'must not stick', voice: 'marin' }), event_id: 'bad-1' })
    const { error } = await client.next('error')
    expect(error).toMatchObject({ type: 'invalid_request_error', code: 'unknown_parameter', param: 'session.voice', message: 'Unknown parameter: \'session.voice\'.', event_id: 'bad-1' })
    client.send(updated({}))
    expect((await client.next('session.updated')).session.instructions).not.toBe('must not stick')
  })

  it('requires the session type in every update', async () => {
    const client = await open()
    client.send({ type: 'session.update', session: { instructions: 'x' } })
    expect((await client.next('error')).error).toMatchObject({ code: 'missing_required_parameter', param: 'session.type', message: 'Missing required parameter: \'session.type\'.' })
  })
}
