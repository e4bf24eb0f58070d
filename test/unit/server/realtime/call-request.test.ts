import { describe, expect, it } from 'vitest'
import { readSettings } from '../../../../server/config/settings.ts'
import { grantCall, type CallAsk } from '../../../../server/realtime/call-request.ts'
import { createInstance } from '../../../../server/realtime/instance.ts'
import { silentLog } from '../../../../server/log.ts'

const ask = (changes: Partial<CallAsk> = {}): CallAsk => ({
  identity: { visitor: { by: 'anonymous', id: undefined } }, body: '{}', ...changes,
  headers: { host: 'localhost:3000', origin: 'http://localhost:3000', 'content-type': 'application/json', ...changes.headers },
})
const house = (env: Record<string, string> = {}) => createInstance(readSettings(env), { env, log: silentLog })

describe('POST /api/calls', () => {
  it('grants a call with a ticket for the page it came from', async () => {
    const { tickets, ...rest } = house()
    const grant = await grantCall(ask(), { ...rest, tickets })
    expect(grant).toEqual({
      call_id: expect.stringMatching(/^call_\w{21}$/),
      conversation_id: expect.stringMatching(/^conv_\w{21}$/),
      ticket: expect.stringMatching(/^[\w-]{43}$/),
      expires_at: expect.any(Number),
      url: 'ws://localhost:3000/v1/realtime',
      limits: { max_call_minutes: 120, idle_seconds: 300 },
      persona: 'default',
      continued: null,
    })
    const { ticket, call_id } = grant as { ticket: string, call_id: string }
    expect(tickets.redeem(ticket, 'http://localhost:3000')).toMatchObject({ callId: call_id })
  })

  it('names the secure address behind a proxy', async () => {
    const grant = await grantCall(ask({ headers: { host: '127.0.0.1:3000', origin: 'https://kaiwa.example' } }), house({ KAIWA_PUBLIC_URL: 'https://kaiwa.example/' }))
    expect(grant).toMatchObject({ url: 'wss://kaiwa.example/v1/realtime' })
  })

  it.each([
    ['', undefined], ['{"persona":"default","transport":"websocket"}', undefined],
    ['{bad', 'invalid_json'], ['null', 'invalid_value'], ['[]', 'invalid_value'], ['{"persona":7}', 'invalid_value'], ['{"persona":"pirate"}', 'persona_not_found'], ['{"persona":"__proto__"}', 'persona_not_found'], ['{"persona":"language-tutor"}', undefined],
    ['{"transport":"pigeon"}', 'invalid_value'], ['{"__proto__":{"x":1},"admin":true}', 'invalid_value'], ['{"conversation_id":"conv_1"}', 'store_unavailable'], ['{"after_item_id":"item_1"}', 'invalid_value'],
    [`"${'x'.repeat(5000)}"`, 'body_too_large'],
  ])('body %s: %s', async (body, code) => {
    const answer = await grantCall(ask({ body }), house())
    expect('code' in answer ? answer.code : undefined).toBe(code)
  })

  it.each([
    [{ origin: 'https://evil.example' }, 'origin_not_allowed'],
    [{ host: 'evil.example', origin: 'http://evil.example' }, 'host_not_allowed'],
    [{ 'content-type': 'text/plain' }, 'invalid_content_type'],
  ] as const)('headers %o: %s', async (headers, code) => { expect(await grantCall(ask({ headers }), house())).toMatchObject({ admitted: false, code }) })
})
