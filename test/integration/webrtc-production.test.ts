import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { ANSWER } from '../fakes/scripted-calls.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'
import { OFFER } from '../fakes/sdp-offers.ts'
import { rtcIdIn, webrtcCaller, type WebrtcCaller } from '../fakes/webrtc-caller.ts'

const KEY = 'sk-canary-built-1b2c'
const TOKEN = 'token-of-the-shop-canary'

describe('WebRTC calls of the built server', () => {
  let upstream: ScriptedUpstream
  let server: KaiwaServer
  let caller: WebrtcCaller

  beforeAll(async () => {
    upstream = await startScriptedUpstream({ key: KEY })
    server = await startKaiwa({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: upstream.baseUrl, KAIWA_API_TOKENS: `shop:${TOKEN}`, KAIWA_PASSWORD: 'correct horse battery', KAIWA_DRAIN_SECONDS: '5' })
    caller = webrtcCaller(server.address)
  })
  afterAll(async () => {
    await server.stop()
    await upstream.close()
  })

  const as = (token: string) => ({ authorization: `Bearer ${token}` })

  it('answers a program, lets it listen in, and hangs up', async () => {
    const answer = await caller.offer({ headers: as(TOKEN) })
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([201, 'application/sdp', 'no-store'])
    expect(await answer.text()).toBe(ANSWER)
    const rtcId = rtcIdIn(answer)
    const builder = await caller.sideband(rtcId, as(TOKEN))
    builder.send({ type: 'response.create' })
    await builder.next('response.done')
    const gone = await caller.hangUp(rtcId, as(TOKEN))
    expect([gone.status, await gone.text()]).toEqual([200, ''])
    expect((await builder.closed).code).toBe(1000)
    const again = await caller.hangUp(rtcId, as(TOKEN))
    expect([again.status, await again.json()]).toMatchObject([404, { error: { code: 'call_id_not_found' } }])
    await expect.poll(() => upstream.offers[0]!.hangUps).toBe(1)
  })

  it('answers a page that is signed in, and its socket; the key is in nothing that it gets', async () => {
    const login = await fetch(`${server.address}/api/login`, { method: 'POST', body: '{"password":"correct horse battery"}', headers: { 'content-type': 'application/json', origin: server.address } })
    const cookie = login.headers.getSetCookie()[0]!.split(';')[0]!
    const { sdp, house } = await caller.pageCall({ cookie })
    expect(sdp).toContain('m=application 0 ')
    await house.next('session.updated')
    house.send({ type: 'response.create' })
    await house.next('kaiwa.usage')
    expect(JSON.stringify(house.events) + sdp).not.toContain(KEY)
    house.close()
    await expect.poll(() => upstream.offers.at(-1)!.hangUps).toBe(1)
    expect(server.log()).not.toContain(KEY)
  })

  it('refuses what is no offer, and a hostile one, in JSON; then goes on', async () => {
    for (const sdp of ['', '{}', OFFER.replace('s=-', 's=\0'), `${OFFER}${'a=x:y\r\n'.repeat(20_000)}`]) {
      const answer = await caller.offer({ sdp, headers: as(TOKEN) })
      expect([answer.status, (await answer.json() as { error: { code: string } }).error.code]).toEqual([400, 'invalid_offer'])
    }
    expect((await caller.offer()).status).toBe(401)
    expect((await caller.offer({ headers: as(TOKEN) })).status).toBe(201)
  })

  it('lets another site\'s page use a secret, and nothing else', async () => {
    const origin = 'https://shop.example'
    const preflight = await fetch(`${server.address}/v1/realtime/calls`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' } })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin'), preflight.headers.get('access-control-allow-credentials')]).toEqual([204, '*', null])
    const minted = await fetch(`${server.address}/v1/realtime/client_secrets`, { method: 'POST', headers: as(TOKEN) })
    const { value } = await minted.json() as { value: string }
    const answer = await caller.offer({ headers: { ...as(value), origin } })
    expect([answer.status, answer.headers.get('access-control-allow-origin'), answer.headers.get('access-control-expose-headers')]).toEqual([201, '*', 'Location'])
    const foreign = await caller.offer({ headers: { ...as(TOKEN), origin } })
    expect([foreign.status, foreign.headers.get('access-control-allow-origin')]).toEqual([403, null])
  })

  it('hangs up what is live when it stops', async () => {
    const before = upstream.offers.length
    await caller.call(as(TOKEN))
    expect(await server.stop()).toBe(0)
    expect(upstream.offers[before]!.hangUps).toBe(1)
  })
})
