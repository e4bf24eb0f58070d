import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'
import { agreementDb, alignment, expectedOutput, sentAudio } from './heard-audio.ts'
import { until, untilState, visit, type Talker } from './talker.ts'

let upstream: ScriptedUpstream
let server: KaiwaServer
let talker: Talker

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  server = await startKaiwa({ OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl })
})
afterEach(async () => { await talker?.leave() })
afterAll(async () => {
  await server?.stop()
  await upstream?.close()
})

it('the last answer is heard whole, sample for sample, although its line is closed while it sounds', async () => {
  talker = await visit(server.address)
  const { page, received, button } = talker
  // The server's own words, put on its line: the limit, what announces the close, the close.
  await page.routeWebSocket(/\/v1\/realtime/, line => {
    line.connectToServer().onMessage(text => {
      line.send(text)
      if (JSON.parse(String(text)).type !== 'response.done') return
      line.send(JSON.stringify({ type: 'kaiwa.limit', event_id: 'event_1', of: 'person', state: 'reached', spent_usd: 1, budget_usd: 1, ends_in_seconds: 1 }))
      line.send(JSON.stringify({ type: 'error', event_id: 'event_2', error: { type: 'rate_limit_error', code: 'budget_spent', message: 'Spent.', param: null, event_id: null } }))
      void line.close({ code: 1001, reason: 'rate_limit_error.budget_spent' })
    })
  })
  await page.reload()
  await page.waitForFunction(() => (document.querySelector('#__nuxt') as { __vue_app__?: unknown } | null)?.__vue_app__)
  await page.getByRole('textbox', { name: 'Message' }).fill('Hello')
  await page.keyboard.press('Enter')

  await untilState(talker, ['limit'])
  expect(await button('Start talking').count(), 'nothing can be begun while it sounds').toBe(0)
  await untilState(talker, ['ended'])
  expect(await page.locator('main').innerText()).toMatch(/Your money for today is used up\. You can talk again from/)
  const answer = talker.turns('assistant').last()
  expect(await answer.getAttribute('data-interrupted')).toBeNull()

  const itemId = (await answer.getAttribute('data-item-id'))!
  const output = await until('the sound', async () => {
    const played = await talker.played()
    return played.samples.length > 0 ? played : undefined
  })
  const expected = expectedOutput(sentAudio(received, itemId), output.sampleRate)
  const lag = alignment(output.samples, expected, output.sampleRate)
  expect(expected.length / output.sampleRate, 'seconds of answer').toBeCloseTo(1, 1)
  expect(agreementDb(output.samples, expected, lag, output.sampleRate), 'dB').toBeGreaterThan(60)
  expect(talker.complaints).toEqual([])
})
