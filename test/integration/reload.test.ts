import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CallGrant } from '../../shared/calls.ts'
import { createEnvironment } from '../../server/config/environment.ts'
import { createReload } from '../../server/reload.ts'
import { connectWebSocket } from '../contract/contract-client.ts'
import { startOidcProvider } from '../fakes/oidc-provider.ts'
import { startServer, type RunningServer } from '../fakes/running-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'
import { watchTrap } from '../fakes/trap-watch.ts'

const KEY = 'sk-first-4f1d2b7c'
const NEW_KEY = 'sk-second-77aa12cd'
const ci = { authorization: 'Bearer token-of-ci-0123456789' }
const phone = { authorization: 'Bearer token-of-phone-012345' }
const BOTH = 'ci:token-of-ci-0123456789,phone:token-of-phone-012345'

const closers: (() => Promise<void> | void)[] = []
let trap: ReturnType<typeof watchTrap>
beforeEach(() => { trap = watchTrap() })
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  trap.stop()
  expect(trap.caught).toEqual([])
})

async function start(env: Record<string, string>) {
  const upstream = await startScriptedUpstream({ key: KEY })
  closers.push(upstream.close)
  const base = { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: upstream.baseUrl }
  const server = await startServer({ env: { ...base, ...env } })
  closers.push(server.close)
  /** As if the file said this now. */
  const reload = (now: Record<string, string>) => createReload(server.instance, createEnvironment({}, () => lines({ ...base, ...now })))()
  return { server, upstream, reload }
}
const lines = (env: Record<string, string>) => Object.entries(env).map(([name, value]) => `${name}='${value}'\n`).join('')

const post = (server: RunningServer, path: string, body: object, headers: Record<string, string> = {}) =>
  fetch(server.origin + path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', origin: server.origin, ...headers } })
const cookieIn = (answer: Response) => answer.headers.getSetCookie().map(line => line.split(';')[0]!).find(pair => pair.startsWith('kaiwa='))!
const me = async (server: RunningServer, cookie: string) => (await fetch(`${server.origin}/api/me`, { headers: { cookie } })).status

async function pageCall(server: RunningServer, cookie: string) {
  const grant = await (await server.post('{}', { cookie })).json() as CallGrant
  const client = await connectWebSocket(`ws://127.0.0.1:${server.port}/v1/realtime`, {
    protocols: ['realtime', 'kaiwa.v1', `kaiwa.ticket.${grant.ticket}`], headers: { origin: server.origin, cookie },
  })
  await client.next('session.created')
  return client
}
const withdrawn = { code: 4003, reason: 'invalid_request_error.access_withdrawn' }
async function stillAnswers(client: Awaited<ReturnType<RunningServer['connect']>>) {
  client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Still there?' }] } })
  client.send({ type: 'response.create' })
  await client.next('response.done')
}
const spoken = (upstream: ScriptedUpstream) => upstream.connections.map(({ headers }) => headers.authorization)

describe('settings read again while calls run', () => {
  it('a token that was taken away ends its calls, opens no more, and its secrets begin none; the others notice nothing', async () => {
    const { server, reload } = await start({ KAIWA_API_TOKENS: BOTH })
    const [gone, stays] = [await server.connect({ headers: ci }), await server.connect({ headers: phone })]
    const secret = await (await server.mint({}, ci)).json() as { value: string }
    for (const client of [gone, stays]) await client.next('session.created')
    reload({ KAIWA_API_TOKENS: 'phone:token-of-phone-012345,new:token-of-new-01234567' })
    expect(await gone.closed).toEqual(withdrawn)
    expect(gone.events.at(-1)).toMatchObject({ type: 'error', error: { code: 'access_withdrawn' } })
    await stillAnswers(stays)
    await expect(server.connect({ headers: ci })).rejects.toThrow('401')
    await expect(server.connect({ headers: { authorization: `Bearer ${secret.value}` } })).rejects.toThrow('401')
    const fresh = await server.connect({ headers: { authorization: 'Bearer token-of-new-01234567' } })
    await fresh.next('session.created')
    stays.close()
    fresh.close()
  })

  it('another token under the same name is another program', async () => {
    const { server, reload } = await start({ KAIWA_API_TOKENS: BOTH })
    const client = await server.connect({ headers: ci })
    await client.next('session.created')
    reload({ KAIWA_API_TOKENS: BOTH.replace('ci:token-of-ci', 'ci:another-of-ci') })
    expect(await client.closed).toEqual(withdrawn)
  })

  it('a new password signs everyone out', async () => {
    const { server, reload } = await start({ KAIWA_PASSWORD: 'the old password' })
    const cookie = cookieIn(await post(server, '/api/login', { password: 'the old password' }))
    const client = await pageCall(server, cookie)
    reload({ KAIWA_PASSWORD: 'the new password' })
    expect(await client.closed).toEqual(withdrawn)
    expect(await me(server, cookie)).toBe(401)
    expect((await post(server, '/api/login', { password: 'the old password' })).status).toBe(401)
    const again = await post(server, '/api/login', { password: 'the new password' })
    expect([again.status, await me(server, cookieIn(again))]).toEqual([204, 200])
  })

  it('who is no longer on the list of guests may no longer talk', async () => {
    const provider = await startOidcProvider('kaiwa')
    closers.push(provider.close)
    Object.assign(provider.claims, { email: 'ann@example.org', email_verified: true })
    const oidc = { KAIWA_OIDC_ISSUER: provider.issuer, KAIWA_OIDC_CLIENT_ID: 'kaiwa' }
    const { server, reload } = await start({ ...oidc, KAIWA_OIDC_ALLOW: 'ann@example.org,bob@example.org' })
    const cookie = await signInAt(server)
    const client = await pageCall(server, cookie)
    reload({ ...oidc, KAIWA_OIDC_ALLOW: '@example.org' })
    await stillAnswers(client)
    reload({ ...oidc, KAIWA_OIDC_ALLOW: 'bob@example.org' })
    expect(await client.closed).toEqual(withdrawn)
    expect(await me(server, cookie)).toBe(401)
  })

  it('where people have to sign in from now on, those who didn\'t are gone', async () => {
    const { server, reload } = await start({})
    const client = await server.connectPage()
    await client.next('session.created')
    reload({ KAIWA_PASSWORD: 'from now on' })
    expect(await client.closed).toEqual(withdrawn)
    expect((await server.post()).status).toBe(401)
  })

  it('new calls use the new key, and old ones live on with theirs', async () => {
    const { server, upstream, reload } = await start({})
    const old = await server.connect()
    await old.next('session.created')
    reload({ OPENAI_API_KEY: NEW_KEY })
    await stillAnswers(old)
    const fresh = await server.connect()
    // The script knows the old key only: what matters is what it was shown.
    await fresh.closed
    expect(spoken(upstream)).toEqual([`Bearer ${KEY}`, `Bearer ${NEW_KEY}`])
    expect(server.log()).not.toContain(NEW_KEY)
    old.close()
  })

  it('what can\'t be changes nothing, and is told without its secret', async () => {
    const { server, reload } = await start({ KAIWA_API_TOKENS: BOTH })
    const client = await server.connect({ headers: ci })
    await client.next('session.created')
    reload({ KAIWA_API_TOKENS: 'canary-without-a-name' })
    await stillAnswers(client)
    expect(server.log()).toContain('KAIWA_API_TOKENS is not usable (its value is not shown)')
    expect(server.log()).not.toContain('canary-without')
    client.close()
  })
})

describe('the environment', () => {
  it('wins over the file, which is read anew each time', () => {
    let text: string | undefined = 'PORT=1\nKAIWA_VOICE=cedar\n'
    const read = createEnvironment({ PORT: '2' }, () => text)
    expect(read()).toEqual({ PORT: '2', KAIWA_VOICE: 'cedar' })
    text = 'KAIWA_VOICE=marin'
    expect(read()).toEqual({ PORT: '2', KAIWA_VOICE: 'marin' })
    text = undefined
    expect(read()).toEqual({ PORT: '2' })
  })
})

/** There and back. */
async function signInAt(server: RunningServer): Promise<string> {
  const go = (url: string, cookie = '') => fetch(url, { redirect: 'manual', headers: cookie ? { cookie } : {} })
  const away = await go(`${server.origin}/auth/oidc`)
  const carried = away.headers.getSetCookie().find(line => line.startsWith('kaiwa-oidc='))!.split(';')[0]!
  const back = (await go(away.headers.get('location')!)).headers.get('location')!
  return cookieIn(await go(back, carried))
}
