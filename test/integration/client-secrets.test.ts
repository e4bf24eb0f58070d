import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEngine } from '@kaiwa/engine'
import { createApp, toNodeListener } from 'h3'
import { afterEach, describe, expect, it } from 'vitest'
import { setInstance } from '../../server/realtime/current.ts'
import { MAX_SECRET_BODY_CHARS } from '../../server/realtime/secret-request.ts'
import route from '../../server/routes/v1/realtime/client_secrets.post.ts'
import { createCountedIds, realClock } from '../fakes/engine-options.ts'
import { createFakeStages } from '../fakes/fake-stages.ts'
import { openRawLine, upgradeRequest } from '../fakes/raw-line.ts'
import { startServer, type RunningServer } from '../fakes/running-server.ts'
import { startScriptedUpstream } from '../fakes/scripted-upstream.ts'

const KEY = 'sk-canary-4f1d2b7c'
const session = { type: 'realtime', model: 'small-talk', instructions: 'Answer in rhymes.', audio: { output: { voice: 'cedar' } } }

const closers: (() => Promise<void>)[] = []
afterEach(async () => { for (const close of closers.splice(0).reverse()) await close() })

async function withEngine(): Promise<RunningServer> {
  const engine = createEngine({ stages: createFakeStages(), clock: realClock, ids: createCountedIds() })
  const server = await startServer({ startEngine: async () => ({ engine, hearing: { able: true, by: 'fake stages' }, close: async () => undefined }) })
  closers.push(server.close)
  return server
}

async function mint(server: RunningServer, body: object = { session }) {
  const answer = await server.mint(body)
  return { status: answer.status, ...await answer.json() as { value: string, expires_at: number, session: object, error?: object } }
}

/** The answer to an upgrade that is refused. */
async function refusal(server: RunningServer, headers: Record<string, string>) {
  const line = await openRawLine(server.port)
  line.write(upgradeRequest(server.port, headers))
  const answer = (await line.read({ until: 'session.created' })).toString('latin1')
  line.socket.destroy()
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  return { status: Number(head.split(' ')[1]), error: head.includes(' 101 ') ? undefined : (JSON.parse(body) as { error: object }).error }
}

const waysIn = [
  ['a bearer token', (secret: string) => ({ protocols: [], headers: { Authorization: `Bearer ${secret}` } })],
  ['subprotocols, as a browser has to', (secret: string) => ({ protocols: ['realtime', `openai-insecure-api-key.${secret}`, 'openai-agents-sdk.0.20.0'] })],
] as const

describe('an ephemeral secret', () => {
  it.each(waysIn)('opens the embedded engine by %s, and the session begins as it was described', async (_way, credentials) => {
    const server = await withEngine()
    const minted = await mint(server)
    expect(minted).toMatchObject({ status: 200, session: { object: 'realtime.session', model: 'small-talk', instructions: 'Answer in rhymes.', expires_at: 0 } })
    for (let n = 0; n < 2; n++) {
      const client = await server.connect({ query: '', ...credentials(minted.value) })
      expect((await client.next('session.created')).session).toMatchObject({ model: 'small-talk', instructions: 'Answer in rhymes.', audio: { output: { voice: 'cedar' } } })
      client.send({ type: 'session.update', session: { type: 'realtime', model: 'small-talk', instructions: 'In prose, then.' } })
      expect((await client.next('session.updated')).session).toMatchObject({ instructions: 'In prose, then.', audio: { output: { voice: 'cedar' } } })
      client.close()
    }
    expect(server.log()).not.toContain(minted.value)
    expect(server.log()).not.toContain('rhymes')
  })

  it('opens a session that only listens, when it was made for one', async () => {
    const server = await withEngine()
    const { value } = await mint(server, { session: { type: 'transcription', audio: { input: { transcription: { model: 'whisper-1', language: 'en' } } } } })
    const client = await server.connect({ query: '', protocols: ['realtime', `openai-insecure-api-key.${value}`] })
    expect((await client.next('session.created')).session).toMatchObject({ type: 'transcription', audio: { input: { transcription: { model: 'whisper-1', language: 'en' } } } })
    client.close()
  })

  it('is told to an upstream as the first event, the model in the address; the upstream sees our key and never the secret', async () => {
    const upstream = await startScriptedUpstream({ key: KEY })
    closers.push(upstream.close)
    const server = await startServer({ env: { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: upstream.baseUrl } })
    closers.push(server.close)
    const { value } = await mint(server)
    const client = await server.connect({ query: '', headers: { Authorization: `Bearer ${value}` } })
    client.send({ type: 'input_audio_buffer.clear' })
    await client.next('input_audio_buffer.cleared')
    const [connection] = upstream.connections
    const { model: _dialled, ...update } = session
    expect(connection!.url).toContain('model=small-talk')
    expect(connection!.headers.authorization).toBe(`Bearer ${KEY}`)
    expect(connection!.events).toMatchObject([{ type: 'session.update', session: update }, { type: 'input_audio_buffer.clear' }])
    expect(connection!.events[0]!.session).not.toHaveProperty('model')
    expect(JSON.stringify([connection!.headers, connection!.received])).not.toContain(value)
    client.close()
  })

  it('that nobody gave is refused before the upgrade, whichever way it comes, and is not written down', async () => {
    const server = await withEngine()
    const made = `ek_${'x'.repeat(21)}`
    const refused = { status: 401, error: { type: 'invalid_request_error', code: 'invalid_api_key', message: expect.stringMatching(/expired/) } }
    expect(await refusal(server, { Authorization: `Bearer ${made}` })).toEqual(refused)
    expect(await refusal(server, { 'Sec-WebSocket-Protocol': `realtime, openai-insecure-api-key.${made}` })).toEqual(refused)
    expect(server.log()).toContain('invalid_api_key')
    expect(server.log()).not.toContain(made)
  })

  it('opens nothing for a page of another site, nor is one given to it', async () => {
    const server = await withEngine()
    const { value } = await mint(server, {})
    expect(await refusal(server, { Origin: 'https://evil.example', Authorization: `Bearer ${value}` })).toMatchObject({ status: 403 })
    expect((await server.mint({}, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await server.mint({}, { origin: server.origin })).status).toBe(200)
  })

  it('that is asked for wrongly is refused in the words of the API', async () => {
    const server = await withEngine()
    expect(await mint(server, { session: { type: 'realtime', voice: 'marin' } })).toEqual({
      status: 400, error: { type: 'invalid_request_error', code: 'unknown_parameter', param: 'session.voice', message: 'Unknown parameter: \'session.voice\'.' },
    })
  })
})

describe('the route to it', () => {
  async function ask(body: string, prepare: (server: RunningServer) => void = () => {}) {
    const server = await withEngine()
    prepare(server)
    setInstance(server.instance)
    const http = createServer(toNodeListener(createApp().use(route)))
    await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
    closers.push(async () => { await new Promise(resolve => http.close(resolve)) })
    const answer = await fetch(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, { method: 'POST', body, headers: { 'content-type': 'application/json', connection: 'close' } })
    return { answer, body: await answer.json() as { value: string, error: object }, instance: server.instance }
  }

  it('gives what was asked for, and nobody in between may keep it', async () => {
    const { answer, body, instance } = await ask(JSON.stringify({ session }))
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(body).toMatchObject({ expires_at: expect.any(Number), session: { model: 'small-talk' } })
    expect(instance.secrets.claimOf(body.value)).toEqual({ session, person: { by: 'anonymous', id: undefined } })
  })

  it('refuses with the status and the words of the API, a body without end as well', async () => {
    const wrong = await ask('{"session":{}}')
    expect([wrong.answer.status, wrong.body]).toEqual([400, { error: expect.objectContaining({ code: 'missing_required_parameter', param: 'session.type' }) }])
    const long = await ask(JSON.stringify({ session: { ...session, instructions: 'x'.repeat(4 * MAX_SECRET_BODY_CHARS) } }))
    expect([long.answer.status, long.body]).toEqual([400, { error: expect.objectContaining({ message: expect.stringContaining('262144') }) }])
  })

  it('says when to come back while the server stops', async () => {
    const { answer, body } = await ask('', server => server.instance.beginDraining())
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
    expect(body.error).toMatchObject({ type: 'server_error', code: 'server_draining' })
  })
})
