import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { besiege } from '../fakes/besieged-kaiwa.ts'
import { openRawLine, upgradeRequest } from '../fakes/raw-line.ts'
import { startServer, type RunningServer } from '../fakes/running-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'

const CANARY = 'canary-words-91'
let upstream: ScriptedUpstream
let server: RunningServer
let personas: string

beforeEach(async () => {
  personas = mkdtempSync(join(tmpdir(), 'kaiwa-personas-'))
  writeFileSync(join(personas, 'mika.yaml'), 'name: Mika\ninstructions: Be Mika.\n')
  upstream = await startScriptedUpstream({ key: 'test-key' })
  server = await startServer({ env: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl, KAIWA_PERSONAS_DIR: personas } })
})
afterEach(async () => {
  await server.close()
  await upstream.close()
  rmSync(personas, { recursive: true })
  expect(server.log()).not.toContain(CANARY)
})

const lines = (message: string) => server.log().split('\n').filter(Boolean).map(line => JSON.parse(line) as Record<string, unknown>).filter(line => line.msg === message)

describe('whoever is turned away leaves a line', () => {
  it('because the persona of their ticket is gone', async () => {
    const { ticket } = await (await server.post('{"persona":"mika"}')).json() as { ticket: string }
    rmSync(join(personas, 'mika.yaml'))
    // A persona is remembered for one change.
    await server.instance.personas.reload()
    writeFileSync(join(personas, 'other.yaml'), 'name: Other\ninstructions: Be another.\n')
    await server.instance.personas.reload()
    await expect(server.connectTicket(ticket)).rejects.toThrow('404')
    expect(lines('connection refused')).toEqual([expect.objectContaining({ level: 30, status: 404, code: 'persona_not_found', by: 'anonymous' })])
    expect(server.log()).not.toContain(ticket)
  })

  it.each([
    ['Sec-WebSocket-Key: short', 400, 'bad_handshake'],
    ['Sec-WebSocket-Version: 7', 426, 'bad_websocket_version'],
  ])('because their handshake is malformed (%s)', async (header, status, code) => {
    const [name] = header.split(':')
    const line = await openRawLine(server.port)
    line.write(upgradeRequest(server.port).toString().replace(new RegExp(`${name}: [^\\r]*`), header))
    await line.read({ until: code })
    line.socket.destroy()
    expect(lines('connection refused')).toEqual([expect.objectContaining({ status, code })])
  })
})

describe('whoever is turned away over HTTP', () => {
  it('leaves one line with the code and the address that a trusted proxy gave, and nothing of what they showed', async () => {
    const siege = await besiege()
    const [shown, from] = ['shown-secret-5b1c', '203.0.113.77']
    const headers = { authorization: `Bearer ${shown}`, cookie: `kaiwa=${shown}`, 'x-forwarded-for': from }
    const refused: [path: string, body: unknown, code: string, headers?: Record<string, string>][] = [
      ['/api/calls', {}, 'sign_in_required'],
      ['/api/calls', {}, 'origin_not_allowed', { origin: 'https://elsewhere.example' }],
      ['/api/calls', { persona: shown }, 'persona_not_found', { cookie: await siege.signIn() }],
      ['/v1/realtime/client_secrets', {}, 'invalid_api_key'],
      ['/v1/realtime/client_secrets', { session: { type: 'realtime', instructions: 7 } }, 'invalid_type', { authorization: siege.asRaider.Authorization! }],
      ['/api/login', { password: shown }, 'wrong_password'],
      ['/api/login', `{"password": "${shown}"`, 'invalid_value'],
    ]
    for (const [path, body, code, more] of refused) {
      const marked = siege.marked()
      const answer = await siege.post(path, body, { ...headers, ...more })
      await expect.poll(() => marked('"msg":"request refused"').length, { interval: 5 }).toBe(1)
      expect(JSON.parse(marked('"msg":"request refused"')[0]!)).toMatchObject({ level: 30, status: answer.status, code, path, address: from })
    }
    const marked = siege.marked()
    await siege.knock({ Authorization: `Bearer ${shown}`, 'X-Forwarded-For': from })
    await expect.poll(() => marked('"msg":"connection refused"').map(line => JSON.parse(line) as unknown), { interval: 5 }).toEqual([expect.objectContaining({ status: 401, code: 'invalid_api_key', address: from })])
    expect(siege.kaiwa.log()).not.toContain(shown)
    await siege.close()
  })
})

describe('what a page may not say', () => {
  it('is a warning with the call\'s id, without its content, once for each call and code', async () => {
    for (let call = 0; call < 2; call++) {
      const page = await server.connectPage()
      await page.next('session.updated')
      for (let n = 0; n < 5; n++) page.send({ type: 'session.update', session: { type: 'realtime', instructions: CANARY } })
      page.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: CANARY, output: CANARY } })
      page.send({ type: 'conversation.item.create', item: { type: 'message', role: 'system', content: [{ type: 'input_text', text: CANARY }] } })
      page.send({ type: CANARY })
      page.send(`{"broken": "${CANARY}"`)
      await page.next(event => event.type === 'error' && (event.error as { code: string }).code === 'invalid_json')
      const { call_id } = page.grant
      expect(lines('event refused').filter(line => line.call === call_id)).toEqual([
        expect.objectContaining({ level: 40, code: 'event_not_allowed' }), expect.objectContaining({ level: 40, code: 'invalid_json' }),
      ])
      page.close()
    }
  })
})
