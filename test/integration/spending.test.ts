import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { silentLog } from '../../server/log.ts'
import { dayOf } from '../../server/metering/ledger.ts'
import { openStore } from '../../server/store/open-store.ts'
import { StoreError } from '../../server/store/store.ts'
import type { UsageAmount } from '../../shared/calls.ts'
import type { EveryonesSpending, LatencyQuantiles, OwnSpending } from '../../shared/spending.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { startServer, type RunningServer } from '../fakes/running-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'

const MODEL = 'gpt-realtime-2.1'
const golden = (file: string) => JSON.parse(readFileSync(new URL(`../fixtures/usage/${file}.json`, import.meta.url), 'utf8')) as { name: string, usage: object }[]
const tokens = { KAIWA_API_TOKENS: 'alice:alice-token-of-many-signs,bob:bob-token-of-many-signs,boss:boss-token-of-many-signs', KAIWA_OPERATORS: 'boss,ann@example.org' }
let upstream: ScriptedUpstream
let dataDir: string
let server: RunningServer

type Who = 'alice' | 'bob' | 'boss' | 'stranger' | 'page'
const ask = (who: Who, path: string, { to = server, headers = {} }: { to?: RunningServer, headers?: Record<string, string> } = {}) =>
  fetch(`${to.origin}${path}`, { headers: { ...(who !== 'page' && { authorization: `Bearer ${who}-token-of-many-signs` }), ...headers } })
const own = async (who: Who, to = server) => await (await ask(who, '/api/spending', { to })).json() as OwnSpending
const codeOf = async (response: Response) => [response.status, (await response.json() as { error: { code: string } }).error.code]
const env = () => ({ OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl, ...tokens })

/** A response of the model's own accord, with what it took. */
function respond(id: string, usage: object) {
  const model = upstream.connections.at(-1)!
  model.send({ type: 'response.created', event_id: 'e', response: { id, conversation_id: 'conv_x', status: 'in_progress' } })
  model.send({ type: 'response.done', event_id: 'e', response: { id, conversation_id: 'conv_x', status: 'completed', output: [], usage } })
}

beforeAll(async () => {
  upstream = await startScriptedUpstream({ key: 'test-key' })
  dataDir = mkdtempSync(join(tmpdir(), 'kaiwa-spending-'))
  const open = () => openStore({ store: { databaseUrl: undefined, retentionDays: 0 }, dataDir }, silentLog)
  server = await startServer({ env: { ...env(), KAIWA_DATA_DIR: dataDir }, openStore: open })
  server.instance.beginKeeping()
  await vi.waitFor(() => server.instance.store.list('nobody', { limit: 1 }), 5000)
})
afterAll(async () => {
  await server.close()
  await upstream.close()
  rmSync(dataDir, { recursive: true, force: true })
})

describe('what documented usage costs', () => {
  it('is metered, stored and shown as the same money and tokens', async () => {
    const page = await server.connectPage()
    await page.next('session.updated')
    let last: { call: UsageAmount } | undefined
    for (const [at, { usage }] of golden('responses').entries()) {
      respond(`resp_${at}`, usage)
      last = await page.next('kaiwa.usage') as unknown as { call: UsageAmount }
    }
    // By hand, as in the unit test of each: 0.0072056 + 0.0250368 + 0.0142352 + 0.000788 + 0.0092 + 0.0246656 + 0.016
    expect(last!.call.usd).toBeCloseTo(0.0971312, 9)
    const { lines, today, kept } = await own('page')
    expect(kept).toBe(true)
    expect(lines).toMatchObject([{ day: dayOf(Date.now()), model: MODEL, prices_of: '2026-08-06', responses: 7 }])
    expect(lines[0]!.usage).toEqual({ ...last!.call, usd: expect.closeTo(last!.call.usd!, 9) as number })
    expect(today).toMatchObject({ day: dayOf(Date.now()), spent: last!.call, budget_usd: null })

    for (const [at, { usage }] of golden('transcriptions').entries()) {
      upstream.connections.at(-1)!.send({ type: 'conversation.item.input_audio_transcription.completed', event_id: 'e', item_id: `item_${at}`, transcript: 'Hm.', usage })
      last = await page.next('kaiwa.usage') as unknown as { call: UsageAmount }
    }
    page.close()
    await vi.waitFor(() => expect(server.instance.calls.live).toBe(0))
    const after = await own('page')
    expect(after.lines.reduce((sum, line) => sum + (line.usage.usd ?? 0), 0)).toBeCloseTo(last!.call.usd!, 9)
    expect(after.lines.reduce((sum, line) => sum + line.usage.transcription_seconds, 0)).toBeCloseTo(last!.call.transcription_seconds, 6)
    expect(after.lines.reduce((sum, line) => sum + line.responses, 0), 'transcriptions are no responses').toBe(7)
  })

  it('is each one\'s own, and everyone\'s to the operator, by day, person and model', async () => {
    const program = await server.connect({ query: `?model=${MODEL}`, headers: { authorization: 'Bearer alice-token-of-many-signs' } })
    await program.next('session.created')
    respond('resp_alice', golden('responses')[0]!.usage)
    await program.next('response.done')
    program.close()
    expect((await own('alice')).lines).toMatchObject([{ model: MODEL, usage: { usd: 0.0072056 } }])
    expect((await own('bob')).lines).toEqual([])
    expect((await own('bob')).today.spent.usd, 'nothing that has a price').toBeNull()
    const everyones = await (await ask('boss', '/api/operator/spending')).json() as EveryonesSpending
    expect(everyones.lines.filter(({ model }) => model === MODEL)).toMatchObject([{ person: 'local', name: null }, { person: 'token:alice', name: 'alice', usage: { usd: 0.0072056 } }])
    expect(everyones.today.spent.usd).toBeCloseTo(everyones.lines.reduce((sum, line) => sum + (line.usage.usd ?? 0), 0), 9)
  })
})

describe('what the operator sees', () => {
  it.each(['/api/operator/spending', '/api/operator/spending.csv', '/api/operator/spending?from=nonsense'])('%s is there for nobody else', async path => {
    expect(await codeOf(await ask('alice', path))).toEqual([404, 'not_found'])
    expect(await codeOf(await ask('stranger', path))).toEqual([401, 'invalid_api_key'])
    expect(await codeOf(await ask('page', path, { headers: { origin: 'https://evil.example' } }))).toEqual([403, 'origin_not_allowed'])
    expect(await codeOf(await ask('page', path, { headers: { 'x-forwarded-for': '203.0.113.7' } })), 'through a proxy on this machine').toEqual([404, 'not_found'])
  })

  it('is there for whoever sits at a server that only this machine reaches', async () => {
    expect((await ask('page', '/api/operator/spending')).status).toBe(200)
  })

  it('comes as CSV with a name, whole and without a cache', async () => {
    const answer = await ask('boss', '/api/operator/spending.csv?from=2026-01-01&to=2026-01-31')
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('content-disposition'), answer.headers.get('cache-control')])
      .toEqual([200, 'text/csv; charset=utf-8; header=present', 'attachment; filename="kaiwa-spending-2026-01-01-2026-01-31.csv"', 'no-store'])
    expect(await answer.text()).toMatch(/^day,person,name,model,prices_of,responses,usd,[\w,]+,transcription_seconds\r\n$/)
    expect(await (await ask('boss', '/api/operator/spending.csv')).text()).toContain(`,token:alice,alice,${MODEL},2026-08-06,1,0.0072056,119,13,0,64,0,0,30,91,0\r\n`)
  })
})

describe('today', () => {
  it('has what was spent before the start, or at another server: whichever of store and ledger is more', async () => {
    const day = dayOf(Date.now())
    const usage = {
      usd: 0.3, input_tokens: { text: 1, audio: 0, image: 0, cached_text: 0, cached_audio: 0, cached_image: 0 }, output_tokens: { text: 0, audio: 0 },
      transcription_seconds: 0,
    }
    const row = { day, owner: 'token:alice', responses: 1, pricesOf: null }
    const rows = [{ ...row, model: 'm', usage: { ...usage, usd: 0.1 } }, { ...row, model: 'n', usage: { ...usage, usd: 0.2 } }]
    const other = await startServer({ env: env(), openStore: async () => ({ ...createMemoryStore(), spending: async () => rows }) })
    other.instance.beginKeeping()
    try {
      expect((await own('alice', other)).today.spent).toMatchObject({ usd: 0.3, input_tokens: { text: 2 } })
    } finally {
      await other.close()
    }
  })
})

describe('days that can\'t be', () => {
  it.each(['from=yesterday', 'to=2026-02-30', 'from=2026-02-02&to=2026-02-01', 'from=2020-01-01&to=2026-01-01', 'from=', 'to=0001-01-01%00'])('?%s is refused', async query => {
    expect(await codeOf(await ask('alice', `/api/spending?${query}`))).toEqual([400, 'invalid_value'])
  })
})

describe('a server that keeps nothing', () => {
  it('knows today, and what each took, until it stops', async () => {
    const forgetful = await startServer({ env: { ...env(), KAIWA_STORE: 'none' }, openStore: async () => createMemoryStore() })
    try {
      const page = await forgetful.connectPage()
      await page.next('session.updated')
      respond('resp_1', golden('responses')[3]!.usage)
      await page.next('kaiwa.usage')
      page.close()
      expect(await own('page', forgetful)).toMatchObject({ kept: false, lines: [{ model: MODEL, responses: 1, usage: { usd: 0.000788 } }], today: { spent: { usd: 0.000788 } } })
      expect((await own('alice', forgetful)).lines).toEqual([])
      expect(await codeOf(await ask('alice', '/api/latency', { to: forgetful }))).toEqual([404, 'nothing_kept'])
    } finally {
      await forgetful.close()
    }
  })
})

describe('a store that is away', () => {
  it('is said so, and when to come again', async () => {
    const store = { ...createMemoryStore(), spending: async () => { throw new StoreError('gone', 'It is away.') } }
    const other = await startServer({ env: env(), openStore: async () => store })
    other.instance.beginKeeping()
    try {
      const answer = await ask('boss', '/api/operator/spending', { to: other })
      expect(answer.headers.get('retry-after')).toBe('3')
      expect(await codeOf(answer)).toEqual([503, 'store_unavailable'])
    } finally {
      await other.close()
    }
  })
})

describe('how long answers took', () => {
  it('is told to the page that reports what it heard, kept, and counted; the report never reaches the model', async () => {
    const page = await server.connectPage()
    await page.next('session.updated')
    const model = upstream.connections.at(-1)!
    const at = { response_id: 'resp_l', item_id: 'item_l', output_index: 0, content_index: 0, event_id: 'e' }
    model.send({ type: 'input_audio_buffer.speech_stopped', event_id: 'e', item_id: 'item_u', audio_end_ms: 900 })
    model.send({ type: 'input_audio_buffer.committed', event_id: 'e', item_id: 'item_u', previous_item_id: null })
    model.send({ type: 'response.created', event_id: 'e', response: { id: 'resp_l', conversation_id: 'conv_x', status: 'in_progress' } })
    model.send({ type: 'response.output_audio.delta', ...at, delta: 'A'.repeat(6400) })
    await page.next('response.output_audio.delta')
    page.send({ type: 'kaiwa.ack', item_id: 'item_l', played_ms: 'soon' })
    expect(await page.next('error')).toMatchObject({ error: { code: 'invalid_value', param: 'played_ms' } })
    page.send({ type: 'kaiwa.ack', item_id: 'item_l', played_ms: 0 })
    page.send({ type: 'input_audio_buffer.clear' })
    await vi.waitFor(() => expect(model.events.at(-1)).toMatchObject({ type: 'input_audio_buffer.clear' }))
    model.send({ type: 'response.done', event_id: 'e', response: { id: 'resp_l', conversation_id: 'conv_x', status: 'completed', output: [], usage: golden('responses')[3]!.usage } })
    const told = await page.next('kaiwa.latency') as unknown as Record<string, number>
    expect(told).toMatchObject({ response_id: 'resp_l', first_text_ms: null })
    expect(told.first_audio_ms).toBeGreaterThanOrEqual(told.committed_ms!)
    expect(told.first_heard_ms).toBeGreaterThanOrEqual(told.first_audio_ms!)
    expect(told.relay_ms).toBeGreaterThanOrEqual(0)
    expect(model.received.join('')).not.toContain('kaiwa.')
    page.close()

    const today = await vi.waitFor(async () => {
      const answer = await (await ask('page', '/api/latency')).json() as LatencyQuantiles
      expect(answer.first_heard_ms).not.toBeNull()
      return answer
    })
    expect(Math.round(today.first_heard_ms!.p50)).toBe(told.first_heard_ms)
    const ofCall = await (await ask('page', `/api/latency?call_id=${page.grant.call_id}`)).json()
    expect(ofCall).toEqual(today)
    const nothing = { first_audio_ms: null, first_heard_ms: null, relay_ms: null }
    expect(await (await ask('bob', `/api/latency?call_id=${page.grant.call_id}`)).json(), 'somebody else\'s').toEqual(nothing)
    expect(await (await ask('bob', '/api/latency')).json()).toEqual(nothing)
    for (const bad of ['day=x', 'call_id=', 'call_id=a%20b', 'call_id=a&day=2026-01-01']) expect(await codeOf(await ask('page', `/api/latency?${bad}`))).toEqual([400, 'invalid_value'])
    const metrics = await server.instance.numbers.text()
    for (const until of ['committed', 'first_audio', 'first_heard']) expect(metrics).toContain(`kaiwa_turn_seconds_count{until="${until}"} 1`)
    expect(metrics).toContain('kaiwa_turn_relay_seconds_count 1')
  })
})
