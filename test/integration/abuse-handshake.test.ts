import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { besiege, secrets, type BesiegedKaiwa, type Knocked } from '../fakes/besieged-kaiwa.ts'
import { launchChromium } from '../fakes/chromium.ts'
import { closeCodeIn, openRawLine, upgradeRequest, type RawLine } from '../fakes/raw-line.ts'
import { sturdyConversation } from '../fakes/sturdy-conversation.ts'

/** "Handshake & auth" of what a hostile caller may try, against the built server. */

const MAX_CALLS_PER_USER = 5
let siege: BesiegedKaiwa
const lines: RawLine[] = []
beforeAll(async () => { siege = await besiege({ conversation: sturdyConversation, settings: { KAIWA_MAX_CALLS_PER_USER: String(MAX_CALLS_PER_USER) } }) })
afterEach(async () => {
  for (const { socket } of lines.splice(0)) socket.destroy()
  await siege.expectUnharmed()
  await expect.poll(() => siege.metric('kaiwa_calls_live'), { timeout: 5000, interval: 20 }).toBe(1)
})
afterAll(async () => { await siege?.close() })

const own = (): string => siege.kaiwa.address
const pageHeaders = (ticket: string | undefined, cookie?: string) =>
  ({ Origin: own(), Cookie: cookie, 'Sec-WebSocket-Protocol': ['realtime', 'kaiwa.v1', ...(ticket === undefined ? [] : [`kaiwa.ticket.${ticket}`])].join(', ') })
const knock = async (...args: Parameters<BesiegedKaiwa['knock']>): Promise<Knocked> => {
  const knocked = await siege.knock(...args)
  lines.push(knocked.line)
  return knocked
}

/** Refused in HTTP, as JSON, once in the log, with nothing of the server's inside. */
async function expectRefused(status: number, code: string | undefined, ...args: Parameters<BesiegedKaiwa['knock']>) {
  const marked = siege.marked()
  const knocked = await knock(...args)
  expect([knocked.status, knocked.code]).toEqual([status, code ?? knocked.code])
  expect(knocked.code).toBeDefined()
  await expect.poll(() => marked('connection refused').length, { interval: 5 }).toBe(1)
  return knocked
}

describe('a ticket', () => {
  it('no ticket → 401', async () => {
    await expectRefused(401, 'ticket_refused', pageHeaders(undefined, await siege.signIn()))
  })

  it('reused → 401, also by a hundred at once: one opens', async () => {
    const cookie = await siege.signIn()
    const { ticket } = await siege.grant(cookie)
    expect((await knock(pageHeaders(ticket, cookie))).status).toBe(101)
    await expectRefused(401, 'ticket_refused', pageHeaders(ticket, cookie))
    const { ticket: next } = await siege.grant(cookie)
    const crowd = await Promise.all(Array.from({ length: 100 }, () => knock(pageHeaders(next, cookie))))
    expect(crowd.filter(({ status }) => status === 101)).toHaveLength(1)
    expect(crowd.filter(({ status }) => status === 401)).toHaveLength(99)
    expect(siege.kaiwa.log()).not.toMatch(new RegExp(`${ticket}|${next}`))
  })

  it('ticket of user B with session A → 403', async () => {
    const [a, b] = [await siege.signIn(), await siege.signIn()]
    await expectRefused(403, 'ticket_of_another', pageHeaders((await siege.grant(b)).ticket, a))
  })

  it('ticket of this origin from another of our names → 401', async () => {
    const cookie = await siege.signIn()
    const { ticket } = await siege.grant(cookie)
    const other = `http://localhost:${siege.kaiwa.port}`
    await expectRefused(401, 'ticket_refused', { ...pageHeaders(ticket, cookie), Origin: other, Host: `localhost:${siege.kaiwa.port}` })
  })

  it.each(['ticket', 'kaiwa.ticket', 'access_token', 'TICKET', '%74icket', 'api-key', 'api_key'])('ticket in URL as `%s` → 400, and value absent from logs', async name => {
    const cookie = await siege.signIn()
    const { ticket } = await siege.grant(cookie)
    const refused = await expectRefused(400, 'secret_in_url', pageHeaders(ticket, cookie), `/v1/realtime?${name}=${ticket}`)
    expect(refused.text).not.toContain(ticket)
    expect(siege.kaiwa.log()).not.toContain(ticket)
  })

  it('before sign-in → 401', async () => {
    await expectRefused(401, 'sign_in_required', pageHeaders('A'.repeat(43)))
    expect((await siege.post('/api/calls')).status).toBe(401)
  })
})

describe('where a page may come from', () => {
  const browser = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
  it('Origin missing (browser UA) → 403, with a ticket or with a token', async () => {
    const cookie = await siege.signIn()
    await expectRefused(403, undefined, { ...pageHeaders((await siege.grant(cookie)).ticket, cookie), Origin: undefined, 'User-Agent': browser })
    await expectRefused(403, undefined, { ...siege.asRaider, 'User-Agent': browser })
    await expectRefused(403, undefined, { ...siege.asRaider, 'Sec-Fetch-Site': 'cross-site' })
  })

  it.each([
    ['https://evil.example', (): string => 'https://evil.example'],
    ['null', (): string => 'null'],
    ['empty', (): string => ''],
    ['our name before theirs', (): string => `http://127.0.0.1:${siege.kaiwa.port}.evil.example`],
    ['our name as the user of theirs', (): string => `http://127.0.0.1:${siege.kaiwa.port}@evil.example`],
    ['another port of this machine', (): string => 'http://127.0.0.1:1'],
    ['another name of this machine', (): string => `http://localhost:${siege.kaiwa.port}`],
    ['a file', (): string => 'file://'],
    ['an extension', (): string => 'chrome-extension://abcdefghijklmnop'],
    ['two of them', (): string => `${own()}, https://evil.example`],
    ['no URL', (): string => '\'; DROP TABLE origins; --'],
  ] as const)('%s as Origin → 403, whatever else is right', async (_name, origin) => {
    const cookie = await siege.signIn()
    await expectRefused(403, 'origin_not_allowed', { ...pageHeaders((await siege.grant(cookie)).ticket, cookie), Origin: origin() })
    await expectRefused(403, 'origin_not_allowed', { ...siege.asRaider, Origin: origin() })
    const answer = await siege.post('/api/calls', {}, { cookie, origin: origin() })
    expect(answer.status).toBe(403)
  })

  it.each([
    ['Origin OK but Host spoofed', { Host: 'evil.example' }],
    ['DNS-rebinding host: both are the attacker\'s name', { Host: 'rebind.evil.example:80', Origin: 'http://rebind.evil.example:80' }],
    ['a name that begins like ours', { Host: '127.0.0.1.evil.example' }],
    ['an address of the inside', { Host: '169.254.169.254' }],
    ['a host that is none', { Host: 'a b' }],
    ['a host with a path', { Host: '127.0.0.1/evil' }],
    ['a host that is empty', { Host: '' }],
  ] as const)('%s → 403', async (_name, headers) => {
    const cookie = await siege.signIn()
    await expectRefused(403, 'host_not_allowed', { ...pageHeaders((await siege.grant(cookie)).ticket, cookie), ...headers })
    await expectRefused(403, 'host_not_allowed', { ...siege.asRaider, ...headers })
  })
})

describe('the handshake itself', () => {
  it.each([
    ['no Sec-WebSocket-Key', { 'Sec-WebSocket-Key': undefined }, 400],
    ['a short key', { 'Sec-WebSocket-Key': 'c2hvcnQ=' }, 400],
    ['a key that is no base64', { 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' }, 400],
    ['a long key', { 'Sec-WebSocket-Key': 'A'.repeat(4000) }, 400],
    ['version 12', { 'Sec-WebSocket-Version': '12' }, 426],
    ['version 14', { 'Sec-WebSocket-Version': '14' }, 426],
    ['version abc', { 'Sec-WebSocket-Version': 'abc' }, 426],
    ['no version', { 'Sec-WebSocket-Version': undefined }, 400],
    ['another protocol to upgrade to', { Upgrade: 'h2c' }, 400],
  ] as const)('bad Sec-WebSocket-Key/Version: %s → %s', async (_name, headers, status) => {
    await expectRefused(status, undefined, { ...siege.asRaider, ...headers })
  })

  it.each(['POST', 'PUT', 'DELETE', 'HEAD'])('%s in place of GET → 405', async method => {
    const { status } = await knock(siege.asRaider, undefined, method)
    expect(status).toBe(405)
  })

  it.each(['/v1/realtime/', '//v1/realtime', '/V1/REALTIME', '/v1/realtime%00', '/v1/./realtime', '/v1/../v1/realtime', 'http://evil.example/v1/realtime', '*', '/_nuxt/', '/api/calls'])(
    '%s upgrades to nothing → 404', async target => { await expectRefused(404, 'not_found', siege.asRaider, target) })

  it.each([
    ['a header of 64 kB', () => upgradeRequest(siege.kaiwa.port, { ...siege.asRaider, 'X-Long': 'a'.repeat(65_536) })],
    ['two thousand headers', () => upgradeRequest(siege.kaiwa.port, Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`X-${n}`, 'a'.repeat(20)])))],
    ['a NUL in a header', () => upgradeRequest(siege.kaiwa.port, { ...siege.asRaider, 'X-Nul': 'a\0b' })],
    ['two lengths of a body', () => `POST /api/calls HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd`],
    ['a length and chunks', () => `POST /api/calls HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n`],
    ['no HTTP at all', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['no Host', () => `GET /v1/realtime HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`],
  ])('%s → refused by HTTP itself, and the line is let go', async (_name, request) => {
    const line = await openRawLine(siege.kaiwa.port)
    lines.push(line)
    line.write(request())
    const answer = (await line.read({ timeoutMs: 10_000 })).toString('latin1')
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d |^$/)
    expect(answer).not.toContain('# HELP')
  })

  it('a stranger\'s subprotocols → 400; two thousand of them disturb nobody', async () => {
    await expectRefused(400, 'unknown_subprotocol', { ...siege.asRaider, 'Sec-WebSocket-Protocol': 'graphql-ws, mqtt' })
    const many = Array.from({ length: 2000 }, (_, n) => `p${n}`).join(',')
    expect((await knock({ ...siege.asRaider, 'Sec-WebSocket-Protocol': `realtime, ${many}` })).status).toBe(101)
  })

  it('slowloris upgrade (1 byte/s) → cut ≤10 s, in headers, in the request line, or saying nothing at all', async () => {
    const startedAt = performance.now()
    const texts = [upgradeRequest(siege.kaiwa.port, siege.asRaider), 'GET /v1/realtime', '', 'POST /api/calls HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ']
    await Promise.all(texts.map(async text => {
      const line = await openRawLine(siege.kaiwa.port)
      lines.push(line)
      line.write(text.slice(0, -2))
      const drip = setInterval(() => line.write('a'), 1000)
      await line.read({ timeoutMs: 12_000 }).finally(() => clearInterval(drip))
    }))
    expect(performance.now() - startedAt).toBeLessThan(11_000)
  })

  it('1,000 parallel handshakes one user → 429 after cap, and no call more than the cap', async () => {
    const marked = siege.marked()
    const crowd = await Promise.all(Array.from({ length: 1000 }, () => knock(siege.asRaider)))
    const count = (wanted: number) => crowd.filter(({ status }) => status === wanted).length
    expect(count(101)).toBe(MAX_CALLS_PER_USER)
    expect(count(429)).toBe(1000 - MAX_CALLS_PER_USER)
    expect(crowd.find(({ status }) => status === 429)!.head).toMatch(/retry-after: \d+/i)
    expect(marked('too_many_calls')).toHaveLength(1000 - MAX_CALLS_PER_USER)
  })
})

describe('sign-in', () => {
  it('session fixation: pre-login cookie after login → rotated; a chosen one is never taken over', async () => {
    const before = await siege.signIn()
    const answer = await siege.post('/api/login', { password: secrets.password }, { cookie: before, 'x-forwarded-for': '203.0.113.251' })
    const after = answer.headers.getSetCookie()[0]!.split(';')[0]!
    expect(after).not.toBe(before)
    expect((await siege.post('/api/calls', {}, { cookie: before })).status).toBe(401)
    expect((await siege.post('/api/calls', {}, { cookie: after })).status).toBe(201)
    const chosen = await siege.post('/api/login', { password: secrets.password }, { cookie: 'kaiwa=chosen-by-the-attacker', 'x-forwarded-for': '203.0.113.252' })
    expect(chosen.headers.getSetCookie()[0]).not.toContain('chosen')
    expect((await siege.post('/api/calls', {}, { cookie: 'kaiwa=chosen-by-the-attacker' })).status).toBe(401)
  })

  it('logout in tab 1 → tab 2 socket C4001 ≤2 s; the ticket that waited is worth nothing', async () => {
    const cookie = await siege.signIn()
    const [talking, waiting] = [await siege.grant(cookie), await siege.grant(cookie)]
    const tab = await knock(pageHeaders(talking.ticket, cookie))
    const startedAt = performance.now()
    expect((await siege.post('/api/logout', '', { cookie })).status).toBe(204)
    await tab.line.read({ until: 'error.signed_out', timeoutMs: 2000 })
    expect(closeCodeIn(tab.line.got())).toBe(4001)
    expect(performance.now() - startedAt).toBeLessThan(2000)
    await expectRefused(401, undefined, pageHeaders(waiting.ticket, cookie))
  })

  it('a logout that another site sends is refused', async () => {
    const cookie = await siege.signIn()
    expect((await siege.post('/api/logout', '', { cookie, origin: 'https://evil.example' })).status).toBe(403)
    expect((await siege.post('/api/calls', {}, { cookie })).status).toBe(201)
  })

  const meta = [
    '\' OR \'1\'=\'1', '\'; DROP TABLE people; --', '" OR ""="', '1) UNION SELECT * FROM tokens', '{"$ne":null}', '[$gt]=', '$where:sleep(1000)', '*)(uid=*))(|(uid=*', '../../etc/passwd', '%00', '%27%20OR%201',
    '__proto__', 'constructor', 'toString', 'hasOwnProperty', `${'A'.repeat(3000)}`, 'Fe26.2*1*a*b*c**d*e', '${jndi:ldap://x}', '{{7*7}}',
  ]
  it.each(meta)('SQL/NoSQL metacharacters in every auth header → 401: %s', async value => {
    const headers: Record<string, string | undefined>[] = [
      { Authorization: `Bearer ${value}` }, { Authorization: value }, { Authorization: `Basic ${Buffer.from(value).toString('base64')}` }, { 'api-key': value },
      { ...pageHeaders(undefined, `kaiwa=${value}`) }, { Origin: own(), 'Sec-WebSocket-Protocol': `realtime, kaiwa.v1, kaiwa.ticket.${value}` },
      { 'Sec-WebSocket-Protocol': `realtime, openai-insecure-api-key.${value.replaceAll(',', '')}` }, { 'Sec-WebSocket-Protocol': `realtime, openai-insecure-api-key.ek_${value.replaceAll(',', '')}` },
    ]
    for (const each of headers) await expectRefused(401, undefined, each)
    const cookie = await siege.signIn()
    await expectRefused(401, 'ticket_refused', pageHeaders(value.replaceAll(',', ''), cookie))
    expect((await siege.post('/api/calls', {}, { cookie: `kaiwa=${value}` })).status).toBe(401)
    expect((await siege.post('/v1/realtime/client_secrets', {}, { authorization: `Bearer ${value}` })).status).toBe(401)
  })

  it('a password is guessed five times a minute from an address, and nobody else is locked out by that', async () => {
    const tries = await Promise.all(Array.from({ length: 30 }, () => siege.post('/api/login', { password: 'guess' }, { 'x-forwarded-for': '198.51.100.9' })))
    expect(tries.filter(({ status }) => status === 401)).toHaveLength(5)
    expect(tries.filter(({ status }) => status === 429)).toHaveLength(25)
    expect(await siege.signIn('198.51.100.10')).toMatch(/^kaiwa=/)
  })
})

describe('plain ws:// in production → 426', () => {
  it('where the public address is https and the proxy says http', async () => {
    const behind = await besiege({ conversation: sturdyConversation, settings: { KAIWA_PUBLIC_URL: 'https://kaiwa.example' } })
    const knocked = await behind.knock({ ...behind.asRaider, Host: 'kaiwa.example', 'X-Forwarded-Proto': 'http' })
    expect([knocked.status, knocked.code]).toEqual([426, 'https_required'])
    const secure = await behind.knock({ ...behind.asRaider, Host: 'kaiwa.example', 'X-Forwarded-Proto': 'https' })
    expect(secure.status).toBe(101)
    expect(secure.head).toMatch(/^HTTP\/1\.1 101/)
    secure.line.socket.destroy()
    const stranger = await behind.knock({ ...behind.asRaider, Host: 'kaiwa.example', Origin: 'http://kaiwa.example', 'X-Forwarded-Proto': 'http' })
    expect(stranger.status).toBe(426)
    await behind.expectUnharmed()
    await behind.close()
  })
})

describe('CSWSH page in real Chromium with victim cookie → blocked', () => {
  let evil: Server
  let browser: Browser
  beforeAll(async () => {
    evil = createServer((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<title>A harmless page</title>'))
    await new Promise<void>(resolve => evil.listen(0, '127.0.0.1', resolve))
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await new Promise(resolve => evil.close(resolve))
  })

  // Cookies know no ports: to the browser the first of these is the same site, and it sends the cookie along.
  it.each(['127.0.0.1', 'localhost'])('from another port of %s: no socket opens, nothing can be asked or read', async name => {
    const [pairName, pairValue] = (await siege.signIn()).split(/=(.*)/s)
    const context = await browser.newContext()
    await context.addCookies([{ name: pairName!, value: pairValue!, url: own(), httpOnly: true, sameSite: 'Lax' }])
    const page = await context.newPage()
    await page.goto(`http://${name}:${(evil.address() as AddressInfo).port}/`)
    const begun = await siege.metric('kaiwa_calls_started_total')
    const marked = siege.marked()
    const seen = await page.evaluate(async target => {
      const socket = (protocols: string[]) => new Promise<string>(resolve => {
        const tried = new WebSocket(`${target.replace('http', 'ws')}/v1/realtime?model=m`, protocols)
        tried.onopen = () => resolve('opened')
        tried.onclose = ({ code }) => resolve(`closed ${code}`)
      })
      const ask = (path: string, init: RequestInit) => fetch(target + path, { credentials: 'include', ...init })
        .then(async answer => `${answer.type} ${answer.status} ${await answer.text()}`, error => String(error))
      return {
        sockets: [await socket(['realtime', 'kaiwa.v1', `kaiwa.ticket.${'A'.repeat(43)}`]), await socket(['realtime', 'kaiwa.v1']), await socket(['realtime']), await socket([])],
        answers: [
          await ask('/api/calls', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }),
          await ask('/api/calls', { method: 'POST', body: '{}' }),
          await ask('/api/me', {}),
          await ask('/api/personas', {}),
          await ask('/v1/realtime/client_secrets', { method: 'POST', body: '{}' }),
        ],
        blind: [await ask('/api/calls', { method: 'POST', mode: 'no-cors', body: '{}' }), await ask('/api/logout', { method: 'POST', mode: 'no-cors' })],
      }
    }, own())
    await context.close()
    expect(seen.sockets).toEqual(Array.from({ length: 4 }, () => 'closed 1006'))
    expect(seen.answers).toEqual(Array.from({ length: 5 }, () => expect.stringMatching(/^TypeError: Failed to fetch/)))
    expect(seen.blind).toEqual(Array.from({ length: 2 }, () => expect.stringMatching(/^TypeError: Failed to fetch|^opaque 0 $/)))
    expect(await siege.metric('kaiwa_calls_started_total')).toBe(begun)
    expect(marked('origin_not_allowed').length).toBeGreaterThanOrEqual(4)
    // The logout that was sent blindly had no effect either.
    expect((await siege.post('/api/calls', {}, { cookie: `${pairName}=${pairValue}` })).status).toBe(201)
  })
})
