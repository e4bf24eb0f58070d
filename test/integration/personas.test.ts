import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine } from '@kaiwa/engine'
import { afterEach, describe, expect, it } from 'vitest'
import { dialPolicy } from '../../server/relay/dial-policy.ts'
import type { PersonaList } from '../../shared/personas.ts'
import { createCountedIds, realClock } from '../fakes/engine-options.ts'
import { createFakeStages } from '../fakes/fake-stages.ts'
import { startServer, type RunningServerOptions } from '../fakes/running-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function upstreamWith(key: string) {
  const upstream = await startScriptedUpstream({ key })
  cleanups.push(upstream.close)
  return upstream
}

async function serverWith(files: Record<string, string>, { env, ...options }: RunningServerOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'kaiwa-personas-'))
  cleanups.push(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const server = await startServer({ env: { KAIWA_PERSONAS_DIR: folder, ...env }, ...options })
  cleanups.push(server.close)
  return server
}

const own = (upstream: ScriptedUpstream) => ({ OPENAI_API_KEY: 'own-key', OPENAI_BASE_URL: upstream.baseUrl })
const head = 'name: Mika\ninstructions: You are Mika.\n'

describe('a page talks with a persona', () => {
  it('whose configuration is the first that the model hears', async () => {
    const upstream = await upstreamWith('own-key')
    const server = await serverWith({ 'mika.yaml': `${head}model: gpt-realtime-1.5\nvoice: cedar\nspeed: 0.8\nturn_taking: { type: semantic_vad, eagerness: low }\n` }, { env: own(upstream) })
    const page = await server.connectPage('mika')
    await page.next('session.updated')
    const [connection] = upstream.connections
    expect(connection!.url).toBe('/v1/realtime?model=gpt-realtime-1.5')
    expect(connection!.events).toMatchObject([{
      type: 'session.update',
      session: {
        instructions: 'You are Mika.',
        audio: { input: { turn_detection: { type: 'semantic_vad', eagerness: 'low', create_response: true, interrupt_response: true } }, output: { voice: 'cedar', speed: 0.8 } },
      },
    }])
    expect(connection!.events[0]!.session).not.toHaveProperty('reasoning')
  })

  it('whose budget ends the call, on a server without one', async () => {
    const upstream = await upstreamWith('own-key')
    const server = await serverWith({ 'mika.yaml': `${head}limits: { budget_usd: 0.0001 }\n`, 'dear.yaml': `${head}model: unpriced\nlimits: { budget_usd: 1 }\n` }, { env: own(upstream) })
    const page = await server.connectPage('mika')
    await page.next('session.updated')
    page.send({ type: 'response.create' })
    expect(await page.next(event => event.type === 'kaiwa.limit' && event.state === 'reached')).toMatchObject({ of: 'call', budget_usd: 0.0001 })
    expect((await page.closed).reason).toBe('rate_limit_error.budget_spent')
    const other = await server.connectPage()
    await other.next('session.updated')
    other.send({ type: 'response.create' })
    await other.next('response.done')
    expect(other.events.filter(event => event.type === 'kaiwa.limit')).toEqual([])
    const { personas } = await (await fetch(`${server.origin}/api/personas`)).json() as PersonaList
    expect(personas.find(({ id }) => id === 'dear')).toMatchObject({ available: false, why: expect.stringMatching(/no price/) })
    expect((await server.post('{"persona":"dear"}')).status).toBe(503)
  })

  it('who has an upstream of their own, or the engine, while the server\'s own rests or asked for quiet', async () => {
    const [own_, school] = [await upstreamWith('own-key'), await upstreamWith('school-key')]
    const server = await serverWith({
      'school.yaml': `${head}model: school-model\nupstream: { base_url: ${JSON.stringify(school.baseUrl)}, key_from: SCHOOL_KEY }\n`,
    }, { env: { ...own(own_), SCHOOL_KEY: 'school-key' }, dialing: { policy: { ...dialPolicy, delaysMs: [0, 1, 1, 1] } } })
    own_.script({ handshake: { do: 'refuse', status: 429, retryAfter: '20' } })
    await (await server.connect()).closed
    await expect(server.connect()).rejects.toThrow('429')
    expect((await server.post()).status).toBe(429)
    const page = await server.connectPage('school')
    await page.next('session.updated')
    school.script(...Array.from({ length: 20 }, () => ({ handshake: { do: 'refuse' as const, status: 503 } })))
    const { ticket } = await (await server.post('{"persona":"school"}')).json() as { ticket: string }
    for (let n = 0; n < 3; n++) await (await server.connectPage('school')).closed
    expect((await server.post('{"persona":"school"}')).status).toBe(503)
    await expect(server.connectTicket(ticket)).rejects.toThrow('503')
    expect(await server.instance.numbers.text()).toContain(`kaiwa_upstream_breaker{upstream="127.0.0.1:${school.port}",state="open"} 1`)
    expect(await server.instance.numbers.text()).toContain(`kaiwa_upstream_breaker{upstream="127.0.0.1:${own_.port}",state="closed"} 1`)
  })

  it('who speaks first, where it is a persona that greets', async () => {
    const upstream = await upstreamWith('own-key')
    const server = await serverWith({ 'mika.yaml': `${head}greeting: Say hello.\n` }, { env: own(upstream) })
    const page = await server.connectPage('mika')
    await page.next('response.done')
    expect(upstream.connections[0]!.events.map(event => event.type)).toEqual(['session.update', 'response.create'])
    expect(page.events.map(event => event.type).slice(0, 4)).toEqual(['kaiwa.call', 'session.created', 'session.updated', 'response.created'])
  })

  it('by whom it is heard from the embedded engine, too', async () => {
    const engine = createEngine({ stages: createFakeStages(), clock: realClock, ids: createCountedIds() })
    const server = await serverWith({ 'mika.yaml': `${head}greeting: Say hello.\n` }, { startEngine: async () => ({ engine, hearing: { able: true, by: 'fake stages' }, close: async () => undefined }) })
    const page = await server.connectPage('mika')
    await page.next('response.output_audio.delta')
    await page.next('response.done')
    expect(page.events.some(event => event.type === 'error')).toBe(false)
  })

  it('for no longer than the persona allows, and never longer than the server does', async () => {
    const upstream = await upstreamWith('own-key')
    const server = await serverWith({ 'short.yaml': `${head}limits: { max_call_minutes: 5 }\n`, 'long.yaml': `${head}limits: { max_call_minutes: 500 }\n` }, { env: { ...own(upstream), KAIWA_MAX_CALL_MINUTES: '60' } })
    const [short, long] = [await server.connectPage('short'), await server.connectPage('long')]
    expect([short.grant.limits.max_call_minutes, long.grant.limits.max_call_minutes]).toEqual([5, 60])
    expect(await short.next('kaiwa.call')).toMatchObject({ limits: { max_call_minutes: 5 } })
  })

  it('as it was when the ticket was given', async () => {
    const upstream = await upstreamWith('own-key')
    const server = await serverWith({ 'mika.yaml': head }, { env: own(upstream) })
    const { personas } = server.instance
    const { id, version } = personas.find('mika')!.persona
    writeFileSync(join(server.instance.settings.personasDir, 'mika.yaml'), head.replace('You are Mika.', 'You are somebody else.'))
    await personas.reload()
    const { ticket } = server.instance.tickets.issue({ callId: 'call_1', conversationId: 'conv_1', origin: server.origin, person: { by: 'anonymous', id: undefined }, persona: { id, version } })!
    const page = await server.connectTicket(ticket)
    await page.next('session.updated')
    expect(upstream.connections[0]!.events[0]).toMatchObject({ session: { instructions: 'You are Mika.' } })
  })
})

describe('several upstreams in one server', () => {
  it('each persona reaches its own, with its own key', async () => {
    const [first, second] = [await upstreamWith('own-key'), await upstreamWith('school-key')]
    const server = await serverWith({ 'school.yaml': `${head}model: their-model\nupstream: { base_url: "${second.baseUrl}", key_from: SCHOOL_KEY }\n` }, { env: { ...own(first), SCHOOL_KEY: 'school-key' } })
    for (const id of ['default', 'school']) await (await server.connectPage(id)).next('session.updated')
    expect([first, second].map(({ connections }) => connections.map(({ url, headers }) => [url, headers.authorization]))).toEqual([
      [['/v1/realtime?model=gpt-realtime-2.1', 'Bearer own-key']],
      [['/v1/realtime?model=their-model', 'Bearer school-key']],
    ])
    expect(server.log()).not.toContain('school-key')
  })

  it.each([['api-key', { 'api-key': 'azure-key' }], ['bearer', { authorization: 'Bearer azure-key' }]] as const)('Azure: the deployment in its GA address, the key as %s', async (auth, headers) => {
    const azure = await upstreamWith('azure-key')
    const server = await serverWith({
      'azure.yaml': `${head}brain: azure\nmodel: my-deployment\nupstream: { base_url: "http://127.0.0.1:${azure.port}/openai/v1", key_from: AZURE_KEY${auth === 'api-key' ? '' : `, auth: ${auth}`} }\n`,
    }, { env: { AZURE_KEY: 'azure-key' } })
    await (await server.connectPage('azure')).next('session.updated')
    const [{ url, headers: sent, events }] = azure.connections as [ScriptedUpstream['connections'][number]]
    expect(url).toBe('/openai/v1/realtime?model=my-deployment')
    expect({ 'api-key': sent['api-key'], authorization: sent.authorization }).toEqual({ 'api-key': undefined, authorization: undefined, ...headers })
    expect(events[0]).toMatchObject({ session: { audio: { input: { transcription: { model: 'whisper-1' } } } } })
  })

  it('a key that an upstream repeats is cut out, whichever persona\'s it is', async () => {
    const upstream = await upstreamWith('school-key')
    upstream.script({ misfortunes: [{ afterEvents: 1, do: { act: 'say', frames: [JSON.stringify({ type: 'error', event_id: 'e', error: { type: 'server_error', code: 'odd', message: 'Used school-key.', param: null, event_id: null } })] } }] })
    const server = await serverWith({ 'school.yaml': `${head}model: m\nupstream: { base_url: "${upstream.baseUrl}", key_from: SCHOOL_KEY }\n` }, { env: { SCHOOL_KEY: 'school-key' } })
    const page = await server.connectPage('school')
    expect(JSON.stringify(await page.next('error'))).not.toContain('school-key')
  })
})

describe('GET /api/personas', () => {
  const list = async (server: { origin: string }, headers: Record<string, string> = {}) => fetch(`${server.origin}/api/personas`, { headers })

  it('names who can be talked to, and why somebody can\'t; never instructions, keys or addresses', async () => {
    const server = await serverWith({ 'school.yaml': `${head}model: m\nupstream: { base_url: "https://school.example/v1", key_from: SCHOOL_KEY }\nfree: { voice: [marin], turn_taking: true }\n` })
    const answer = await list(server)
    const text = await answer.text()
    const { personas } = JSON.parse(text) as PersonaList
    expect(personas.map(({ id }) => id)).toEqual(['default', 'debate-partner', 'explainer', 'interviewer', 'language-tutor', 'school', 'storyteller'])
    expect(personas.find(({ id }) => id === 'school')).toEqual({
      id: 'school', name: { en: 'Mika' }, description: { en: '' }, languages: [], voice: 'marin', brain: 'openai', available: false,
      why: 'It is not set up on this server. Choose another one, or ask whoever runs the server.', greets: false, limits: { max_call_minutes: 120 }, free: { voice: ['marin'], turn_taking: true },
    })
    for (const hidden of ['You are', 'SCHOOL_KEY', 'school.example']) expect(text).not.toContain(hidden)
  })

  it('is answered to a page of this server, which names no origin, and to no other', async () => {
    const server = await serverWith({})
    expect((await list(server, { 'sec-fetch-site': 'same-origin', 'user-agent': 'Mozilla/5.0' })).status).toBe(200)
    expect((await list(server, { origin: 'https://evil.example' })).status).toBe(403)
  })

  it.each([['school', 503, 'persona_unavailable'], ['nobody', 404, 'persona_not_found'], ['../default', 404, 'persona_not_found']])('a call with %s: %i %s', async (persona, status, code) => {
    const server = await serverWith({ 'school.yaml': `${head}brain: azure\nmodel: m\n` })
    const answer = await server.post(JSON.stringify({ persona }))
    expect([answer.status, (await answer.json() as { error: { code: string } }).error.code]).toEqual([status, code])
  })
})
