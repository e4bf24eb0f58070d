import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { until, untilState, visit, type Talker } from './talker.ts'

let server: KaiwaServer
let talker: Talker
const NAME = 'kaiwa.test'

beforeAll(async () => { server = await startKaiwa({ KAIWA_PUBLIC_URL: `http://${NAME}` }) })
afterEach(async () => { await talker?.leave() })
afterAll(async () => { await server?.stop() })

async function expectTypingStillAnswers() {
  const { page, button, turns } = talker
  await page.getByRole('textbox', { name: 'Message' }).fill('What is two plus two?')
  await button('Send').click()
  await until('an answer', async () => /\b(4|four)\b/.test(await turns('assistant').first().innerText().catch(() => '')))
}

describe('trouble with the microphone', () => {
  it('explains a denied microphone, step by step, and typing goes on', async () => {
    talker = await visit(server.address, { extraArgs: ['--use-fake-ui-for-media-stream=deny'] })
    await talker.button('Start talking').click()
    await untilState(talker, ['error'])
    const words = await talker.page.locator('main').innerText()
    expect(words).toMatch(/microphone/i)
    expect(words).toMatch(/Chrome|address bar|site/i)
    expect(await talker.button('Try again').count()).toBe(1)
    await expectTypingStillAnswers()
    expect(talker.complaints).toEqual([])
  })

  it('says that there is no microphone, and typing goes on', async () => {
    talker = await visit(server.address)
    // Chromium always has a fake device, so the browser's own answer is given in its place.
    await talker.page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('Requested device not found', 'NotFoundError') }
    })
    await talker.button('Start talking').click()
    await untilState(talker, ['error'])
    expect(await talker.page.locator('main').innerText()).toMatch(/no microphone|find a microphone/i)
    await expectTypingStillAnswers()
  })

  it('explains that a page without HTTPS gets no microphone, and typing goes on', async () => {
    const insecure = `http://${NAME}:${server.port}`
    talker = await visit(insecure, { extraArgs: [`--host-resolver-rules=MAP ${NAME} 127.0.0.1`] })
    await talker.button('Start talking').click()
    await untilState(talker, ['error'])
    expect(await talker.page.locator('main').innerText()).toMatch(/https/i)
    await expectTypingStillAnswers()
  })
})

describe('a small screen', () => {
  it.each([[360, 740], [390, 844]])('fits a phone of %i by %i, in the dark', async (width, height) => {
    talker = await visit(server.address, { viewport: { width, height }, colorScheme: 'dark' })
    const { page } = talker
    await expectTypingStillAnswers()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    for (const control of await page.locator('button:visible, input:visible').all()) {
      const box = (await control.boundingBox())!
      expect(Math.max(box.width, box.height), await control.evaluate(element => element.outerHTML.slice(0, 90))).toBeGreaterThanOrEqual(44)
    }
  })
})
