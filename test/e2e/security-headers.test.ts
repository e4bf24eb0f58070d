import { readdirSync, readFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { until, untilState, visit, type Talker } from './talker.ts'

let server: KaiwaServer
let talker: Talker | undefined
beforeAll(async () => { server = await startKaiwa() })
afterEach(async () => { await talker?.leave() })
afterAll(async () => { await server?.stop() })

interface Watched { violations: string[], ran: number }
const watched = (of: Talker) => of.page.evaluate(() => (globalThis as unknown as { watched: Watched }).watched)

/** A visitor whose browser notes every violation of the page's policy. */
async function visitWatched(says?: { recording: string, afterMs: number }): Promise<Talker> {
  const visitor = await visit(server.address, { says })
  await visitor.page.addInitScript(() => {
    const seen: Watched = { violations: [], ran: 0 }
    document.addEventListener('securitypolicyviolation', event => seen.violations.push(`${event.violatedDirective} ${event.blockedURI}`))
    Object.assign(globalThis, { watched: seen })
  })
  await visitor.page.reload()
  await visitor.page.waitForFunction(() => (document.querySelector('#__nuxt') as { __vue_app__?: unknown } | null)?.__vue_app__)
  return visitor
}

describe('the page under its policy', () => {
  it('holds a whole conversation, spoken and heard, without one violation', async () => {
    talker = await visitWatched({ recording: 'go-forward', afterMs: 1000 })
    const { button, turns, states, page, played } = talker
    await button('Start talking').click()
    await until('the words of the user', async () => /go forward/.test(await turns('user').first().innerText().catch(() => '')), 30_000)
    await untilState(talker, ['speaking'])
    await until('all of the answer heard', async () => (await states()).join(' ').endsWith('speaking listening'), 30_000)
    expect((await played()).samples.some(sample => Math.abs(sample) > 0.1), 'a voice is heard').toBe(true)
    await page.getByRole('textbox', { name: 'Message' }).fill('<img src=x onerror="watched.ran++"><script>watched.ran++</script>')
    await button('Send').click()
    await until('the message', async () => (await turns('user').last().innerText()).includes('onerror'))
    expect(await watched(talker)).toEqual({ violations: [], ran: 0 })
    expect(talker.complaints).toEqual([])
  })

  it('runs nothing that got into it: no script, no handler, no address that is code, no text made code', async () => {
    talker = await visitWatched()
    await talker.page.evaluate(() => {
      const script = document.createElement('script')
      script.textContent = 'watched.ran++'
      document.body.append(script)
      document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="watched.ran++"><a id="trap" href="javascript:watched.ran++">x</a>')
      document.getElementById('trap')!.click()
      setTimeout('watched.ran++')
      const foreign = document.createElement('script')
      foreign.src = 'data:text/javascript,watched.ran++'
      document.body.append(foreign)
      const made = document.createElement('script')
      made.src = URL.createObjectURL(new Blob(['watched.ran++'], { type: 'text/javascript' }))
      document.body.append(made)
    })
    const { violations } = await until('all of them noticed', async () => {
      const now = await watched(talker!)
      return now.violations.length >= 6 ? now : undefined
    })
    expect(violations.map(violation => violation.split(' ')[1]).sort()).toEqual(expect.arrayContaining(['blob', 'data', 'eval', 'inline']))
    expect((await watched(talker)).ran).toBe(0)
  })

  it('may compile WebAssembly, which an audio worklet needs', async () => {
    talker = await visitWatched()
    expect(await talker.page.evaluate(() => WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() => 'compiled', String))).toBe('compiled')
  })
})

describe('every answer', () => {
  const refused = { method: 'POST', headers: { origin: 'https://evil.example', 'content-type': 'application/json' }, body: '{}' }
  it.each<[string, RequestInit | undefined]>([
    ['/', undefined], ['/nowhere', { headers: { accept: 'text/html' } }], ['/nowhere', undefined], ['/_nuxt/nowhere.js', undefined], ['/icon.svg', undefined], ['/healthz', undefined],
    ['/readyz', undefined], ['/metrics', undefined], ['/metrics', { headers: { 'x-forwarded-for': '192.0.2.1' } }], ['/api/calls', refused], ['/api/nowhere', undefined],
    ['/v1/realtime', undefined], ['/v1/realtime/client_secrets', refused],
  ])('%s has the headers, and lets no other origin read it', async (path, init) => {
    const { headers } = await fetch(server.address + path, init)
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-security-policy': expect.stringMatching(/default-src 'self'.*frame-ancestors 'none'/),
      'permissions-policy': expect.stringContaining('microphone=(self)'),
      'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff',
    })
    expect([...headers.keys()].filter(name => /^access-control-|^x-powered-by$|^strict-transport/.test(name))).toEqual([])
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe-inline|'unsafe-eval'|\*/)
  })

  it('before an upgrade has them too', async () => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request(`${server.address}/nowhere`, { headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' } })
        .on('response', resolve).on('error', reject).end()
    })
    answer.resume()
    expect(answer.statusCode).toBe(404)
    expect(answer.headers).toMatchObject({ 'content-security-policy': expect.stringContaining('default-src'), 'x-content-type-options': 'nosniff' })
  })

  it('is a page with a nonce of its own each time, the error page too', async () => {
    const nonces = await Promise.all(['/', '/', '/nowhere'].map(async path => {
      const answer = await fetch(server.address + path, { headers: { accept: 'text/html' } })
      const [, nonce] = /script-src 'self' 'nonce-([^']{20,})'/.exec(answer.headers.get('content-security-policy')!)!
      const tags = (await answer.text()).match(/<(?:script|style)(?=[\s>])[^>]*>/g)!
      expect(tags.filter(tag => !tag.includes(`nonce="${nonce}"`)), path).toEqual([])
      return nonce
    }))
    expect(new Set(nonces).size).toBe(3)
  })

  it('asks browsers for https when that is how people come', async () => {
    const secure = await startKaiwa({ KAIWA_PUBLIC_URL: 'https://kaiwa.example.org' })
    expect((await fetch(`${secure.address}/healthz`)).headers.get('strict-transport-security')).toMatch(/max-age=\d{8}/)
    await secure.stop()
  })
})

describe('the build', () => {
  const root = join(process.cwd(), '.output/public')
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })

  it('holds no source map', () => {
    expect(files.filter(name => name.endsWith('.map'))).toEqual([])
    const scripts = files.filter(name => /\.(js|css|mjs)$/.test(name))
    expect(scripts.length).toBeGreaterThan(3)
    expect(scripts.filter(name => readFileSync(join(root, name), 'utf8').includes('sourceMappingURL'))).toEqual([])
  })

  it('has its worklets as files, none within a script', () => {
    expect(files.filter(name => /worklet.*\.js$/.test(name)).length).toBeGreaterThanOrEqual(2)
    expect(files.filter(name => name.endsWith('.js') && /data:(?:text|application)\/javascript/.test(readFileSync(join(root, name), 'utf8')))).toEqual([])
  })

  it('may be kept by browsers for ever where its names tell its content', async () => {
    const script = files.find(name => /^_nuxt\/[^/]+\.js$/.test(name))!
    expect((await fetch(`${server.address}/${script}`)).headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  })
})
