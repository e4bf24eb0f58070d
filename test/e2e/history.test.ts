import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConversationList } from '../../shared/history.ts'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { until, untilState, visit, type Talker } from './talker.ts'

let server: KaiwaServer
let talker: Talker
beforeAll(async () => {
  server = await startKaiwa({ KAIWA_STORE: 'all' })
  // A room in which nobody speaks: what is said here is typed.
  talker = await visit(server.address, { says: { recording: { sampleRate: 16_000, samples: new Int16Array(1600) }, afterMs: 0 } })
})
afterAll(async () => {
  await talker?.leave()
  await server?.stop()
})

const rail = () => talker.page.getByRole('region', { name: 'Conversations' })
const rows = () => rail().getByRole('listitem')
const words = () => talker.page.getByRole('log', { name: 'Conversation' }).locator('article')
const heading = () => talker.page.getByRole('heading', { level: 1 })

async function say(text: string) {
  const before = await talker.turns('assistant').count()
  await talker.page.getByRole('textbox', { name: 'Message' }).fill(text)
  await talker.button('Send').click()
  await until(`an answer to ${text}`, async () => await talker.turns('assistant').count() > before, 20_000)
  await untilState(talker, ['listening'])
}

async function conversation(...texts: string[]) {
  await talker.page.goto(server.address)
  await talker.page.waitForFunction(() => (document.querySelector('#__nuxt') as { __vue_app__?: unknown } | null)?.__vue_app__)
  for (const text of texts) await say(text)
  await talker.button('End call').click()
  await until('its row in the list', async () => await rail().getByRole('link', { name: texts[0] }).count() === 1, 10_000)
}

describe('a conversation that is kept', () => {
  it('is in the list as soon as the call is over, and found again by its words in either language', async () => {
    await conversation('What is twelve times twelve?', 'What time is it?')
    await conversation('金沢の天気を教えてください')
    const { page } = talker
    const search = page.getByRole('searchbox', { name: 'Search conversations' })
    await page.keyboard.press('Control+k')
    await search.fill('twelve OR "')
    await until('no operators, but words', async () => (await rail().innerText()).includes('Nothing was found'))
    await search.fill('天気')
    await until('the Japanese one', async () => await rows().count() === 1 && (await rows().first().locator('mark').allInnerTexts()).join() === '天気')
    await search.fill('144')
    await until('the place where it was said', async () => await rows().count() === 1 && /is 144/.test(await rows().first().innerText()))
    await rows().first().getByRole('link').click()
    await until('its page', async () => await heading().innerText() === 'What is twelve times twelve?')
    // The search led to the turn, not to the beginning.
    await until('the turn that was found', async () => await page.locator('article[aria-current=true]').getAttribute('data-role') === 'assistant')
    expect(talker.complaints).toEqual([])
  })

  it('is played back with its voice and captions; words, turns and keys lead to their moment', async () => {
    const { page } = talker
    const position = page.getByRole('slider', { name: 'Position' })
    const at = async () => Number(await position.inputValue())
    const sound = () => page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/audio?voice=')).length)
    await until('the voices', async () => await sound() > 0)
    await page.keyboard.press('Home')
    await talker.button('Play').click()
    const from = await at()
    await until('time that passes', async () => await at() > from + 400)
    await page.locator('body').press('Space')
    await until('a replay that stands', async () => await talker.button('Play').count() === 1)
    const last = page.locator('article[data-role=assistant]').first().locator('.text')
    const box = (await last.boundingBox())!
    await last.click({ position: { x: 3, y: box.height / 2 } })
    const first = await at()
    await page.keyboard.press('.')
    await until('the next turn', async () => await at() > first)
    await page.keyboard.press(',')
    await page.getByRole('combobox', { name: 'Speed' }).selectOption('2')
    await page.keyboard.press('ArrowRight')
    await until('the details', async () => {
      await talker.button('Details').click()
      return await page.locator('[data-event-type="response.done"]').count() > 0
    })
    await talker.button('Close details').click()
    expect(talker.complaints).toEqual([])
  })

  it('gets another name in place, and is a file', async () => {
    const { page } = talker
    await talker.button('Clear the search').click()
    await rail().getByRole('button', { name: 'More about “What is twelve times twelve?”' }).click()
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('Sums & <b>times</b>')
    await page.keyboard.press('Enter')
    await until('the name', async () => await heading().innerText() === 'Sums & <b>times</b>')
    await talker.button('Export').click()
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'Markdown' }).click()])
    expect(readFileSync(await file.path(), 'utf8')).toMatch(/Sums[\s\S]*What is twelve times twelve\?[\s\S]*144/)
  })

  it('goes on: what was said stands above, once, and the new turns below a line that says so', async () => {
    const { page } = talker
    await talker.button('Continue').click()
    await until('the page of calls', async () => new URL(page.url()).pathname === '/')
    await until('what was said', async () => await words().count() === 4)
    await untilState(talker, ['listening'])
    await say('What is two plus two?')
    await until('the line', async () => (await page.getByRole('log').innerText()).includes('Kaiwa has been told what was said above'))
    const ids = await words().evaluateAll(all => all.map(article => article.getAttribute('data-item-id')))
    expect(ids).toHaveLength(6)
    expect(new Set(ids).size).toBe(6)
    expect(await heading().innerText()).toBe('Sums & <b>times</b>')
    await talker.button('End call').click()
    await page.getByRole('link', { name: 'Replay' }).click()
    await until('one conversation of two calls', async () => new URL(page.url()).pathname !== '/' && await words().count() === 6 && /Continued/.test(await page.getByRole('log').innerText()))
    expect(await heading().innerText()).toBe('Sums & <b>times</b>')
  })

  it('branches off after a turn', async () => {
    const { page } = talker
    const second = words().nth(1)
    await second.hover()
    await second.getByRole('button', { name: /More about this turn/ }).click()
    await page.getByRole('menuitem', { name: 'Branch from here' }).click()
    await until('what was said until then', async () => new URL(page.url()).pathname === '/' && await words().count() === 2)
    await untilState(talker, ['listening'])
    await say('What is three plus three?')
    await talker.button('End call').click()
    await page.getByRole('link', { name: 'Replay' }).click()
    await until('its own page', async () => new URL(page.url()).pathname !== '/' && await words().count() === 4 && /Branched off here/.test(await page.getByRole('log').innerText()))
  })

  it('loses a turn, and then itself, when somebody says so; who has its address is told that there is none', async () => {
    const { page } = talker
    await rail().getByRole('link', { name: 'Sums' }).last().click()
    await until('its page', async () => await words().count() === 6)
    const address = page.url()
    await words().last().hover()
    await words().last().getByRole('button', { name: /More about this turn/ }).click()
    await page.getByRole('menuitem', { name: 'Remove from memory' }).click()
    await talker.button('Remove it').click()
    await until('five turns', async () => await words().count() === 5)
    await rail().getByRole('button', { name: 'More about “Sums' }).last().click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await talker.button('Delete it').click()
    await until('the first page', async () => new URL(page.url()).pathname === '/')
    await page.goto(address)
    await until('a kind word', async () => await heading().innerText() === 'There is no such conversation')
    const { conversations } = await (await fetch(`${server.address}/api/conversations`)).json() as ConversationList
    expect(conversations.map(({ id }) => id)).not.toContain(decodeURIComponent(new URL(address).pathname.split('/').at(-1)!))
  })
})
