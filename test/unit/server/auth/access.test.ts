import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createApiTokens } from '../../../../server/auth/api-tokens.ts'
import { createCallerAddress, neighbourhoodOf } from '../../../../server/auth/caller-address.ts'
import { cookieIn } from '../../../../server/auth/cookie.ts'
import { createEndedSignIns } from '../../../../server/auth/ended-sign-ins.ts'
import { createPasswordCheck } from '../../../../server/auth/password.ts'
import { createSealer } from '../../../../server/auth/sealer.ts'
import { safePath } from '../../../../server/auth/sign-in-request.ts'
import { createSignInLimits } from '../../../../server/auth/sign-in-limits.ts'
import { isOperator } from '../../../../server/auth/operator.ts'
import { pageIsFree, programsAreFree } from '../../../../server/auth/who-may.ts'
import { readSettings } from '../../../../server/config/settings.ts'

let folder: string
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'kaiwa-access-')) })
afterEach(() => { rmSync(folder, { recursive: true, force: true }) })

describe('where somebody calls from', () => {
  it.each([
    [['loopback'], '127.0.0.1', { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' }, { address: '203.0.113.7', by: 'https' }],
    [['loopback'], '::ffff:127.0.0.1', { 'x-forwarded-for': '10.9.9.9, 203.0.113.7' }, { address: '203.0.113.7', by: undefined }],
    [['loopback'], '198.51.100.1', { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' }, { address: '198.51.100.1', by: undefined }],
    [['loopback'], '127.0.0.1', { 'x-forwarded-for': '<script>', 'x-forwarded-proto': 'gopher' }, { address: '127.0.0.1', by: undefined }],
    [['10.0.0.0/8'], '::ffff:10.1.2.3', { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'http' }, { address: '203.0.113.7', by: 'http' }],
    [['loopback'], undefined, {}, { address: undefined, by: undefined }],
  ] as const)('trusting %j, %s with %j: %j', (trusted, remoteAddress, headers, expected) => {
    expect(createCallerAddress([...trusted])({ headers, remoteAddress })).toEqual(expected)
  })

  it.each([
    ['203.0.113.7', '203.0.113.7'], ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'], ['2001:db8:1:2::9', '2001:db8:1:2::/64'], ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'], ['fe80::1%eth0', 'fe80:0:0:0::/64'], [undefined, 'unknown'],
  ])('%s is counted with %s', (address, expected) => { expect(neighbourhoodOf(address)).toBe(expected) })
})

describe('who may talk without more', () => {
  const tokens = { KAIWA_API_TOKENS: 'robot:token-0123456789abcdef' }
  it.each([
    [{}, true, true],
    [{ KAIWA_PUBLIC_URL: 'https://kaiwa.example' }, true, true],
    [tokens, true, false],
    [{ ...tokens, KAIWA_PUBLIC_URL: 'https://kaiwa.example' }, false, false],
    [{ ...tokens, HOST: '0.0.0.0' }, false, false],
    [{ ...tokens, HOST: '0.0.0.0', KAIWA_ALLOW_ANONYMOUS: 'true' }, true, false],
    [{ HOST: '0.0.0.0', KAIWA_ALLOW_ANONYMOUS: 'true' }, true, true],
    [{ KAIWA_PASSWORD: 'correct horse', KAIWA_ALLOW_ANONYMOUS: 'true' }, false, false],
  ] as [Record<string, string>, boolean, boolean][])('with %j the page: %s, programs: %s', (env, page, programs) => {
    const settings = readSettings(env)
    expect([pageIsFree(settings), programsAreFree(settings)]).toEqual([page, programs])
  })
})

describe('tries at the password', () => {
  it('run out for one address and not for others; the right one gives them back', async () => {
    const limits = createSignInLimits()
    const wrong = async (from: string, browser?: string) => (await limits.attempt(from, browser)).allowed
    expect(await Promise.all(Array.from({ length: 7 }, () => wrong('a')))).toEqual([true, true, true, true, true, false, false])
    const good = await limits.attempt('b', undefined)
    for (let n = 0; n < 4; n++) await wrong('b')
    if (good.allowed) await good.right()
    expect([await wrong('b'), await wrong('a', 'known'), await wrong('c')]).toEqual([true, true, true])
  })

  it('get fewer for everyone when many are wrong, then none but for browsers that were signed in before', async () => {
    const limits = createSignInLimits()
    const wrong = async (from: string, browser?: string) => (await limits.attempt(from, browser)).allowed
    for (let n = 0; n < 60; n++) expect(await wrong(`first ${n}`)).toBe(true)
    expect([await wrong('new'), await wrong('new')]).toEqual([true, false])
    for (let n = 0; n < 300; n++) await wrong(`next ${n}`)
    expect([await wrong('another'), await wrong('another', 'known')]).toEqual([false, true])
  })

  it('are checked two at a time; too many wait for none', async () => {
    const check = createPasswordCheck('right', { N: 1024, r: 8, p: 1 })
    const outcomes = await Promise.all(Array.from({ length: 30 }, (_, n) => check.check(n === 0 ? 'right' : 'wrong')))
    expect(outcomes.filter(outcome => outcome === 'busy')).toHaveLength(12)
    expect([outcomes[0], outcomes[1], await check.check('right'), await check.check('')]).toEqual(['right', 'wrong', 'right', 'wrong'])
  })
})

describe('sign-ins that were ended', () => {
  const warn = (sentence: string) => { throw new Error(sentence) }
  const make = (nowMs = () => 0, maxEnded?: number) => createEndedSignIns({ dataDir: folder, nowMs, rememberMs: 1000, warn, maxEnded })

  it('stay so over a restart, also when the file is damaged', () => {
    make().end({ id: 'one', begunMs: 5 })
    appendFileSync(join(folder, 'ended-sign-ins.jsonl'), '{"id":"ha')
    const later = make()
    expect([later.isEnded({ id: 'one', begunMs: 5 }), later.isEnded({ id: 'two', begunMs: 5 })]).toEqual([true, false])
  })

  it('are bounded; when there are too many, all that began so early end, and none comes back to life', () => {
    const ended = make(undefined, 10)
    for (let n = 0; n < 25; n++) ended.end({ id: `s${n}`, begunMs: n })
    for (const each of [ended, make(undefined, 10)]) {
      for (let n = 0; n < 25; n++) expect(each.isEnded({ id: `s${n}`, begunMs: n })).toBe(true)
      expect([each.isEnded({ id: 'old', begunMs: 0 }), each.isEnded({ id: 'new', begunMs: 24 })]).toEqual([true, false])
    }
    expect(readFileSync(join(folder, 'ended-sign-ins.jsonl'), 'utf8').split('\n').length).toBeLessThan(25)
  })
})

describe('what goes through a browser', () => {
  it('can\'t be changed, and what was sealed for another purpose opens nothing', async () => {
    const [key, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
    const sealed = await createSealer(() => key, 'one', 1000).seal({ a: 1 })
    expect(await createSealer(() => key, 'one', 1000).unseal(sealed)).toEqual({ a: 1 })
    expect(await createSealer(() => key, 'two', 1000).unseal(sealed)).toBeUndefined()
    expect(await createSealer(() => other, 'one', 1000).unseal(sealed)).toBeUndefined()
    const at = sealed.length >> 1
    expect(await createSealer(() => key, 'one', 1000).unseal(sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1))).toBeUndefined()
  })

  it('whatever a cookie header holds, the one asked for is found or not', () => {
    fc.assert(fc.property(fc.string(), header => { cookieIn(header, 'kaiwa') }))
    expect([cookieIn('a=1; kaiwa=x=y ;b', 'kaiwa'), cookieIn('xkaiwa=1', 'kaiwa'), cookieIn(undefined, 'kaiwa')]).toEqual(['x=y', undefined, undefined])
  })

  it('a path leads nowhere else, whatever it is', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.string().map(rest => `/${rest}`)), to => {
      expect(new URL(safePath(to), 'https://kaiwa.example').origin).toBe('https://kaiwa.example')
    }))
  })
})

it('a token is known by its digest, and only whole', () => {
  const programOf = createApiTokens(new Map([['robot', 'token-one'], ['other', 'token-two']]))
  expect(programOf('token-two')).toEqual({ by: 'token', id: 'other', name: 'other' })
  for (const guess of ['', 'token-on', 'token-one ', 'robot', '__proto__']) expect(programOf(guess)).toBeUndefined()
})

describe('who sees what everyone spends', () => {
  const named = { KAIWA_OPERATORS: 'Ann@Example.org, robot', KAIWA_API_TOKENS: 'robot:token-0123456789abcdef' }
  const oidc = { KAIWA_OIDC_ISSUER: 'https://id.example', KAIWA_OIDC_CLIENT_ID: 'kaiwa' }
  const here = { by: 'anonymous', id: undefined } as const
  const signedIn = (email?: string) => ({ by: 'oidc', id: 'x', signInId: 's', name: 'robot', ...(email !== undefined && { email }) } as const)
  const program = (name: string) => ({ by: 'token', id: name, name } as const)
  const is = (env: Record<string, string>, who: Partial<Parameters<typeof isOperator>[0]>) =>
    isOperator({ program: undefined, visitor: undefined, address: '127.0.0.1', ...who }, readSettings(env))

  it('those who are named: by verified address, however it is written, or by token', () => {
    expect([is({ ...named, ...oidc }, { visitor: signedIn('ANN@example.org') }), is(named, { program: program('robot') })]).toEqual([true, true])
  })

  it.each([
    ['another address', oidc, { visitor: signedIn('bob@example.org') }], ['no verified address', oidc, { visitor: signedIn() }], ['an address that is a token\'s name', oidc, { visitor: signedIn('robot') }],
    ['another token, even on this machine', {}, { program: program('other'), visitor: here }], ['nobody', oidc, {}],
    ['the shared password', { KAIWA_PASSWORD: 'correct horse' }, { visitor: { by: 'password', id: 'person_1', signInId: 's', name: undefined } }],
  ] as [string, Record<string, string>, Partial<Parameters<typeof isOperator>[0]>][])('not %s', (_who, env, who) => { expect(is({ ...named, ...env }, who)).toBe(false) })

  it('without sign-in whoever sits at this machine, and only while none but it reaches the server', () => {
    expect(is({}, { visitor: here })).toBe(true)
    expect(is({}, { visitor: here, address: '203.0.113.7' })).toBe(false)
    expect(is({}, { visitor: here, address: undefined })).toBe(false)
    expect(is({ KAIWA_PUBLIC_URL: 'https://kaiwa.example' }, { visitor: here })).toBe(false)
    expect(is({ HOST: '0.0.0.0', KAIWA_ALLOW_ANONYMOUS: 'true' }, { visitor: here })).toBe(false)
  })
})
