import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'
import { until, untilState, visit, type Talker } from './talker.ts'

let upstream: ScriptedUpstream
let server: KaiwaServer
let talker: Talker

/** One answer of the script at the prices of gpt-realtime-2.1: 20 tokens of text in, 20 of text and 20 of audio out. */
const ANSWER = '$0.0018'

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  server = await startKaiwa({ OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl, KAIWA_MODEL: 'gpt-realtime-2.1' })
  talker = await visit(server.address, { settings: { turnTaking: 'push_to_talk' } })
})
afterAll(async () => {
  await talker?.leave()
  expect(await server?.stop(), 'the server ends cleanly').toBe(0)
  await upstream?.close()
})

const panel = () => talker.page.getByRole('tabpanel')

describe('how long an answer took', () => {
  it('is measured to the first sound heard, which the page reports and the model never sees', async () => {
    const { page, sent, received } = talker
    await talker.button('Start talking').click()
    await untilState(talker, ['listening'])
    await page.keyboard.down('Space')
    await page.waitForTimeout(500)
    await page.keyboard.up('Space')
    await untilState(talker, ['speaking', 'listening'])
    await until('the turn\'s times', () => received.some(({ type }) => type === 'kaiwa.latency'))
    const [latency] = received.filter(({ type }) => type === 'kaiwa.latency')
    const { first_audio_ms: audio, first_heard_ms: heard, relay_ms: relay } = latency as Record<string, number>
    expect([audio! >= 0, heard! >= audio!, relay! >= 0]).toEqual([true, true, true])
    expect(sent.filter(({ type }) => type === 'kaiwa.ack')).toMatchObject([{ item_id: expect.stringMatching(/^item_/), played_ms: expect.any(Number) }])
    expect(upstream.connections.at(-1)!.received.join('')).not.toContain('kaiwa.')
  })

  it('is drawn in the drawer, stretch by stretch, beside half and 95 % of this call and of today', async () => {
    const { page } = talker
    await page.keyboard.press('`')
    await page.getByRole('tab', { name: 'Latency' }).click()
    expect(await panel().locator('.bars li').allInnerTexts()).toHaveLength(1)
    expect(await panel().locator('.bars li').innerText()).toMatch(/Answer 1: [\d,]+ ms:.*On its way to your ear \d+ ms/s)
    await until('today', async () => /Today/.test(await panel().locator('thead').innerText()))
    expect(await panel().locator('tbody th').allInnerTexts()).toEqual(['First sound heard', 'First sound at the server', 'Of it Kaiwa’s server'])
  })
})

describe('what it cost', () => {
  it('is the same in the drawer, in one\'s last days and on the operator\'s page', async () => {
    const { page } = talker
    await page.getByRole('tab', { name: 'Usage' }).click()
    await until('the days', async () => (await panel().innerText()).includes('Your last 30 days'))
    expect((await panel().innerText()).split(ANSWER).length - 1, 'the call, its last answer, today, and the days').toBeGreaterThanOrEqual(4)
    await page.getByRole('link', { name: 'What everyone spent' }).click()
    await page.getByRole('heading', { name: 'Spending' }).waitFor()
    await until('the figures', () => page.locator('tbody tr').count())
    const rows = (await page.locator('tbody tr').allInnerTexts()).map(row => row.split(/\s*[\t\n]\s*/))
    expect(rows.find(([model]) => model === 'gpt-realtime-2.1')).toEqual(expect.arrayContaining([expect.stringMatching(/^Prices of/), ANSWER, '1']))
    // Leaving ended the call, and the words that nobody had written down yet were charged by estimate.
    const usd = (sum: string) => Number(sum.replace('$', ''))
    const transcription = usd(rows.find(([model]) => model === 'gpt-transcribe')?.find(cell => cell.includes('$'))?.replace('<', '') ?? '$0')
    const [who, total = ''] = rows[0]!
    expect([who, usd(total)]).toEqual(['This machine', expect.closeTo(usd(ANSWER) + transcription, 3)])
    expect(await page.locator('section', { hasText: 'Today' }).first().innerText()).toMatch(/\$0\.001[89]/)
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download CSV' }).click()])
    expect(file.suggestedFilename()).toMatch(/^kaiwa-spending-[\d-]+\.csv$/)
    expect(talker.complaints).toEqual([])
  })

  it('of others is there for nobody else: no page, no figures', async () => {
    for (const path of ['/operator', '/api/operator/spending']) {
      expect((await fetch(`${server.address}${path}`, { headers: { 'x-forwarded-for': '203.0.113.7', accept: 'text/html' } })).status).toBe(404)
    }
    const guarded = await startKaiwa({ OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl, KAIWA_PASSWORD: 'correct horse' })
    try {
      const stranger = await fetch(`${guarded.address}/operator`, { redirect: 'manual' })
      expect([stranger.status, stranger.headers.get('location')]).toEqual([302, '/login?to=/operator'])
      const login = await fetch(`${guarded.address}/api/login`, { method: 'POST', body: '{"password":"correct horse"}', headers: { 'content-type': 'application/json', origin: guarded.address } })
      const cookie = login.headers.getSetCookie().map(line => line.split(';')[0]).join('; ')
      expect((await fetch(`${guarded.address}/operator`, { headers: { cookie } })).status).toBe(404)
      expect((await fetch(`${guarded.address}/api/operator/spending`, { headers: { cookie } })).status).toBe(404)
    } finally {
      await guarded.stop()
    }
  })
})
