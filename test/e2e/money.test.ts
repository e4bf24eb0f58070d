import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'
import { firstSound } from './heard-audio.ts'
import { until, untilState, visit, type Talker } from './talker.ts'

let upstream: ScriptedUpstream
let server: KaiwaServer
let talker: Talker

/** One answer of the script at the prices of gpt-realtime-2.1: 20 tokens of text in, 20 of text and 20 of audio out. */
const ANSWER_USD = (20 * 4 + 20 * 24 + 20 * 64) / 1e6

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const budget = (ANSWER_USD * 3.5).toFixed(5)
  server = await startKaiwa({ OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl, KAIWA_MODEL: 'gpt-realtime-2.1', KAIWA_BUDGET_USD_PER_CALL: budget })
})
afterEach(async () => { await talker?.leave() })
afterAll(async () => {
  expect(await server?.stop(), 'the server ends cleanly').toBe(0)
  await upstream?.close()
})

async function say(text: string) {
  await talker.page.getByRole('textbox', { name: 'Message' }).fill(text)
  await talker.page.keyboard.press('Enter')
}
const isOver = async () => (await talker.states()).some(state => state === 'limit' || state === 'ended')
async function answersHeard(count: number) {
  const states = await talker.states()
  return await isOver() || (states.filter(state => state === 'speaking').length >= count && states.at(-1) === 'listening')
}

describe('money', () => {
  it('shows no figure before the first answer, and then what it cost', async () => {
    talker = await visit(server.address)
    const { page } = talker
    const cost = page.getByRole('button', { name: /^Cost so far/ }).filter({ visible: true })
    expect(await cost.count()).toBe(0)
    await say('Hello')
    await until('the cost', () => cost.count())
    expect(await cost.innerText()).toBe('$0.0018')

    await cost.click()
    const panel = page.getByRole('tabpanel')
    await until('the usage', async () => /\$0\.0018/.test(await panel.innerText()))
    const rows = await panel.locator('tbody tr').allInnerTexts()
    expect(rows.map(row => row.split(/\s*\t\s*/).map(cell => cell.trim()))).toEqual([
      ['Kaiwa’s voice', '20', '20', '20'], ['Text in', '20', '20', '20'], ['Text out', '20', '20', '20'],
    ])
    expect(await panel.innerText()).toMatch(/Prices of/)
  })

  it('warns when most of it is spent, says goodbye to its end, and then what to do', async () => {
    talker = await visit(server.address)
    const { page, received, turns } = talker
    for (let asked = 1; asked <= 5 && !await isOver(); asked++) {
      await say(`Question ${asked}`)
      await until(`answer ${asked}, heard`, () => answersHeard(asked))
    }
    await untilState(talker, ['ended'], 15_000)
    expect(received.filter(({ type }) => type === 'kaiwa.limit').map(({ state }) => state)).toEqual(['near', 'reached'])
    expect(await page.locator('main').innerText()).toMatch(/money set aside for one call is used up/)
    expect((await talker.states()).slice(-2)).toEqual(['limit', 'ended'])
    expect(await turns('assistant').last().getAttribute('data-interrupted'), 'the goodbye is whole').toBeNull()
    expect(firstSound((await talker.played()).samples)).toBeGreaterThan(0)
    expect(await talker.button('Start talking').count()).toBe(1)
    expect(talker.complaints).toEqual([])
  })
})
