import { createServer } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ContractClient } from '../contract/contract-client.ts'
import type { DialPolicy } from '../../server/relay/dial-policy.ts'
import { startServer, type RunningServer } from '../fakes/running-server.ts'
import { startScriptedUpstream, type Script, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'
import { startTlsFront } from '../fakes/tls-front.ts'
import { watchTrap } from '../fakes/trap-watch.ts'

const KEY = 'sk-canary-9a8b7c6d'
/** The real one in a tenth of the time. */
const quickPolicy: DialPolicy = { delaysMs: [0, 30, 100, 300], handshakeMs: 600, totalMs: 1000 }

let upstream: ScriptedUpstream
let server: RunningServer
let trap: ReturnType<typeof watchTrap>
const cleanups: (() => unknown)[] = []

beforeEach(async () => {
  trap = watchTrap()
  upstream = await startScriptedUpstream({ key: KEY })
  server = await serve()
})

afterEach(async () => {
  await expect.poll(() => server.instance.calls.live).toBe(0)
  await server.close()
  await upstream.close()
  for (const cleanup of cleanups.splice(0)) await cleanup()
  trap.stop()
  expect(trap.caught).toEqual([])
  expect(server.log()).not.toContain(KEY)
})

function serve(env: Record<string, string> = {}) {
  return startServer({
    env: { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: upstream.baseUrl, ...env },
    dialing: { policy: quickPolicy, heartbeat: { pingAfterMs: 200, answerWithinMs: 200 } },
  })
}

async function serveAgain(env: Record<string, string>) {
  await server.close()
  server = await serve(env)
}

/** The error event and the close that a call ends with. */
async function ending(client: ContractClient) {
  const close = await client.closed
  const error = client.events.findLast(event => event.type === 'error')?.error as { code: string, type: string, message: string } | undefined
  for (const event of client.events) expect(JSON.stringify(event)).not.toContain(KEY)
  return { ...close, code: close.code, error }
}

const refusing = (status: number, extra: { retryAfter?: string, code?: string } = {}): Script => ({ handshake: { do: 'refuse', status, ...extra } })
const ask = (client: ContractClient) => {
  client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'good evening' }] } })
  client.send({ type: 'response.create' })
}

describe('a conversation through the relay', () => {
  it('holds one, with the key on the upstream leg only', async () => {
    const client = await server.connect()
    await client.next('session.created')
    ask(client)
    const done = await client.next('response.done')
    expect(done.response.output[0].content[0].transcript).toBe('You said good evening.')
    expect(client.events.filter(event => event.type === 'response.output_audio.delta')).toHaveLength(5)
    expect(JSON.stringify(client.events)).not.toContain(KEY)
    expect(upstream.connections[0]).toMatchObject({ url: '/v1/realtime?model=test-model', headers: { authorization: `Bearer ${KEY}` } })
    client.close()
    await expect.poll(() => upstream.connections[0]!.closed).toEqual({ code: 1000, reason: '' })
  })

  it('passes text on byte for byte, both ways', async () => {
    const client = await server.connect()
    await client.next('session.created')
    const odd = '{ "type":"input_audio_buffer.clear" , "event_id":"e\\u0031", "extra":[1e3,"\u{1f600}"] }'
    client.send(odd)
    await client.next('input_audio_buffer.cleared')
    expect(upstream.connections[0]!.received).toEqual([odd])
    upstream.connections[0]!.send({ type: 'something.new', with: { unknown: 'fields' } })
    expect(await client.next('something.new')).toEqual({ type: 'something.new', with: { unknown: 'fields' } })
    client.close()
  })

  it('configures the page\'s session itself, before anything the page says', async () => {
    const page = await server.connectPage()
    ask(page)
    const updated = await page.next('session.updated')
    expect(updated.session).toMatchObject({ audio: { output: { voice: 'marin' }, input: { transcription: { model: 'gpt-transcribe' } } } })
    await page.next('response.done')
    expect(page.events.map(event => event.type).slice(0, 3)).toEqual(['kaiwa.call', 'session.created', 'session.updated'])
    expect(upstream.connections[0]!.events.map(event => event.type)).toEqual(['session.update', 'conversation.item.create', 'response.create'])
    expect(upstream.connections[0]!.url).toBe('/v1/realtime?model=gpt-realtime-2.1')
    page.close()
  })

  it('never shows a kaiwa event to a client that selected realtime', async () => {
    const client = await server.connect()
    ask(client)
    await client.next('response.done')
    expect(client.events.filter(event => event.type.startsWith('kaiwa.'))).toEqual([])
    client.close()
  })

  it('speaks to Azure with its own header', async () => {
    await serveAgain({ KAIWA_BRAIN: 'azure', KAIWA_MODEL: 'my-deployment' })
    const page = await server.connectPage()
    await page.next('session.updated')
    expect(upstream.connections[0]!.headers).toMatchObject({ 'api-key': KEY })
    expect(upstream.connections[0]!.headers.authorization).toBeUndefined()
    expect(upstream.connections[0]!.url).toBe('/v1/realtime?model=my-deployment')
    page.close()
  })

  it('keeps what was said while dialling, in order', async () => {
    upstream.script(refusing(503), refusing(500))
    const client = await server.connect()
    for (let n = 0; n < 100; n++) client.send({ type: 'input_audio_buffer.append', audio: 'A'.repeat(2560), event_id: `e${n}` })
    await expect.poll(() => upstream.connections.at(-1)?.received.length).toBe(100)
    expect(upstream.connections[2]!.events.map(event => event.event_id)).toEqual(Array.from({ length: 100 }, (_, n) => `e${n}`))
    client.close()
  })
})

describe('an upstream that doesn\'t take the call', () => {
  it('U1: nothing listens there: retries, then says so', async () => {
    await upstream.close()
    const result = await ending(await server.connect())
    expect(result).toMatchObject({ code: 1011, reason: 'server_error.upstream_unavailable', error: { code: 'upstream_unavailable' } })
    expect(result.error!.message).toMatch(/after 4 tries/)
    upstream = await startScriptedUpstream({ key: KEY })
  })

  it('U2: a name that doesn\'t resolve', async () => {
    await serveAgain({ OPENAI_BASE_URL: 'http://nowhere.invalid/v1' })
    const result = await ending(await server.connect())
    expect(result).toMatchObject({ code: 1011, error: { code: 'upstream_unavailable' } })
    expect(result.error!.message).toMatch(/after \d tries: its address could not be found/)
  })

  it('U2: no TLS where TLS was expected: not retried', async () => {
    await serveAgain({ OPENAI_BASE_URL: upstream.baseUrl.replace('http:', 'https:') })
    const result = await ending(await server.connect())
    expect(result).toMatchObject({ code: 1011, error: { code: 'upstream_unavailable' } })
    expect(result.error!.message).not.toMatch(/tries/)
  })

  it('U2: a certificate that nobody vouches for: not believed, not retried, and the key isn\'t shown', async () => {
    const front = await startTlsFront({ port: Number(new URL(upstream.baseUrl).port) })
    cleanups.push(front.close)
    await serveAgain({ OPENAI_BASE_URL: `https://127.0.0.1:${front.port}/v1` })
    const result = await ending(await server.connect())
    expect(result).toMatchObject({ code: 1011, error: { code: 'upstream_unavailable' } })
    expect(result.error!.message).toBe('The model could not be reached: its certificate is not trusted. Try again in a moment.')
    expect(upstream.connections).toHaveLength(0)
  })

  it.each([401, 403])('U3: HTTP %i: no retry, a sentence for the operator, no key in it', async status => {
    upstream.script(refusing(status))
    const result = await ending(await server.connect())
    expect(result).toMatchObject({ code: 3000, reason: 'invalid_request_error.invalid_api_key', error: { code: 'invalid_api_key' } })
    expect(upstream.connections).toHaveLength(1)
  })

  it('U3: a key refused after the upgrade, as OpenAI does it: the sentence for the operator, no piece of the key, no retry', async () => {
    await serveAgain({ OPENAI_API_KEY: `${KEY}-wrong` })
    const result = await ending(await server.connect())
    expect(result).toMatchObject({ code: 3000, reason: 'invalid_request_error.invalid_api_key', error: { code: 'invalid_api_key' } })
    expect(result.error!.message).toBe('The model\'s provider refused the server\'s API key (invalid_api_key). Whoever runs this server has to check OPENAI_API_KEY.')
    expect(upstream.connections).toHaveLength(1)
  })

  it('U4: 429 with Retry-After that fits: waits exactly that long', async () => {
    upstream.script(refusing(429, { retryAfter: '0' }))
    const client = await server.connect()
    await client.next('session.created')
    expect(upstream.connections).toHaveLength(2)
    client.close()
  })

  it('U4: 429 that asks for longer: the talker is told when, and no new call is taken until then', async () => {
    upstream.script(refusing(429, { retryAfter: '20' }))
    const result = await ending(await server.connect())
    expect(result).toMatchObject({ code: 4000, error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' } })
    expect(result.error!.message).toMatch(/in 20 s/)
    const answer = await server.post()
    expect(answer.status).toBe(429)
    expect(await answer.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } })
    await expect(server.connect()).rejects.toThrow('429')
  })

  it('U4: a spent account is told as that, and not retried', async () => {
    upstream.script(refusing(429, { code: 'insufficient_quota', retryAfter: '0' }))
    expect(await ending(await server.connect())).toMatchObject({ error: { code: 'insufficient_quota' } })
    expect(upstream.connections).toHaveLength(1)
  })

  it('U5: 500, 502, 503: retried; when it stays so, told', async () => {
    upstream.script(refusing(500), refusing(502), refusing(503), refusing(503))
    expect(await ending(await server.connect())).toMatchObject({ code: 1011, error: { code: 'upstream_unavailable' } })
    expect(upstream.connections).toHaveLength(4)
  })

  it('U6: a handshake that never ends is given up', async () => {
    upstream.script({ handshake: { do: 'stall' } })
    const result = await ending(await server.connect())
    expect(result.error!.message).toMatch(/did not answer in time/)
    expect(upstream.connections).toHaveLength(1)
  })

  it('a handshake that is reset is tried again', async () => {
    upstream.script({ handshake: { do: 'reset' } })
    const client = await server.connect()
    await client.next('session.created')
    client.close()
  })

  it('a redirect is not followed: the key goes to no other address', async () => {
    let asked = 0
    const elsewhere = createServer((_request, response) => {
      asked++
      response.writeHead(404).end()
    }).on('upgrade', (_request, socket) => {
      asked++
      socket.destroy()
    }).listen(0)
    const redirecting = createServer().on('upgrade', (_request, socket: Socket) => {
      socket.end(`HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/v1/realtime\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
    }).listen(0)
    cleanups.push(() => elsewhere.close(), () => redirecting.close())
    await serveAgain({ OPENAI_BASE_URL: `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}/v1` })
    expect(await ending(await server.connect())).toMatchObject({ code: 1011, error: { code: 'upstream_unavailable' } })
    expect(asked).toBe(0)
  })

  it('what answers there speaks no WebSocket', async () => {
    const babbler: Server = createTcpServer(socket => {
      socket.on('error', () => undefined)
      socket.resume()
      socket.end('220 mail.example ESMTP\r\n')
    }).listen(0)
    cleanups.push(() => new Promise(resolve => babbler.close(resolve)))
    await serveAgain({ OPENAI_BASE_URL: `http://127.0.0.1:${(babbler.address() as AddressInfo).port}/v1` })
    expect(await ending(await server.connect())).toMatchObject({ code: 1011, error: { code: 'upstream_unavailable' } })
  })

  it('a client that leaves while we dial ends the dialling', async () => {
    upstream.script({ handshake: { do: 'stall' } })
    const client = await server.connect()
    client.close()
    await expect.poll(() => server.instance.calls.live).toBe(0)
  })
})

describe('an upstream that fails in mid-call', () => {
  it.each([1000, 1001, 1011, 4123])('U9: a close with %i arrives with a sentence before it', async code => {
    upstream.script({ misfortunes: [{ afterEvents: 1, do: { act: 'close', code, reason: 'server_error.going' } }] })
    const client = await server.connect()
    ask(client)
    const result = await ending(client)
    expect(result).toMatchObject({ code, reason: 'server_error.going', error: { code: 'upstream_lost' } })
  })

  it('U9: when the upstream said why, its own words and no others', async () => {
    const error = { type: 'invalid_request_error', code: 'session_expired', message: 'Your session hit the maximum duration of 60 minutes.' }
    upstream.script({ misfortunes: [{ afterEvents: 1, do: { act: 'close', code: 1001, error } }] })
    const client = await server.connect()
    ask(client)
    expect(await ending(client)).toMatchObject({ code: 1001, reason: 'invalid_request_error.session_expired', error })
    expect(client.events.filter(event => event.type === 'error')).toHaveLength(1)
  })

  it('U10: a reset line', async () => {
    upstream.script({ misfortunes: [{ afterEvents: 1, do: { act: 'reset' } }] })
    const client = await server.connect()
    ask(client)
    expect(await ending(client)).toMatchObject({ code: 1011, reason: 'server_error.upstream_lost', error: { code: 'upstream_lost' } })
  })

  it('U8: a line that is half-open is noticed', async () => {
    upstream.script({ misfortunes: [{ afterEvents: 1, do: { act: 'stall' } }] })
    const client = await server.connect()
    client.send({ type: 'input_audio_buffer.clear' })
    expect(await ending(client)).toMatchObject({ code: 1011, error: { code: 'upstream_lost' } })
  })

  it('U11: rubbish is dropped and counted, the call goes on', async () => {
    const frames = ['{bad', '', 'null', '[]', '42', '"text"', '{"no":"type"}', '{"type":7}', Buffer.from([1, 2, 3]), 'x'.repeat(5000)]
    upstream.script({ misfortunes: [{ afterEvents: 1, do: { act: 'say', frames } }] })
    const client = await server.connect()
    ask(client)
    await client.next('response.done')
    expect(client.events.every(event => typeof event.type === 'string')).toBe(true)
    client.close()
  })

  it('U11: unknown events, missing fields and huge numbers go on as they are', async () => {
    const frames = ['{"type":"brand.new"}', '{"type":"response.done"}', '{"type":"response.output_audio.delta","delta":"NaN"}', '{"type":"x","n":1e400}']
    upstream.script({ misfortunes: [{ afterEvents: 1, do: { act: 'say', frames } }] })
    const client = await server.connect()
    client.send({ type: 'input_audio_buffer.clear' })
    await client.next('x')
    expect(client.events.map(event => event.type)).toEqual(expect.arrayContaining(['brand.new', 'response.done', 'response.output_audio.delta']))
    client.close()
  })

  it('U11: an upstream that sends nothing but rubbish is given up', async () => {
    upstream.script({ misfortunes: [{ afterEvents: 0, do: { act: 'say', frames: Array.from({ length: 30 }, () => '{bad') } }] })
    expect(await ending(await server.connect())).toMatchObject({ code: 1011, error: { code: 'upstream_lost' } })
  })

  it('a frame that breaks RFC 6455 ends the call, not the server', async () => {
    const client = await server.connect()
    await client.next('session.created')
    const { _socket } = upstream.connections[0]!.socket as unknown as { _socket: { write(bytes: Buffer): void } }
    _socket.write(Buffer.from([0xf3, 0x00]))
    expect(await ending(client)).toMatchObject({ code: 1011, error: { code: 'upstream_lost' } })
    const other = await server.connect()
    await other.next('session.created')
    other.close()
  })
})

describe('limits of a call', () => {
  it('ends one in which nobody speaks, although the microphone is open', async () => {
    await serveAgain({ KAIWA_IDLE_SECONDS: '1' })
    const client = await server.connect()
    const microphone = setInterval(() => client.send({ type: 'input_audio_buffer.append', audio: 'AAAA' }), 100)
    const result = await ending(client).finally(() => clearInterval(microphone))
    expect(result).toMatchObject({ code: 1001, error: { code: 'call_idle' } })
  })

  it('tells the page of a stop, waits for a pause in the talk, and closes 1001', async () => {
    const page = await server.connectPage()
    const other = await server.connect()
    await page.next('session.updated')
    server.instance.beginDraining()
    const drained = server.instance.calls.drain(10)
    expect(await page.next('kaiwa.draining')).toMatchObject({ seconds: 10 })
    await expect(server.connect()).rejects.toThrow('503')
    expect(await ending(page)).toMatchObject({ code: 1001, error: { code: 'server_draining' } })
    expect(await ending(other)).toMatchObject({ code: 1001 })
    expect(other.events.some(event => event.type.startsWith('kaiwa.'))).toBe(false)
    await drained
  })
})
