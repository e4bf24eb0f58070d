import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serverClock } from '../../server/realtime/clock.ts'
import { FAREWELL_MS } from '../../server/relay/farewell.ts'
import { TICK_MS } from '../../server/relay/ticker.ts'
import type { ContractClient } from '../contract/contract-client.ts'
import { startServer, type RunningServer } from '../fakes/running-server.ts'
import { scriptedConversation } from '../fakes/scripted-conversation.ts'
import { startScriptedUpstream, type Script, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'

const MODEL = 'gpt-realtime-2.1'
/** After an answer of 1000 audio tokens (0.064 USD) less than a tenth of it is left, and a goodbye fits. */
const BUDGET = '0.0705'
let upstream: ScriptedUpstream
let server: RunningServer
let dataDir: string
let skippedMs: number

beforeEach(async () => {
  skippedMs = 0
  dataDir = mkdtempSync(join(tmpdir(), 'kaiwa-goodbye-'))
  upstream = await startScriptedUpstream({ key: 'test-key' })
  server = await startServer({
    env: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl, KAIWA_BUDGET_USD_PER_CALL: BUDGET, KAIWA_MAX_CALL_MINUTES: '1', KAIWA_DATA_DIR: dataDir },
    clock: { ...serverClock, nowMs: () => serverClock.nowMs() + skippedMs },
  })
})
afterEach(async () => {
  await expect.poll(() => server.instance.calls.live + server.instance.calls.settling, { timeout: 5000 }).toBe(0)
  await server.close()
  await upstream.close()
  rmSync(dataDir, { recursive: true })
})

const usage = { input_tokens: 0, output_tokens: 1000, output_token_details: { text_tokens: 0, audio_tokens: 1000 } }
const asksGoodbye = (text: string) => text.includes('"response.create"') && text.includes('Say goodbye')

/** Its answers cost nearly the whole budget; `onGoodbye` takes the place of a goodbye of a second. */
const dear = (onGoodbye?: (send: (event: object) => void) => void): Script => ({
  conversation: (send, model) => {
    const talk = scriptedConversation(event => send('response' in event && (event as { type?: unknown }).type === 'response.done' ? { ...event, response: { ...event.response as object, usage } } : event), model)
    return { ...talk, receive: text => asksGoodbye(text) && onGoodbye ? onGoodbye(send) : talk.receive(text) }
  },
})

async function pageWith(script: Script): Promise<ContractClient> {
  upstream.script(script)
  const page = await server.connectPage()
  await page.next('session.updated')
  return page
}

const ask = (client: ContractClient) => client.send({ type: 'response.create' })
const heard = (client: ContractClient) => client.events.filter(event => event.type === 'response.output_audio.delta').length
const toldModel = () => upstream.connections[0]!.events
const goodbyes = () => toldModel().filter(event => asksGoodbye(JSON.stringify(event)))
const reached = (of: string) => (event: { type: string, of?: string, state?: string }) => event.type === 'kaiwa.limit' && event.of === of && event.state === 'reached'
const minutePasses = () => { skippedMs += 60_000 }

/** How a call that has to end ends. */
async function endOf(client: ContractClient) {
  const fromMs = performance.now()
  const close = await client.closed
  return { ...close, error: client.events.findLast(event => event.type === 'error')?.error as { code: string }, tookMs: performance.now() - fromMs }
}

describe('a call that has to end', () => {
  it('for its money says goodbye: asked for in words, passed on, heard, then closed', async () => {
    const page = await pageWith(dear())
    ask(page)
    await page.next(reached('call'))
    const end = await endOf(page)
    expect(goodbyes()).toMatchObject([{ type: 'response.create', response: { tool_choice: 'none' } }])
    expect(toldModel().at(-2)).toMatchObject({ type: 'session.update', session: { audio: { input: { turn_detection: null } } } })
    expect(heard(page), 'five pieces of answer, five of goodbye').toBe(10)
    expect(end).toMatchObject({ code: 1001, reason: 'rate_limit_error.budget_spent', error: { code: 'budget_spent' } })
    // A second of goodbye is heard out.
    expect(end.tookMs).toBeGreaterThan(900)
    expect(end.tookMs).toBeLessThan(FAREWELL_MS)
  })

  it('for its length does the same', async () => {
    const page = await pageWith({})
    minutePasses()
    expect(await page.next(reached('time'))).toMatchObject({ ends_in_seconds: 5 })
    const end = await endOf(page)
    expect(goodbyes()).toHaveLength(1)
    expect(heard(page)).toBe(5)
    expect(end).toMatchObject({ code: 1001, reason: 'server_error.call_too_long', error: { code: 'call_too_long' } })
    expect(end.tookMs).toBeGreaterThan(900)
    expect(end.tookMs).toBeLessThan(FAREWELL_MS)
  })

  it('is told at once when a program made it, without a goodbye and without events of our own', async () => {
    upstream.script(dear(), {})
    const spender = await server.connect({ query: `?model=${MODEL}` })
    await spender.next('session.created')
    ask(spender)
    expect(await endOf(spender)).toMatchObject({ code: 1001, error: { code: 'budget_spent' } })
    expect(heard(spender)).toBe(5)
    const talker = await server.connect({ query: `?model=${MODEL}` })
    await talker.next('session.created')
    minutePasses()
    const end = await endOf(talker)
    expect(end).toMatchObject({ code: 1001, error: { code: 'call_too_long' } })
    expect(end.tookMs).toBeLessThan(2000)
    expect(goodbyes()).toEqual([])
    expect([...spender.events, ...talker.events].filter(event => event.type.startsWith('kaiwa.'))).toEqual([])
  })

  it('ends although the talker interrupts the goodbye: nothing new begins, the microphone may stay open', async () => {
    const page = await pageWith({})
    minutePasses()
    await page.next('response.created')
    const before = toldModel().length
    page.send({ type: 'input_audio_buffer.append', audio: 'A'.repeat(1280) })
    page.send({ type: 'response.cancel' })
    ask(page)
    const end = await endOf(page)
    expect(end).toMatchObject({ code: 1001, error: { code: 'call_too_long' } })
    expect(end.tookMs).toBeLessThan(FAREWELL_MS)
    expect(page.events.filter(event => event.type === 'error').map(event => event.error.code)).toEqual(['call_ending', 'call_ending', 'call_too_long'])
    expect(toldModel().slice(before).map(event => event.type)).toEqual(['input_audio_buffer.append'])
  })

  it.each([
    ['is not answered', () => {}],
    ['begins and never ends', (send: (event: object) => void) => send({ type: 'response.created', event_id: 'event_1', response: { id: 'resp_bye' } })],
  ])('ends after five seconds when the goodbye %s', async (_what, onGoodbye) => {
    const page = await pageWith(dear(onGoodbye))
    minutePasses()
    await expect.poll(() => goodbyes().length).toBe(1)
    skippedMs += FAREWELL_MS - 6 * TICK_MS
    await new Promise(resolve => setTimeout(resolve, 2 * TICK_MS))
    expect(server.instance.calls.live).toBe(1)
    skippedMs += 6 * TICK_MS
    expect(await endOf(page)).toMatchObject({ code: 1001, error: { code: 'call_too_long' } })
  })
})

describe('a talker who leaves', () => {
  it('while what they said is being transcribed pays for that, by how long it was', async () => {
    const page = await pageWith({})
    page.send({ type: 'input_audio_buffer.append', audio: 'A'.repeat(64_000 * 0.9) })
    page.send({ type: 'input_audio_buffer.commit' })
    await page.next('input_audio_buffer.committed')
    page.close()
    await expect.poll(() => server.instance.calls.settling + server.instance.calls.live).toBe(0)
    const { models } = server.instance.metering.totals()
    // 0.0045 USD a minute.
    expect(models.map(({ model, amount }) => [model, amount.usd])).toEqual([['gpt-transcribe', expect.closeTo(0.9 / 60 * 0.0045, 6)]])
  })
})
