import { spawnSync } from 'node:child_process'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectWebSocket } from '../contract/contract-client.ts'
import { recording, samplesOf, speak } from '../contract/recording.ts'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { startMcpServer } from '../fakes/mcp-server.ts'

/** The build that `npm start` serves, with the real stages: what bundling can break, and no test of sources would see. */

let server: KaiwaServer
beforeAll(async () => { server = await startKaiwa() })
afterAll(async () => { await server?.stop() })

const realtime = (options: Parameters<typeof connectWebSocket>[1] = {}) => connectWebSocket(`ws://127.0.0.1:${server.port}/v1/realtime?model=kaiwa-local`, options)

/** Starts the build with settings that must stop it. */
function refusedStart(settings: Record<string, string>) {
  const { status, stderr } = spawnSync(process.execPath, [join(process.cwd(), '.output/server/index.mjs')], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...settings }, encoding: 'utf8', timeout: 30_000,
  })
  return { status, stderr }
}

describe('the production server', () => {
  it('masks natively and starts without a warning', () => {
    expect(server.log()).not.toContain('bufferutil')
    expect(server.log()).not.toMatch(/"level":(40|50|60)/)
  })

  it('says who answers, once it would', async () => {
    expect(await (await fetch(`${server.address}/readyz`)).json()).toMatchObject({ status: 'ready', brain: 'local', hearing: { able: true } })
    expect(await (await fetch(`${server.address}/healthz`)).json()).toEqual({ status: 'ok' })
  })

  it('listens on loopback only, unless told otherwise', async () => {
    const outside = Object.values(networkInterfaces()).flat().find(address => address && !address.internal && address.family === 'IPv4')
    // A machine without a network can't be reached from outside either.
    if (outside) await expect(fetch(`http://${outside.address}:${server.port}/healthz`)).rejects.toThrow()
    expect(server.log()).toContain(`Listening on http://127.0.0.1:${server.port}`)
  })

  it('understands a recording and answers it aloud, to any client on this machine', async () => {
    const client = await realtime()
    await client.next('session.created')
    client.send({ type: 'session.update', session: { type: 'realtime', audio: { input: { transcription: { model: 'any' } } } } })
    await client.next('session.updated')
    await speak(client, recording('go-forward.wav'))
    const heard = await client.next('conversation.item.input_audio_transcription.completed', 20_000)
    expect(heard.transcript).toMatch(/go forward/)
    await client.next('response.done', 20_000)
    const answer = samplesOf(client.events.filter(event => event.type === 'response.output_audio.delta'))
    expect(answer.length / 24_000, 'seconds').toBeGreaterThan(2)
    expect(answer.some(sample => Math.abs(sample) > 3000)).toBe(true)
    client.close()
  })

  it('calculates in its worker', async () => {
    const client = await realtime()
    client.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'] } })
    client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'What is twelve times seven?' }] } })
    client.send({ type: 'response.create' })
    expect((await client.next('response.output_text.done', 20_000)).text).toMatch(/84/)
    client.close()
  })

  it('gives ephemeral secrets, and takes them as a subprotocol', async () => {
    const answer = await fetch(`${server.address}/v1/realtime/client_secrets`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ session: { type: 'realtime', instructions: 'Be brief.' } }),
    })
    const { value } = await answer.json() as { value: string }
    expect(value).toMatch(/^ek_/)
    const client = await realtime({ protocols: ['realtime', `openai-insecure-api-key.${value}`] })
    expect((await client.next('session.created')).session.instructions).toBe('Be brief.')
    client.close()
    expect(server.log()).not.toContain(value)
  })

  it('lists the tools of an MCP server that a client names', async () => {
    const house = await startMcpServer()
    const client = await realtime()
    client.send({ type: 'session.update', session: { type: 'realtime', tools: [{ type: 'mcp', server_label: 'house', server_url: house.url, require_approval: 'never' }] } })
    await client.next('mcp_list_tools.completed', 20_000)
    client.close()
    await house.close()
  })

  it.each([
    [{ PORT: 'abc' }, /PORT is "abc"/],
    [{ HOST: '0.0.0.0' }, /KAIWA_ALLOW_ANONYMOUS/],
    [{ KAIWA_PASSWORD: 'canary-password', KAIWA_BRAIN: 'openai', OPENAI_API_KEY: 'canary-password', KAIWA_MODEL: 'unpriced', KAIWA_BUDGET_USD_PER_DAY: '5' }, /"unpriced" has no price.*KAIWA_PRICES/],
    [{ KAIWA_BRAIN: 'openai' }, /OPENAI_API_KEY/],
  ])('refuses to start with %o, in one sentence', (settings, sentence) => {
    const { status, stderr } = refusedStart({ PORT: '0', ...settings })
    expect(status).toBe(1)
    expect(stderr).toMatch(sentence)
    expect(stderr).not.toContain('canary-password')
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  it('asks people for the password and programs for a token, keeps the budget, and tells of none of them', async () => {
    const secrets = { KAIWA_PASSWORD: 'canary-password', KAIWA_API_TOKENS: 'robot:canary-token-0123456789', KAIWA_BUDGET_USD_PER_DAY: '5' }
    const kept = await startKaiwa({ ...secrets, OPENAI_API_KEY: 'canary-key', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })
    const post = (path: string, body: object, headers: Record<string, string> = {}) =>
      fetch(`${kept.address}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', origin: kept.address, ...headers }, body: JSON.stringify(body) })
    const unknown = await post('/api/calls', {})
    expect([unknown.status, await unknown.json()]).toMatchObject([401, { error: { code: 'sign_in_required' } }])
    const signedIn = await post('/api/login', { password: secrets.KAIWA_PASSWORD })
    expect(signedIn.status).toBe(204)
    const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!
    expect((await post('/api/calls', {}, { cookie })).status).toBe(201)
    const address = `ws://127.0.0.1:${kept.port}/v1/realtime`
    await expect(connectWebSocket(address, {})).rejects.toThrow('401')
    const asRobot = { headers: { authorization: 'Bearer canary-token-0123456789' } }
    // What is spent couldn't be counted.
    await expect(connectWebSocket(`${address}?model=unpriced`, asRobot)).rejects.toThrow('400')
    const robot = await connectWebSocket(address, asRobot)
    robot.close()
    expect(await kept.stop()).toBe(0)
    expect(kept.log()).not.toContain('canary')
  })

  it('refuses a port that is taken, in one sentence', () => {
    const { status, stderr } = refusedStart({ PORT: String(server.port) })
    expect(status).toBe(1)
    expect(stderr).toMatch(new RegExp(`cannot listen on 127.0.0.1, port ${server.port}`))
  })

  it('says goodbye to its calls when it is stopped, and leaves with 0', async () => {
    const other = await startKaiwa({ KAIWA_DRAIN_SECONDS: '5' })
    const client = await connectWebSocket(`ws://127.0.0.1:${other.port}/v1/realtime?model=kaiwa-local`, {})
    await client.next('session.created')
    const code = other.stop()
    expect((await client.closed).code).toBe(1001)
    expect(await code).toBe(0)
    expect(other.log()).toMatch(/"trapped":0/)
  })
})
