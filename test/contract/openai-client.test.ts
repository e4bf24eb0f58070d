import { createEngine } from '@kaiwa/engine'
import { encodePcm16 } from '@kaiwa/audio'
import OpenAI from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCountedIds, realClock } from '../fakes/engine-options.ts'
import { createFakeStages } from '../fakes/fake-stages.ts'
import { startServer } from '../fakes/running-server.ts'
import type { RunningServer } from '../fakes/running-server.ts'
import { loopbackCertificate, startTlsFront } from '../fakes/tls-front.ts'
import type { TlsFront } from '../fakes/tls-front.ts'
import type { WireEvent } from './contract-client.ts'
import { recording, samplesOf } from './recording.ts'
import { brokenLaws } from './wire-laws.ts'

/** The `openai` package's own Realtime client, unchanged. It insists on `wss`, so a TLS front stands before the door. */

let server: RunningServer
let front: TlsFront
let lines: Line[] = []

interface Line {
  client: OpenAIRealtimeWS
  events: WireEvent[]
  errors: { message: string, error?: { code?: string | null, param?: string | null, event_id?: string | null } }[]
}

beforeEach(async () => {
  const engine = createEngine({ stages: createFakeStages(), clock: realClock, ids: createCountedIds() })
  server = await startServer({ startEngine: async () => ({ engine, hearing: { able: true, by: 'fake stages' }, close: async () => undefined }) })
  front = await startTlsFront(server)
})
afterEach(async () => {
  for (const { client } of lines) client.close()
  for (const { events } of lines) expect(brokenLaws(events)).toEqual([])
  lines = []
  await front.close()
  await server.close()
})

const soon = { timeout: 10_000, interval: 20 }
const ofType = ({ events }: Line, type: string) => events.filter(event => event.type === type)
const until = async (line: Line, type: string, count = 1) => {
  await expect.poll(() => ofType(line, type).length, soon).toBeGreaterThanOrEqual(count)
  return ofType(line, type)[count - 1]!
}
const api = (apiKey: string) => new OpenAI({ apiKey, baseURL: `https://127.0.0.1:${front.port}/v1` })

function open(props: { model: string } | { intent: 'transcription' }, apiKey = 'unused'): Line {
  const client = new OpenAIRealtimeWS({ ...props, options: { ca: loopbackCertificate } }, api(apiKey))
  const line: Line = { client, events: [], errors: [] }
  client.on('event', event => line.events.push(event as WireEvent))
  client.on('error', error => line.errors.push(error))
  lines.push(line)
  return line
}

function typeIn({ client }: Line, text: string) {
  client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] } })
  client.send({ type: 'response.create' })
}

describe('openai/realtime/ws', () => {
  it('configures the session and has a typed turn answered in text', async () => {
    const line = open({ model: 'kaiwa-local' })
    await until(line, 'session.created')
    line.client.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'], instructions: 'Be kind.' } })
    typeIn(line, 'Good morning')
    const { response } = await until(line, 'response.done')
    expect((await until(line, 'session.updated')).session).toMatchObject({ model: 'kaiwa-local', output_modalities: ['text'], instructions: 'Be kind.' })
    expect(response).toMatchObject({ status: 'completed', output: [{ content: [{ type: 'output_text', text: expect.stringContaining('Good morning') }] }] })
    expect(ofType(line, 'response.output_text.delta').map(({ delta }) => delta).join('')).toBe(response.output[0].content[0].text)
    expect(line.errors).toEqual([])
  })

  it('sends a spoken turn, and hears a spoken answer', async () => {
    const line = open({ model: 'kaiwa-local' })
    await until(line, 'session.created')
    line.client.send({ type: 'session.update', session: { type: 'realtime', audio: { input: { transcription: { model: 'gpt-4o-mini-transcribe' } } } } })
    const audio = recording('go-forward.wav')
    for (let at = 0; at < audio.length; at += 2400) line.client.send({ type: 'input_audio_buffer.append', audio: encodePcm16(audio.subarray(at, at + 2400)) })
    const { response } = await until(line, 'response.done')
    expect(response).toMatchObject({ status: 'completed', usage: { total_tokens: expect.any(Number) } })
    expect(samplesOf(ofType(line, 'response.output_audio.delta')).length).toBeGreaterThan(2400)
    expect((await until(line, 'conversation.item.input_audio_transcription.completed')).transcript).toBe('go forward ten meters')
    expect(line.errors).toEqual([])
  })

  it('is told what it did wrong, and goes on', async () => {
    const line = open({ model: 'kaiwa-local' })
    await until(line, 'session.created')
    line.client.send({ type: 'response.cancel', event_id: 'mine' })
    await expect.poll(() => line.errors, soon).toHaveLength(1)
    expect(line.errors[0]).toMatchObject({ message: expect.stringMatching(/^Cancellation failed: .*code=response_cancel_not_active/), error: { code: 'response_cancel_not_active', event_id: 'mine' } })
    line.client.send({ type: 'session.update', session: { type: 'realtime', audio: { output: { speed: 9 } } } })
    await expect.poll(() => line.errors, soon).toHaveLength(2)
    expect(line.errors[1]!.error).toMatchObject({ code: 'invalid_value', param: 'session.audio.output.speed' })
    typeIn(line, 'Good morning')
    expect((await until(line, 'response.done')).response.status).toBe('completed')
  })

  it('opens a session that only listens', async () => {
    const line = open({ intent: 'transcription' })
    expect((await until(line, 'session.created')).session).toMatchObject({ type: 'transcription', object: 'realtime.transcription_session' })
  })

  it('asks for an ephemeral secret and connects with it', async () => {
    // Its HTTP half takes a plain address, its WebSocket half doesn't.
    const http = new OpenAI({ apiKey: 'unused', baseURL: `${server.origin}/v1` })
    const secret = await http.realtime.clientSecrets.create({ expires_after: { anchor: 'created_at', seconds: 60 }, session: { type: 'realtime', model: 'kaiwa-local', instructions: 'Be brief.' } })
    expect(secret).toMatchObject({ value: expect.stringMatching(/^ek_/), session: { type: 'realtime', model: 'kaiwa-local', instructions: 'Be brief.' } })
    const line = open({ model: 'kaiwa-local' }, secret.value)
    expect((await until(line, 'session.created')).session.instructions).toBe('Be brief.')
    await expect(http.realtime.clientSecrets.create({ expires_after: { seconds: 5 } })).rejects.toMatchObject({ status: 400, code: 'invalid_value', param: 'expires_after.seconds' })
  })

  it('learns of a secret that is not good when it connects', async () => {
    const line = open({ model: 'kaiwa-local' }, `ek_${'x'.repeat(21)}`)
    await expect.poll(() => line.errors.map(({ message }) => message), soon).toEqual([expect.stringContaining('401')])
    expect(line.events).toEqual([])
  })
})
