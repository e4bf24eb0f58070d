import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { masksNatively } from '../../server/realtime/masking.ts'
import { closeCodeIn, frame, openRawLine, upgradeRequest } from '../fakes/raw-line.ts'
import { startServer, type RunningServer } from '../fakes/running-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'
import { watchTrap } from '../fakes/trap-watch.ts'
import type { ContractClient } from '../contract/contract-client.ts'

const KEY = 'sk-canary-4f1d2b7c'
let upstream: ScriptedUpstream
let server: RunningServer
let trap: ReturnType<typeof watchTrap>

beforeAll(async () => {
  upstream = await startScriptedUpstream({ key: KEY })
  server = await startServer({
    env: { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: upstream.baseUrl, KAIWA_MAX_CALLS: '60' },
    slowHandshakeMs: 400,
    door: { maxEventBytes: 64 * 1024, heartbeat: { pingAfterMs: 200, answerWithinMs: 200, maxPings: 50 } },
  })
})
beforeEach(() => { trap = watchTrap() })
afterEach(() => {
  trap.stop()
  expect(trap.caught).toEqual([])
})
afterAll(async () => {
  await server.close()
  await upstream.close()
})

/** Sends one upgrade as text; what the server answered, before or instead of upgrading. */
async function knock(headers: Record<string, string | undefined>, target?: string, method?: string) {
  const line = await openRawLine(server.port)
  line.write(upgradeRequest(server.port, headers, target, method))
  const answer = (await line.read({ until: 'session.created' })).toString('latin1')
  line.socket.destroy()
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  const status = Number(head.split(' ')[1])
  return { status, head, error: status === 101 ? undefined : (JSON.parse(body) as { error: { type: string, code: string, message: string } }).error }
}

/** An upgraded raw line. */
async function upgraded() {
  const line = await openRawLine(server.port)
  line.write(upgradeRequest(server.port))
  await line.read({ until: 'session.created' })
  return line
}

async function stillAnswers(client: ContractClient) {
  client.send({ type: 'input_audio_buffer.clear' })
  await client.next('input_audio_buffer.cleared')
}

describe('who may come in', () => {
  it.each([
    ['an unknown path', {}, '/v1/elsewhere', 'GET', 404, 'not_found'],
    ['the root', {}, '/', 'GET', 404, 'not_found'],
    ['a page of another site', { Origin: 'https://evil.example' }, undefined, 'GET', 403, 'origin_not_allowed'],
    ['an opaque origin', { Origin: 'null' }, undefined, 'GET', 403, 'origin_not_allowed'],
    ['a name that was made to point here', { Host: 'evil.example', Origin: 'http://evil.example' }, undefined, 'GET', 403, 'host_not_allowed'],
    ['a browser without an origin', { 'User-Agent': 'Mozilla/5.0 (X11)' }, undefined, 'GET', 403, 'origin_missing'],
    ['a page without a ticket', { Origin: 'OWN', 'Sec-WebSocket-Protocol': 'realtime, kaiwa.v1' }, undefined, 'GET', 401, 'ticket_refused'],
    ['a page with a made-up ticket', { Origin: 'OWN', 'Sec-WebSocket-Protocol': `kaiwa.v1, kaiwa.ticket.${'A'.repeat(43)}` }, undefined, 'GET', 401, 'ticket_refused'],
    ['a ticket in the address', {}, '/v1/realtime?ticket=abc', 'GET', 400, 'secret_in_url'],
    ['an unknown subprotocol', { 'Sec-WebSocket-Protocol': 'chat' }, undefined, 'GET', 400, 'unknown_subprotocol'],
    ['a bad key', { 'Sec-WebSocket-Key': 'short' }, undefined, 'GET', 400, 'bad_handshake'],
    ['no key', { 'Sec-WebSocket-Key': undefined }, undefined, 'GET', 400, 'bad_handshake'],
    ['another version of WebSocket', { 'Sec-WebSocket-Version': '7' }, undefined, 'GET', 426, 'bad_websocket_version'],
    ['a method that is not GET', {}, undefined, 'DELETE', 405, 'method_not_allowed'],
  ] as const)('refuses %s before the upgrade, in JSON', async (_name, headers, target, method, status, code) => {
    const filled = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value === 'OWN' ? server.origin : value]))
    const answer = await knock(filled, target, method)
    expect(answer).toMatchObject({ status, error: { code } })
    expect(answer.head).toMatch(/content-type: application\/json/i)
    expect(answer.error?.message).toMatch(/\.$/)
  })

  it.each([
    ['a program with no origin', {}],
    ['a program with its own bearer token', { Authorization: 'Bearer whatever' }],
    ['a program that offers no subprotocol', { 'Sec-WebSocket-Protocol': undefined }],
    ['a page of this server', { Origin: 'OWN' }],
    ['someone who calls it localhost', { Host: 'localhost' }],
  ] as const)('lets in %s', async (_name, headers) => {
    const filled = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value === 'OWN' ? server.origin : value]))
    expect(await knock(filled)).toMatchObject({ status: 101 })
  })

  it('selects realtime for a client that sends its key as a subprotocol', async () => {
    const { value } = await (await server.mint()).json() as { value: string }
    const { status, head } = await knock({ 'Sec-WebSocket-Protocol': `realtime, openai-insecure-api-key.${value}` })
    expect(status).toBe(101)
    expect(head).toMatch(/sec-websocket-protocol: realtime\r?$/im)
  })

  it('takes a ticket once', async () => {
    const page = await server.connectPage()
    expect(page.events[0]).toMatchObject({ type: 'kaiwa.call', call_id: page.grant.call_id, conversation_id: page.grant.conversation_id, seq: 0 })
    const again = await knock({ Origin: server.origin, 'Sec-WebSocket-Protocol': `kaiwa.v1, kaiwa.ticket.${page.grant.ticket}` })
    expect(again).toMatchObject({ status: 401 })
    expect(server.log()).not.toContain(page.grant.ticket)
    page.close()
  })

  it('cuts an upgrade that arrives a byte at a time', async () => {
    const line = await openRawLine(server.port)
    const text = upgradeRequest(server.port)
    let sent = 0
    const drip = setInterval(() => line.write(text[sent++] ?? ''), 50)
    await line.read({ timeoutMs: 5000 }).finally(() => clearInterval(drip))
    expect(sent).toBeLessThan(text.length)
  })

  it('survives a reset in the middle of an upgrade', async () => {
    const line = await openRawLine(server.port)
    line.write(upgradeRequest(server.port))
    line.socket.resetAndDestroy()
    const client = await server.connect()
    await client.next('session.created')
    client.close()
  })
})

describe('what a frame may be', () => {
  it.each([
    ['an unmasked frame', frame({ masked: false, payload: Buffer.from('{}') }), 1002],
    ['reserved bits', frame({ rsv: 4, payload: Buffer.from('{}') }), 1002],
    ['a reserved opcode', frame({ opcode: 3 }), 1002],
    ['a fragmented ping', frame({ opcode: 9, fin: false }), 1002],
    ['a ping that is too long', frame({ opcode: 9, payload: Buffer.alloc(126) }), 1002],
    ['text that is not UTF-8', frame({ payload: Buffer.from([0xc3, 0x28]) }), 1007],
    ['a message that is too large, at its header', frame({ lengthSaid: 90 * 1024 * 1024, payload: Buffer.from('{') }), 1009],
  ] as const)('closes on %s', async (_name, bytes, code) => {
    const line = await upgraded()
    line.write(bytes)
    expect(closeCodeIn(await line.read())).toBe(code)
  })

  it('closes 1008 on a flood of pings', async () => {
    const line = await upgraded()
    line.write(Buffer.concat(Array.from({ length: 200 }, () => frame({ opcode: 9 }))))
    expect(closeCodeIn(await line.read())).toBe(1008)
  })

  it('answers a binary frame with an error, and lives', async () => {
    const client = await server.connect()
    // Were it text, it would be answered with something else.
    client.sendBinary!(Buffer.from('{"type":"input_audio_buffer.clear"}'))
    expect(await client.next('error')).toMatchObject({ error: { type: 'invalid_request_error', code: 'invalid_event' } })
    await stillAnswers(client)
    expect(upstream.connections.at(-1)!.binaryFrames).toBe(0)
    client.close()
  })

  it('notices a line that no longer answers', async () => {
    const line = await upgraded()
    const started = performance.now()
    await line.read({ timeoutMs: 5000 })
    expect(performance.now() - started).toBeLessThan(4000)
  })

  it('masks natively', () => { expect(masksNatively()).toBe(true) })
})

describe('many at once', () => {
  it('fifty who send garbage disturb no one', async () => {
    const talker = await server.connect()
    await talker.next('session.created')
    const garbage = await Promise.all(Array.from({ length: 50 }, async (_, index) => {
      const line = index % 2 ? await upgraded() : await openRawLine(server.port)
      line.write(Buffer.from(Array.from({ length: 2000 }, (_unused, n) => (n * 7919 + index * 104_729) & 255)))
      return line
    }))
    await stillAnswers(talker)
    await Promise.all(garbage.map(line => line.read({ timeoutMs: 8000 })))
    await stillAnswers(talker)
    talker.close()
  })

  it('refuses with 503 and Retry-After when every line is busy, and again takes calls when one is free', async () => {
    await expect.poll(() => server.instance.calls.live).toBe(0)
    const talkers = await Promise.all(Array.from({ length: 60 }, () => server.connect()))
    const answer = await knock({})
    expect(answer).toMatchObject({ status: 503, error: { code: 'server_full' } })
    expect(answer.head).toMatch(/retry-after: \d+/i)
    expect((await server.post()).status).toBe(503)
    for (const talker of talkers) talker.close()
    await expect.poll(() => server.instance.calls.live).toBe(0)
    expect(await knock({})).toMatchObject({ status: 101 })
  })
})
