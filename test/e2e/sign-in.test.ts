import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { until, untilState, visit, type Talker, type TalkerOptions } from './talker.ts'

const PASSWORD = 'correct horse battery'
let server: KaiwaServer
let talker: Talker

beforeAll(async () => { server = await startKaiwa({ KAIWA_PASSWORD: PASSWORD }) })
afterEach(async () => { await talker?.leave() })
afterAll(async () => {
  expect(await server?.stop(), 'the server ends cleanly').toBe(0)
  expect(server.log()).not.toContain(PASSWORD)
})

const visitor = async (path = '/', options?: TalkerOptions) => { talker = await visit(server.address + path, options); return talker }

/** Types a password and sends it with the keyboard alone: the field has the focus when the page is there. */
async function tryPassword(page: Page, password: string) {
  await until('the focus in the field', () => page.evaluate(() => document.activeElement?.id === 'password'))
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
}

const startButton = (page: Page) => page.getByRole('button', { name: 'Start talking', exact: true })

describe('a server that asks for a password', () => {
  it('leads to the sign-in before anything of the page is shown', async () => {
    const answer = await fetch(server.address, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/login'])
    expect(await answer.text()).not.toMatch(/Start talking/)
    const deep = await fetch(`${server.address}/?from=mail`, { redirect: 'manual' })
    expect(deep.headers.get('location')).toBe('/login?to=/?from=mail')
  })

  it('lets in who knows it, answers what is said, and brings them where they were', async () => {
    const { page, button, turns } = await visitor('/?from=mail', { says: { recording: 'go-forward', afterMs: 1000 } })
    await tryPassword(page, 'wrong')
    await page.getByRole('alert').filter({ hasText: 'not the password' }).waitFor()
    expect(await page.locator('#password').getAttribute('aria-invalid')).toBe('true')
    expect(page.url()).not.toContain('wrong')

    await tryPassword(page, PASSWORD)
    await startButton(page).waitFor()
    expect(new URL(page.url()).search).toBe('?from=mail')
    await until('a page that is alive', () => page.evaluate(() => !!(document.querySelector('#__nuxt') as { __vue_app__?: unknown } | null)?.__vue_app__))
    await button('Start talking').click()
    await until('the words of the user', async () => /go forward/.test(await turns('user').first().innerText().catch(() => '')))
    await untilState(talker, ['speaking'])
  })

  it('ends the call when one signs out in another tab, says so, and goes on after signing in there', async () => {
    const { page } = await visitor('/', { says: { recording: 'go-forward', afterMs: 60_000 } })
    await tryPassword(page, PASSWORD)
    await startButton(page).waitFor()
    await page.getByRole('textbox', { name: 'Message' }).fill('What is two plus two?')
    await page.keyboard.press('Enter')
    await untilState(talker, ['speaking'])

    const second = await openTab(page, () => page.evaluate(() => { window.open('/') }))
    await second.getByRole('button', { name: 'Sign out' }).click()
    await second.locator('#password').waitFor()

    await untilState(talker, ['error'], 3000)
    expect(await page.locator('main').innerText()).toMatch(/You are signed out/)
    expect(await talker.turns('user').count(), 'what was said stays').toBe(1)

    const third = await openTab(page, () => page.getByRole('link', { name: 'Sign in' }).click())
    await tryPassword(third, PASSWORD)
    await startButton(third).waitFor()
    await page.bringToFront()
    await page.getByRole('main').getByRole('button', { name: 'Try again', exact: true }).click()
    await untilState(talker, ['listening'])
  })

  it.each(['//evil.example/', 'https://evil.example/', '/\\evil.example'])('never leads to %s', async to => {
    const { page } = await visitor(`/login?to=${encodeURIComponent(to)}`)
    await tryPassword(page, PASSWORD)
    await startButton(page).waitFor()
    expect(new URL(page.url()).origin).toBe(server.address)
  })

  it('says what went wrong at a provider, and that the server can’t be reached', async () => {
    const { page } = await visitor('/login?error=not_allowed')
    await page.getByRole('alert').filter({ hasText: 'may not talk here' }).waitFor()
    await page.route('**/api/login', route => route.abort())
    await page.locator('#password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'can’t be reached' }).waitFor()
    expect(await page.getByRole('alert').count()).toBe(1)
  })

  it.each(['light', 'dark'] as const)('fits the smallest phone in the %s, and can be told apart and hit', async colorScheme => {
    const { page } = await visitor('/login?error=sign_in_expired', { viewport: { width: 360, height: 740 }, colorScheme })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
    expect(await page.locator('label[for=password]').innerText()).toBe('Password')
    expect(await page.locator('#password').getAttribute('autocomplete')).toBe('current-password')
    for (const control of await page.locator('button:visible, input:visible, a:visible').all()) {
      const { width, height } = (await control.boundingBox())!
      expect(Math.min(width, height), await control.evaluate(element => element.outerHTML.slice(0, 90))).toBeGreaterThanOrEqual(44)
    }
  })

  it('counts down when there were too many tries', async () => {
    const { page } = await visitor('/login')
    const tooMany = page.getByRole('alert').filter({ hasText: 'Too many tries' })
    for (let tries = 0; tries < 30 && await tooMany.count() === 0; tries++) {
      await tryPassword(page, `wrong ${tries}`)
      await until('an answer', () => page.getByRole('alert').count())
      await until('the end of the wait for it', async () => await page.locator('form > button').getAttribute('aria-busy') === 'false')
    }
    const count = tooMany.locator('.count')
    const first = await count.innerText()
    expect(first).toMatch(/again in \d+:\d\d/)
    expect(await page.getByRole('button', { name: 'Sign in', exact: true }).isDisabled()).toBe(true)
    await until('a second less', async () => await count.innerText().catch(() => '') !== first)
  })
})

async function openTab(page: Page, act: () => Promise<unknown>): Promise<Page> {
  const [tab] = await Promise.all([page.context().waitForEvent('page'), act()])
  await tab.waitForFunction(() => (document.querySelector('#__nuxt') as { __vue_app__?: unknown } | null)?.__vue_app__)
  return tab
}
