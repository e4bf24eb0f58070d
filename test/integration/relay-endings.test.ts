import { createHmac } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ContractClient } from '../contract/contract-client.ts'
import type { DialPolicy } from '../../server/relay/dial-policy.ts'
import { breakerPolicy } from '../../server/relay/circuit-breaker.ts'
import { openRawLine, upgradeRequest } from '../fakes/raw-line.ts'
import { startServer, type RunningServer } from '../fakes/running-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'
import { watchTrap } from '../fakes/trap-watch.ts'

const KEY = 'sk-canary-77aa66bb'
const quickPolicy: DialPolicy = { delaysMs: [0, 10, 10, 10], handshakeMs: 600, totalMs: 1000 }

let upstream: ScriptedUpstream
let server: RunningServer
let trap: ReturnType<typeof watchTrap>

beforeEach(async () => {
  trap = watchTrap()
  upstream = await startScriptedUpstream({ key: KEY })
  server = await serve()
})

afterEach(async () => {
  await expect.poll(() => server.instance.calls.live + server.instance.calls.settling, { timeout: 5000 }).toBe(0)
  await server.close()
  await upstream.close()
  trap.stop()
  expect(trap.caught).toEqual([])
  expect(server.log()).not.toContain(KEY)
})

function serve(env: Record<string, string> = {}) {
  return startServer({ env: { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: upstream.baseUrl, KAIWA_MAX_CALLS_PER_USER: '100', ...env }, dialing: { policy: quickPolicy } })
}

async function serveAgain(env: Record<string, string>) {
  await server.close()
  server = await serve(env)
}

async function ending(client: ContractClient) {
  const close = await client.closed
  const error = client.events.findLast(event => event.type === 'error')?.error as { code: string, message: string } | undefined
  return { ...close, error, text: JSON.stringify(client.events) + close.reason }
}

const ask = (client: ContractClient) => client.send({ type: 'response.create' })
const created = { type: 'response.created', event_id: 'event_c', response: { id: 'resp_open', object: 'realtime.response', status: 'in_progress', output: [], usage: null } }
/** Begins an answer and never ends it by itself. */
const endlessAnswer = { conversation: (send: (event: object) => void) => {
  send({ type: 'session.created', event_id: 'event_s', session: {} })
  return {
    receive(text: string) {
      const { type } = JSON.parse(text) as { type: string }
      if (type === 'response.create') send(created)
      if (type === 'response.cancel') send({ type: 'response.done', event_id: 'event_d', response: { ...created.response, status: 'cancelled', usage: { total_tokens: 5 } } })
    },
    close() {},
  }
} }

/** What the model says last, what it closes with; what client and page are told, and closed with. */
type Said = { type: string, code: string, message: string } | undefined
interface Told { code: number, errorCode: string, sentence: RegExp }
const endings: [what: string, said: Said, close: { code: number, reason?: string }, told: Told][] = [
  ['its session is over, in words', { type: 'invalid_request_error', code: 'session_expired', message: 'Your session hit the maximum duration of 60 minutes.' }, { code: 1001 },
    { code: 1001, errorCode: 'session_expired', sentence: /60 minutes/ }],
  ['its session is over, by the close alone', undefined, { code: 1001, reason: 'invalid_request_error.session_expired' },
    { code: 1001, errorCode: 'session_expired', sentence: /Start again/ }],
  ['the account has no credit', { type: 'insufficient_quota', code: 'insufficient_quota', message: `You exceeded your quota, key ${KEY}.` }, { code: 4000 },
    { code: 4000, errorCode: 'insufficient_quota', sentence: /Whoever runs this server has to top it up/ }],
  ['the key is wrong', { type: 'invalid_request_error', code: 'invalid_api_key', message: 'Incorrect API key provided: sk-canar****66bb.' }, { code: 3000 },
    { code: 3000, errorCode: 'invalid_api_key', sentence: /has to check OPENAI_API_KEY/ }],
  ['too many calls', { type: 'rate_limit_error', code: 'rate_limit_exceeded', message: 'Rate limit reached. Try again in 6 s.' }, { code: 4000 },
    { code: 4000, errorCode: 'rate_limit_exceeded', sentence: /Try again in 6 s/ }],
  ['an unknown model', { type: 'invalid_request_error', code: 'invalid_model', message: 'Model "test-model" is not supported.' }, { code: 4000 },
    { code: 4000, errorCode: 'invalid_model', sentence: /not supported/ }],
  ['it goes, without a word', undefined, { code: 1011 }, { code: 1011, errorCode: 'upstream_lost', sentence: /The model ended the session \(1011\)/ }],
]

describe('what a model says when it ends a session', () => {
  it.each(endings)('%s: a sentence, a code, no piece of a key; program and page alike', async (_what, error, close, told) => {
    for (const connect of [server.connect, server.connectPage]) {
      upstream.script({ misfortunes: [{ afterEvents: 0, do: { act: 'close', ...close, ...(error && { error }) } }] })
      const result = await ending(await connect())
      expect(result).toMatchObject({ code: told.code, error: { code: told.errorCode } })
      expect(result.error?.message).toMatch(told.sentence)
      expect(result.text).not.toMatch(/canar|66bb/)
    }
    expect(upstream.connections).toHaveLength(2)
  })

  it('a wrong key alerts the operator once a minute, however many call', async () => {
    for (let n = 0; n < 3; n++) {
      upstream.script({ handshake: { do: 'refuse', status: 401 } })
      await ending(await server.connect())
    }
    expect(server.log().split('\n').filter(line => line.includes('"alert":"operator"'))).toHaveLength(1)
  })
})

describe('an upstream that is down', () => {
  it('U5: after some calls in a row nobody waits any more, and new ones are refused at the door', async () => {
    upstream.script(...Array.from({ length: breakerPolicy.failuresToOpen * 4 }, () => ({ handshake: { do: 'refuse' as const, status: 503 } })))
    for (let n = 0; n < breakerPolicy.failuresToOpen; n++) await ending(await server.connect())
    const dialled = upstream.connections.length
    await expect(server.connect()).rejects.toThrow('503')
    const answer = await server.post()
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ error: { type: 'server_error', code: 'upstream_unavailable', message: expect.stringMatching(/could not be reached/) } })
    expect(upstream.connections).toHaveLength(dialled)
    await expect.poll(() => server.instance.brain.restingMs, { timeout: 5000 }).toBe(0)
    const client = await server.connect()
    await client.next('session.created')
    client.close()
  })
})

describe('a talker who leaves in the middle of an answer', () => {
  it('the answer is cancelled and its report awaited, then the model is let go', async () => {
    upstream.script(endlessAnswer)
    const client = await server.connect()
    ask(client)
    await client.next('response.created')
    client.close()
    await expect.poll(() => upstream.connections[0]!.closed).toEqual({ code: 1000, reason: '' })
    expect(upstream.connections[0]!.events.at(-1)).toMatchObject({ type: 'response.cancel', response_id: 'resp_open' })
    expect(server.log()).toMatch(/"open":1,"msg":"call settling"/)
    await expect.poll(() => server.log()).toMatch(/"responses":1,.*"msg":"call ended by the client"/)
  })
})

it('the provider is told that it is the same person, and not who', async () => {
  await serveAgain({ KAIWA_API_TOKENS: 'robot:canary-token-0123456789abcdef' })
  const client = await server.connect({ headers: { authorization: 'Bearer canary-token-0123456789abcdef' } })
  await client.next('session.created')
  const given = upstream.connections[0]!.headers['openai-safety-identifier']
  expect(given).toMatch(/^[0-9a-f]{64}$/)
  expect(given).not.toBe(createHmac('sha256', '').update('robot').digest('hex'))
  client.close()
})

describe('a browser that reads nothing (B3)', () => {
  it('pauses the model, keeps less than 1 MB, and is closed 4008', async () => {
    let sentBytes = 0
    const piece = JSON.stringify({ type: 'response.output_audio.delta', event_id: 'event_1', response_id: 'resp_1', item_id: 'item_1', delta: 'A'.repeat(12_800) })
    const line = await openRawLine(server.port)
    line.write(upgradeRequest(server.port))
    await line.read({ until: 'session.created' })
    line.socket.pause()
    const { socket } = upstream.connections[0]!
    const pour = setInterval(() => {
      while (socket!.readyState === socket!.OPEN && socket!.bufferedAmount < 64 * 1024 && sentBytes < 64e6) {
        socket!.send(piece)
        sentBytes += piece.length
      }
    }, 5)
    // What the kernel takes is its own; the process holds what the watermark lets it.
    await expect.poll(() => server.instance.door.unreadBytes, { timeout: 5000 }).toBeGreaterThan(256 * 1024)
    const heldAt = performance.now()
    let mostBytes = server.instance.door.unreadBytes
    const look = setInterval(() => { mostBytes = Math.max(mostBytes, server.instance.door.unreadBytes) }, 20)
    await expect.poll(() => server.instance.calls.live, { timeout: 20_000 }).toBe(0)
    clearInterval(pour)
    clearInterval(look)
    line.socket.destroy()
    expect(mostBytes).toBeLessThan(1024 * 1024)
    // Not given up for what piled up, but because nothing moved.
    expect(performance.now() - heldAt).toBeGreaterThan(3000)
    expect(sentBytes).toBeLessThan(32e6)
    expect(server.log()).toContain('client_too_slow')
  })
})

it('R1: fifty calls, in mid-answer or silent, come to their end within the drain, each told, each charged', async () => {
  const talkers = await Promise.all(Array.from({ length: 25 }, () => server.connect()))
  await Promise.all(talkers.map(client => client.next('session.created')))
  upstream.script(...Array.from({ length: 25 }, () => endlessAnswer))
  const answered = await Promise.all(Array.from({ length: 25 }, () => server.connect()))
  for (const client of answered) ask(client)
  await Promise.all(answered.map(client => client.next('response.created')))
  server.instance.beginDraining()
  const startedAt = performance.now()
  await server.instance.calls.drain(3)
  const tookMs = performance.now() - startedAt
  expect(tookMs).toBeGreaterThan(2500)
  expect(tookMs).toBeLessThan(8000)
  const closes = await Promise.all([...talkers, ...answered].map(ending))
  for (const close of closes) expect(close).toMatchObject({ code: 1001, error: { code: 'server_draining' } })
  const done = upstream.connections.filter(connection => connection.events.some(event => event.type === 'response.cancel'))
  expect(done).toHaveLength(25)
  expect(server.instance.calls.settling).toBe(0)
})

it('a page may send 64 KiB at once and no more; a program an append of 15 MiB', async () => {
  const page = await server.connectPage()
  await page.next('session.updated')
  page.send({ type: 'input_audio_buffer.append', audio: 'A'.repeat(70_000) })
  expect((await page.closed).code).toBe(1009)
  const program = await server.connect()
  await program.next('session.created')
  program.send({ type: 'input_audio_buffer.append', audio: 'A'.repeat(20 * 1024 * 1024) })
  await expect.poll(() => upstream.connections[1]!.received.length, { timeout: 10_000 }).toBe(1)
  program.close()
})

describe('a model that stalls, drips or stops in mid-call', () => {
  it('U13, U14: silence, then a burst, then byte by byte: everything arrives, once, in order', async () => {
    const client = await server.connect()
    await client.next('session.created')
    const { socket } = upstream.connections[0]!
    const piece = (n: number) => JSON.stringify({ type: 'response.output_audio.delta', n, delta: 'A'.repeat(2000) })
    for (let n = 0; n < 200; n++) socket!.send(piece(n))
    const text = piece(200)
    for (let at = 0; at < text.length; at += 100) {
      socket!.send(text.slice(at, at + 100), { fin: at + 100 >= text.length })
      await new Promise(resolve => setImmediate(resolve))
    }
    await client.next(event => event.n === 200)
    expect(client.events.filter(event => event.n !== undefined).map(event => event.n as number)).toEqual(Array.from({ length: 201 }, (_, n) => n))
    client.close()
  })

  it('U18: a function call that never ends, or whose arguments are no JSON, disturbs nothing', async () => {
    const client = await server.connect()
    await client.next('session.created')
    const { send } = upstream.connections[0]!
    send({ type: 'response.function_call_arguments.delta', call_id: 'call_1', delta: '{"a":' })
    send({ type: 'response.function_call_arguments.done', call_id: 'call_1', arguments: '{"a":' })
    expect(await client.next('response.function_call_arguments.done')).toMatchObject({ arguments: '{"a":' })
    client.send({ type: 'input_audio_buffer.clear' })
    await client.next('input_audio_buffer.cleared')
    client.close()
  })
})

it('a page that used up its money is told so and closed 1001 within 5 s; a program at once, without an event of ours', async () => {
  await serveAgain({ KAIWA_BUDGET_USD_PER_CALL: '0.0001', KAIWA_DATA_DIR: mkdtempSync(join(tmpdir(), 'kaiwa-budget-')) })
  const page = await server.connectPage()
  await page.next('session.updated')
  ask(page)
  const startedAt = performance.now()
  const told = await ending(page)
  expect(told).toMatchObject({ code: 1001, error: { code: 'budget_spent' } })
  expect(performance.now() - startedAt).toBeLessThan(8000)
  expect(page.events.filter(event => event.type === 'kaiwa.limit').at(-1)).toMatchObject({ of: 'call', state: 'reached' })
  const program = await server.connect({ query: '?model=gpt-realtime-2.1' })
  await program.next('session.created')
  ask(program)
  const said = await ending(program)
  expect(said).toMatchObject({ code: 1001, error: { code: 'budget_spent' } })
  expect(said.text).not.toContain('kaiwa.')
})
