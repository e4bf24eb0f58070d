import fc from 'fast-check'
import { callerAt, type Identity } from '../../../../server/auth/identify.ts'
import { readSettings } from '../../../../server/config/settings.ts'
import { describe, expect, it } from 'vitest'
import { admit as admitAs, refusalBody, type House, type Knock } from '../../../../server/realtime/admission.ts'

const claim = { callId: 'call_1', conversationId: 'conv_1', origin: 'http://localhost:3000', person: { by: 'anonymous' as const, id: undefined } }

const nobody = { by: 'anonymous' as const, id: undefined }
const secrets: Record<string, ReturnType<House['claimOf']>> = {
  ek_plain: { session: undefined, person: nobody },
  ek_talk: { session: { type: 'realtime', model: 'small', instructions: 'Be brief.' }, person: nobody },
  ek_write: { session: { type: 'transcription' }, person: nobody },
}

const able = { atCapacity: false, restingMs: 0, quietMs: 0 }
const house = (changes: Partial<House> & { settings?: Partial<House['settings']> } = {}): House => ({
  draining: false,
  liveCalls: 0,
  callsOf: () => 0,
  brain: able,
  brainOf: () => undefined,
  lookAt: () => undefined,
  redeem: (ticket, origin) => ticket === 'good' && origin === claim.origin ? claim : undefined,
  claimOf: secret => secrets[secret],
  inConversation: () => false,
  ownerOf: () => undefined,
  ...changes,
  settings: { host: '127.0.0.1', publicUrl: undefined, maxCalls: 200, maxCallsPerUser: 3, countLoopbackUsers: false, access: readSettings({}).access, ...changes.settings },
})

const knock = (changes: Partial<Omit<Knock, 'headers'>> & { headers?: Knock['headers'] } = {}): Knock => ({
  method: 'GET', url: '/v1/realtime?model=m', ...changes, headers: { host: 'localhost:3000', 'sec-websocket-protocol': 'realtime', ...changes.headers },
})
const identity = (changes: Partial<Identity> = {}): Identity => ({
  caller: nobody, visitor: nobody, program: undefined, signIn: undefined, formerly: undefined, address: '127.0.0.1', secure: false, overPlainHttp: false, ...changes,
})
const admit = (at: Knock, in_: House, who: Partial<Identity> = {}) => admitAs(at, identity(who), in_)
const page = (ticket: string) => knock({ headers: { origin: claim.origin, 'sec-websocket-protocol': `realtime, kaiwa.v1, kaiwa.ticket.${ticket}` } })

describe('admission', () => {
  it('lets any program on this machine in, with the model it asks for', () => {
    expect(admit(knock(), house())).toEqual({ admitted: true, subprotocol: 'realtime', model: 'm', person: { by: 'anonymous', id: undefined }, policy: 'open', claim: undefined })
  })

  it('lets a program in that wants to be written down only; the page has no say in that', () => {
    expect(admit(knock({ url: '/v1/realtime?intent=transcription' }), house())).toMatchObject({ admitted: true, model: undefined, intent: 'transcription' })
    expect(admit({ ...page('good'), url: '/v1/realtime?intent=transcription' }, house())).toMatchObject({ admitted: true, intent: undefined })
  })

  it('lets the page in with its ticket, and gives it no say in the model', () => {
    expect(admit(page('good'), house())).toEqual({ admitted: true, subprotocol: 'kaiwa.v1', model: undefined, person: { by: 'anonymous', id: undefined }, policy: 'locked', claim })
  })

  it.each([
    ['draining', { draining: true }, 503, 'server_draining', 5],
    ['full', { liveCalls: 200 }, 503, 'server_full', 60],
    ['deaf for more', { brain: { ...able, atCapacity: true } }, 503, 'server_full', 5],
    ['told to wait by the provider', { brain: { ...able, quietMs: 1500 } }, 429, 'rate_limit_exceeded', 2],
    ['without a model that can be reached', { brain: { ...able, restingMs: 3200 } }, 503, 'upstream_unavailable', 4],
  ] as const)('turns callers away while %s, and says when to come back', (_state, changes, status, code, retryAfterSeconds) => {
    expect(admit(knock(), house(changes))).toMatchObject({ admitted: false, status, code, retryAfterSeconds })
    const spent: string[] = []
    const redeem: House['redeem'] = ticket => { spent.push(ticket); return claim }
    expect(admit(page('good'), house({ ...changes, redeem }))).toMatchObject({ status, code })
    expect(spent).toEqual([])
  })

  it('asks whoever will answer for the persona of the ticket, and nobody else', () => {
    const [resting, quiet] = [{ ...able, restingMs: 3200 }, { ...able, quietMs: 1500 }]
    const persona = { id: 'mika', version: 'v1' }
    const met = (brain: House['brain'], own: House['brain']) => {
      const lookAt: House['lookAt'] = () => ({ ...claim, persona })
      return admit(page('good'), house({ brain: own, lookAt, brainOf: of => of === persona ? brain : undefined }))
    }
    for (const own of [resting, quiet]) {
      expect(met(able, own)).toMatchObject({ admitted: true })
      expect(admit(page('good'), house({ brain: own }))).toMatchObject({ admitted: false })
      expect(met(own, able)).toMatchObject({ admitted: false })
    }
  })

  it('counts calls by network address; this machine only when the cap was set on purpose', () => {
    const busy = { callsOf: () => 3 }
    const [far, here, counted] = [callerAt('10.0.0.9', false), callerAt('127.0.0.1', false), callerAt('127.0.0.1', true)]
    expect(admit(knock(), house(busy), { caller: far })).toMatchObject({ status: 429, code: 'too_many_calls' })
    expect(admit(knock(), house(busy), { caller: here })).toMatchObject({ admitted: true })
    expect(admit(knock(), house(busy), { caller: counted })).toMatchObject({ status: 429 })
    expect(callerAt(undefined, true).id).toBeUndefined()
  })

  const bearer = (secret: string, url = '/v1/realtime') => knock({ url, headers: { authorization: `Bearer ${secret}`, 'sec-websocket-protocol': undefined } })
  const subprotocol = (secret: string, url = '/v1/realtime') => knock({ url, headers: { 'sec-websocket-protocol': `realtime, openai-insecure-api-key.${secret}, openai-agents-sdk.0.20.0` } })

  it.each([['a header', bearer], ['a subprotocol', subprotocol]] as const)('begins with what an ephemeral secret says, sent as %s', (_way, ask) => {
    expect(admit(ask('ek_plain'), house())).toMatchObject({ admitted: true, model: undefined, intent: undefined, session: undefined })
    expect(admit(ask('ek_talk'), house())).toMatchObject({ admitted: true, model: 'small', session: { type: 'realtime', instructions: 'Be brief.' } })
    expect(admit(ask('ek_write'), house())).toMatchObject({ admitted: true, intent: 'transcription', session: { type: 'transcription' } })
    expect(admit(ask('ek_write', '/v1/realtime?intent=transcription'), house())).toMatchObject({ admitted: true, intent: 'transcription' })
    const larger = admit(ask('ek_talk', '/v1/realtime?model=large'), house())
    expect(larger).toMatchObject({ admitted: true, model: 'large' })
    expect(larger).not.toHaveProperty('session.model')
  })

  it.each([bearer, subprotocol])('turns an unknown secret away, and one for something else', ask => {
    expect(admit(ask('ek_'), house())).toMatchObject({ admitted: false, status: 401, code: 'invalid_api_key' })
    expect(admit(ask('ek_other'), house())).toMatchObject({ status: 401 })
    expect(admit(ask('ek_talk', '/v1/realtime?intent=transcription'), house())).toMatchObject({ status: 400, code: 'invalid_intent' })
  })

  it('asks for no key of another kind, and lets a good secret open nothing for another site\'s page', () => {
    expect(admit(bearer('sk-of-its-own'), house())).toMatchObject({ admitted: true, session: undefined })
    const foreign = knock({ headers: { authorization: 'Bearer ek_plain', origin: 'https://evil.example' } })
    expect(admit(foreign, house())).toMatchObject({ admitted: false, code: 'origin_not_allowed' })
  })

  it.each([
    ['/v1/realtime/', 404], ['/V1/realtime', 404], ['/v1/realtime/../x', 404], ['http://localhost:3000/v1/realtime', 404],
    ['/v1/realtime?call_id=rtc_1', 404], ['/v1/realtime?intent=translation', 400], ['/v1/realtime?model=a%20b', 400], ['/v1/realtime?api_key=x', 400],
  ] as const)('%s: %i', (url, status) => { expect(admit(knock({ url }), house())).toMatchObject({ admitted: false, status }) })

  it('turns away whose money is spent until midnight (UTC), and whom the machine has no room for', () => {
    const nowMs = () => Date.UTC(2026, 0, 1, 23, 0, 0)
    for (const of of ['person', 'everyone'] as const) {
      expect(admit(knock(), house({ budgetRefusal: () => of, nowMs }))).toMatchObject({ status: 429, code: 'budget_spent', retryAfterSeconds: 3600 })
    }
    expect(admit(knock(), house({ headroom: { short: 'loop' } }))).toMatchObject({ status: 503, code: 'server_busy', retryAfterSeconds: 5 })
    expect(admit(knock(), house({ headroom: { short: undefined }, budgetRefusal: () => undefined, isPriced: () => true }))).toMatchObject({ admitted: true })
    expect(admit(knock(), house({ isPriced: model => model !== 'm' }))).toMatchObject({ status: 400, code: 'model_not_priced' })
  })

  it('lets a page in only with the sign-in that its ticket was given to', () => {
    const ann = { by: 'password' as const, id: 'ann', signInId: 's1', name: undefined }
    const given = house({ redeem: () => ({ ...claim, person: ann }) })
    expect(admit(page('good'), given, { visitor: ann })).toMatchObject({ admitted: true, person: ann })
    for (const visitor of [{ ...ann, signInId: 's2' }, { ...ann, id: 'eve' }, { ...ann, by: 'oidc' as const }, nobody]) {
      expect(admit(page('good'), given, { visitor })).toMatchObject({ status: 403, code: 'ticket_of_another' })
    }
    expect(admit(page('good'), given, { visitor: undefined })).toMatchObject({ status: 401 })
  })

  it('whatever knocks gets an answer, and a foreign origin never comes in', () => {
    fc.assert(fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (url, host, origin, offered) => {
      const decision = admit(knock({ url, headers: { host, origin: `http://${origin}.example`, 'sec-websocket-protocol': offered } }), house())
      expect(decision.admitted).toBe(false)
      if (!decision.admitted) expect(refusalBody(decision).error).toMatchObject({ type: expect.any(String), code: expect.any(String), message: expect.stringMatching(/\.$/) })
    }))
  })
})
