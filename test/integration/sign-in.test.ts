import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CallGrant } from '../../shared/calls.ts'
import { startOidcProvider } from '../fakes/oidc-provider.ts'
import { closeCodeIn, openRawLine, upgradeRequest } from '../fakes/raw-line.ts'
import { startServer, type RunningServer } from '../fakes/running-server.ts'
import { startScriptedUpstream } from '../fakes/scripted-upstream.ts'
import { watchTrap } from '../fakes/trap-watch.ts'

const KEY = 'sk-canary-4f1d2b7c'
const PASSWORD = 'correct horse battery'
const TOKEN = 'token-canary-0a1b2c3d4e5f'

const closers: (() => Promise<void> | void)[] = []
let trap: ReturnType<typeof watchTrap>
beforeEach(() => { trap = watchTrap() })
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  trap.stop()
  expect(trap.caught).toEqual([])
})

async function start(env: Record<string, string> = { KAIWA_PASSWORD: PASSWORD }, oidcTimeoutMs?: number): Promise<RunningServer> {
  const upstream = await startScriptedUpstream({ key: KEY })
  closers.push(upstream.close)
  const server = await startServer({ env: { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: upstream.baseUrl, ...env }, oidcTimeoutMs })
  closers.push(server.close)
  return server
}

const post = (server: RunningServer, path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(server.origin + path, { method: 'POST', body, headers: { 'content-type': 'application/json', origin: server.origin, ...headers } })
const cookieOf = (answer: Response) => answer.headers.getSetCookie().map(line => line.split(';')[0]!).find(pair => /^(__Host-)?kaiwa=/.test(pair))!
const login = (server: RunningServer, password = PASSWORD, headers: Record<string, string> = {}) => post(server, '/api/login', JSON.stringify({ password }), headers)
const me = (server: RunningServer, cookie: string) => fetch(`${server.origin}/api/me`, { headers: { cookie } })
const codeOf = async (answer: Response) => (await answer.json() as { error: { code: string } }).error.code

async function grantTo(server: RunningServer, cookie: string): Promise<CallGrant> {
  return await (await server.post('{}', { cookie })).json() as CallGrant
}

async function knock(server: RunningServer, headers: Record<string, string | undefined>, target?: string) {
  const line = await openRawLine(server.port)
  line.write(upgradeRequest(server.port, headers, target))
  const answer = (await line.read({ until: 'session.created' })).toString('latin1')
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  const status = Number(head.split(' ')[1])
  if (status !== 101) line.socket.destroy()
  return { status, head, line, code: status === 101 ? undefined : (JSON.parse(body) as { error: { code: string } }).error.code }
}
const pageHeaders = (server: RunningServer, ticket: string, cookie?: string) => ({ Origin: server.origin, Cookie: cookie, 'Sec-WebSocket-Protocol': `realtime, kaiwa.v1, kaiwa.ticket.${ticket}` })

describe('a password', () => {
  it('opens the page, in a cookie that scripts and other sites can\'t use', async () => {
    const server = await start()
    const before = await fetch(`${server.origin}/api/me`)
    expect([before.status, await before.json()]).toEqual([401, expect.objectContaining({ error: expect.objectContaining({ code: 'sign_in_required' }), sign_in: { needed: true, ways: ['password'] } })])
    const answer = await login(server)
    expect(answer.status).toBe(204)
    expect(answer.headers.get('set-cookie')).toMatch(/^kaiwa=Fe26\.2\*[^;]+; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/)
    expect(await (await me(server, cookieOf(answer))).json()).toEqual({ person: { name: null, by: 'password' }, sign_in: { needed: true, ways: ['password'] } })
    expect(server.log()).not.toContain(PASSWORD)
  })

  it.each([
    ['wrong', {}, '{"password":"wrong"}', 401, 'wrong_password'],
    ['of SQL', {}, '{"password":"\' OR 1=1 --"}', 401, 'wrong_password'],
    ['an object', {}, '{"password":{"$ne":""}}', 400, 'invalid_value'],
    ['too long', {}, `{"password":"${'x'.repeat(5000)}"}`, 400, 'body_too_large'],
    ['no JSON', {}, '{bad', 400, 'invalid_value'],
    ['a form', { 'content-type': 'text/plain' }, '{}', 400, 'invalid_content_type'],
    ['another site', { origin: 'https://evil.example' }, '{}', 403, 'origin_not_allowed'],
  ] as const)('that is %s is refused', async (_name, headers, body, status, code) => {
    const server = await start()
    const answer = await post(server, '/api/login', body, headers)
    expect([answer.status, await codeOf(answer), answer.headers.get('cache-control'), answer.headers.get('set-cookie')]).toEqual([status, code, 'no-store', null])
  })

  it('can be guessed five times a minute, however many try at once; who was signed in before is not locked out by that', async () => {
    const server = await start()
    const known = cookieOf(await login(server))
    const statuses = (await Promise.all(Array.from({ length: 12 }, () => login(server, 'wrong')))).map(answer => answer.status)
    expect(statuses.filter(status => status === 401)).toHaveLength(5)
    const late = await login(server)
    expect([late.status, Number(late.headers.get('retry-after'))]).toEqual([429, expect.any(Number)])
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(30)
    expect((await login(server, PASSWORD, { cookie: known })).status).toBe(204)
  })

  it('makes a person of each browser; a new sign-in in the same one keeps the person and ends the old cookie', async () => {
    const server = await start()
    const first = cookieOf(await login(server))
    const second = cookieOf(await login(server, PASSWORD, { cookie: first }))
    const other = cookieOf(await login(server))
    expect([(await me(server, first)).status, (await me(server, second)).status]).toEqual([401, 200])
    const idOf = async (cookie: string) => (await server.instance.access.identify({ headers: { cookie }, remoteAddress: '127.0.0.1' })).visitor?.id
    expect(await idOf(other)).not.toBe(await idOf(second))
  })

  it('is not asked for where there is none', async () => {
    const server = await start({})
    const answer = await login(server)
    expect([answer.status, await codeOf(answer)]).toEqual([404, 'sign_in_not_set_up'])
  })
})

describe('signing out', () => {
  it('closes that sign-in\'s sockets with 4001 within two seconds, and no other\'s', async () => {
    const server = await start()
    const [mine, theirs] = [cookieOf(await login(server)), cookieOf(await login(server))]
    const call = async (cookie: string) => (await knock(server, pageHeaders(server, (await grantTo(server, cookie)).ticket, cookie))).line
    const [one, other] = [await call(mine), await call(theirs)]
    const started = performance.now()
    const answer = await post(server, '/api/logout', '', { cookie: mine })
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([204, expect.stringMatching(/^kaiwa=;.*Max-Age=0/)])
    expect(closeCodeIn(await one.read({ until: 'error.signed_out', timeoutMs: 2000 }))).toBe(4001)
    expect(performance.now() - started).toBeLessThan(2000)
    await expect.poll(() => server.instance.calls.live).toBe(1)
    one.socket.destroy()
    other.socket.destroy()
  })

  it('kills the cookie for good, over a restart, too', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'kaiwa-signed-out-'))
    closers.push(() => rmSync(dataDir, { recursive: true, force: true }))
    const env = { KAIWA_PASSWORD: PASSWORD, KAIWA_DATA_DIR: dataDir }
    const server = await start(env)
    const [ended, kept] = [cookieOf(await login(server)), cookieOf(await login(server))]
    await post(server, '/api/logout', '', { cookie: ended })
    const later = await start(env)
    expect([(await me(later, ended)).status, (await me(later, kept)).status]).toEqual([401, 200])
    expect((await post(server, '/api/logout', '', { cookie: ended })).status).toBe(204)
    expect((await post(server, '/api/logout', '', { cookie: kept, origin: 'https://evil.example' })).status).toBe(403)
  })
})

describe('a ticket', () => {
  it('opens nothing without the sign-in it was given to, nor with another\'s, and is spent by that', async () => {
    const server = await start()
    const [mine, theirs] = [cookieOf(await login(server)), cookieOf(await login(server))]
    const grant = await grantTo(server, mine)
    expect(await knock(server, pageHeaders(server, grant.ticket))).toMatchObject({ status: 401, code: 'sign_in_required' })
    expect(await knock(server, pageHeaders(server, grant.ticket, theirs))).toMatchObject({ status: 403, code: 'ticket_of_another' })
    expect(await knock(server, pageHeaders(server, grant.ticket, mine))).toMatchObject({ status: 401, code: 'ticket_refused' })
    const again = await grantTo(server, mine)
    const renewed = cookieOf(await login(server, PASSWORD, { cookie: mine }))
    expect(await knock(server, pageHeaders(server, again.ticket, renewed))).toMatchObject({ status: 403 })
    expect((await server.post()).status).toBe(401)
    expect(server.log()).not.toContain(grant.ticket)
  })

  it.each(['kaiwa=x', 'kaiwa=Fe26.2*1*a*b*c**d*e', `kaiwa=${'A'.repeat(6000)}`, 'kaiwa=\'; DROP TABLE people', '=;;;kaiwa'])('is not had for the cookie %s', async cookie => {
    const server = await start()
    expect((await server.post('{}', { cookie })).status).toBe(401)
  })
})

describe('a program', () => {
  const env = { KAIWA_API_TOKENS: `robot:${TOKEN},other:other-token-123456` }
  it.each([
    ['no token', {}, 401, 'api_key_missing'],
    ['a wrong token', { Authorization: `Bearer ${TOKEN}x` }, 401, 'invalid_api_key'],
    ['a token of SQL', { Authorization: 'Bearer \'OR\'1\'=\'1' }, 401, 'invalid_api_key'],
    ['an unknown secret', { Authorization: `Bearer ek_${'x'.repeat(21)}` }, 401, 'invalid_api_key'],
    ['its token', { Authorization: `Bearer ${TOKEN}` }, 101, undefined],
    ['its token as a subprotocol', { 'Sec-WebSocket-Protocol': `realtime, openai-insecure-api-key.${TOKEN}` }, 101, undefined],
    ['its token from another site\'s page', { Authorization: `Bearer ${TOKEN}`, Origin: 'https://evil.example' }, 403, 'origin_not_allowed'],
  ] as const)('with %s', async (_name, headers, status, code) => {
    const server = await start(env)
    const answer = await knock(server, headers)
    expect([answer.status, answer.code]).toEqual([status, code])
    answer.line.socket.destroy()
    expect(server.log()).not.toContain(TOKEN)
  })

  it('needs its token for a secret, which then is good from anywhere and counts for the program', async () => {
    const server = await start({ ...env, KAIWA_MAX_CALLS_PER_USER: '1', KAIWA_PASSWORD: PASSWORD })
    expect((await server.mint({}, { cookie: cookieOf(await login(server)) })).status).toBe(401)
    const { value } = await (await server.mint({}, { authorization: `Bearer ${TOKEN}` })).json() as { value: string }
    expect((await server.mint({}, { authorization: `Bearer ${value}` })).status).toBe(401)
    const far = await knock(server, { Origin: 'https://shop.example', 'Sec-WebSocket-Protocol': `realtime, openai-insecure-api-key.${value}` })
    expect(far.status).toBe(101)
    expect(await knock(server, { Authorization: `Bearer ${TOKEN}` })).toMatchObject({ status: 429, code: 'too_many_calls' })
    far.line.socket.destroy()
  })

  it('alone may talk where only tokens are set up and others reach the server', async () => {
    const server = await start({ ...env, KAIWA_PUBLIC_URL: 'https://kaiwa.example' })
    const answer = await server.post('{}', { origin: 'https://kaiwa.example' })
    expect([answer.status, await codeOf(answer)]).toEqual([401, 'sign_in_not_set_up'])
    expect((await (await start(env)).post()).status).toBe(201)
  })
})

describe('behind a proxy', () => {
  const env = { KAIWA_PASSWORD: PASSWORD, KAIWA_PUBLIC_URL: 'https://kaiwa.example' }
  it('plain http is refused, and the cookie is for https and this host alone', async () => {
    const server = await start(env)
    expect(await knock(server, { 'X-Forwarded-Proto': 'http' })).toMatchObject({ status: 426, code: 'https_required' })
    const answer = await login(server, PASSWORD, { origin: 'https://kaiwa.example', 'x-forwarded-proto': 'https' })
    expect(answer.headers.get('set-cookie')).toMatch(/^__Host-kaiwa=.*; Secure$/)
  })

  it('people are told apart by the address that it names, one that isn\'t trusted is not believed', async () => {
    const server = await start(env)
    const wrong = (from: string) => login(server, 'wrong', { 'x-forwarded-for': from, origin: 'https://kaiwa.example' }).then(answer => answer.status)
    for (let n = 0; n < 5; n++) await wrong('203.0.113.7')
    expect([await wrong('203.0.113.7'), await wrong('203.0.113.8')]).toEqual([429, 401])
    const suspicious = await start({ ...env, KAIWA_TRUSTED_PROXIES: '192.0.2.1' })
    const tries = []
    for (let n = 0; n < 6; n++) tries.push((await login(suspicious, 'wrong', { 'x-forwarded-for': `203.0.113.${n}`, origin: 'https://kaiwa.example' })).status)
    expect(tries.at(-1)).toBe(429)
  })
})

describe('sign-in at a provider', () => {
  async function scene(more: Record<string, string> = {}) {
    const provider = await startOidcProvider('kaiwa')
    closers.push(provider.close)
    const server = await start({ KAIWA_OIDC_ISSUER: provider.issuer, KAIWA_OIDC_CLIENT_ID: 'kaiwa', ...more }, 400)
    return { provider, server }
  }
  const go = (url: string, cookie = '') => fetch(url, { redirect: 'manual', headers: { cookie } })
  const trip = (answer: Response) => answer.headers.getSetCookie().find(line => line.startsWith('kaiwa-oidc='))!.split(';')[0]!

  async function signIn(server: RunningServer, to = '', bend: (back: URL) => void = () => undefined) {
    const away = await go(`${server.origin}/auth/oidc${to}`)
    const back = new URL((await go(away.headers.get('location')!)).headers.get('location')!)
    bend(back)
    return await go(back.href, trip(away))
  }

  it('lets in who the provider knows, as the same person each time, with their name', async () => {
    const { server } = await scene({ KAIWA_OIDC_ALLOW: '@example.org' })
    const [one, two] = [await signIn(server, '?to=/deep?x=1'), await signIn(server)]
    expect([one.status, one.headers.get('location'), two.headers.get('location')]).toEqual([302, '/deep?x=1', '/'])
    expect(await (await me(server, cookieOf(one))).json()).toMatchObject({ person: { name: 'Ann', by: 'oidc' } })
    const visitor = async (answer: Response) => (await server.instance.access.identify({ headers: { cookie: cookieOf(answer) }, remoteAddress: '127.0.0.1' })).visitor
    const [a, b] = [await visitor(one), await visitor(two)]
    expect(a).toMatchObject({ id: b!.id })
    expect(a).not.toEqual(b)
    expect(server.log()).not.toMatch(/ann@example|ann-1|access-canary|code-\d/)
  })

  it.each([
    ['nonce', 'sign_in_failed'], ['expired', 'sign_in_failed'], ['signature', 'sign_in_failed'], ['audience', 'sign_in_failed'], ['denied', 'sign_in_refused'],
  ] as const)('fails with a code when it is wrong: %s', async (fault, code) => {
    const { server, provider } = await scene()
    provider.fault = fault
    const answer = await signIn(server)
    expect([answer.status, answer.headers.get('location'), cookieOf(answer)]).toEqual([302, `/login?error=${code}`, undefined])
  })

  it('fails with another\'s state, and without the cookie that it began with', async () => {
    const { server } = await scene()
    const bent = await signIn(server, '', back => back.searchParams.set('state', 'another'))
    expect([bent.headers.get('location'), cookieOf(bent)]).toEqual(['/login?error=sign_in_failed', undefined])
    expect((await go(`${server.origin}/auth/oidc/callback?code=x&state=y`)).headers.get('location')).toBe('/login?error=sign_in_expired')
  })

  it.each([
    [{ email: 'eve@other.example', email_verified: true }], [{ email: 'ann@example.org', email_verified: false }], [{ email: 'x@sub.example.org', email_verified: true }],
    [{ email: undefined }], [{ email: 'ann@example.org@evil.example', email_verified: true }],
  ])('lets nobody in but those allowed: %j', async claims => {
    const { server, provider } = await scene({ KAIWA_OIDC_ALLOW: '@example.org' })
    Object.assign(provider.claims, claims)
    const answer = await signIn(server)
    expect([answer.headers.get('location'), cookieOf(answer)]).toEqual(['/login?error=not_allowed', undefined])
  })

  it.each(['silent', 'down'] as const)('says so in time when the provider is %s, and tries anew the next time', async fault => {
    const { server, provider } = await scene()
    provider.fault = fault
    expect((await go(`${server.origin}/auth/oidc`)).headers.get('location')).toBe('/login?error=provider_unreachable')
    provider.fault = undefined
    expect(cookieOf(await signIn(server))).toBeDefined()
    await signIn(server)
    expect(provider.discoveries).toBe(1)
  })

  it.each(['https://evil.example', '//evil.example', '/\\evil.example', '/%09/evil.example', '/a\tb', 'javascript:alert(1)'])('never leads to %s', async to => {
    const { server } = await scene()
    const location = (await signIn(server, `?to=${encodeURIComponent(to)}`)).headers.get('location')!
    expect(new URL(location, server.origin).origin).toBe(server.origin)
  })
})
