import { afterEach, describe, expect, it } from 'vitest'
import type { KaiwaLimitEvent, KaiwaUsageEvent } from '../../shared/calls.ts'
import type { ContractClient } from '../contract/contract-client.ts'
import { besiege, type BesiegedKaiwa } from '../fakes/besieged-kaiwa.ts'
import type { Conversation } from '../fakes/scripted-conversation.ts'
import { sturdyConversation } from '../fakes/sturdy-conversation.ts'

/** "Wallet & quota" of what a hostile caller may try, against the built server and a model with a bill. */

let siege: BesiegedKaiwa
const clients: ContractClient[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await siege.close()
})

/** A long answer in five pieces; a token is 50 ms of voice. Its prices are gpt-realtime-2.1's, US dollars a token. */
const PIECES = 5
const AUDIO_TOKENS = 450
const PIECE_BASE64 = 'A'.repeat(AUDIO_TOKENS / PIECES * 50 * 64)
const ANSWER_USD = 20 * 4e-6 + AUDIO_TOKENS * 64e-6

const alreadyAnswering = { type: 'error', event_id: 'e', error: { type: 'invalid_request_error', code: 'conversation_already_has_active_response', message: 'One at a time.', param: null, event_id: null } }

/** Answers take time, may be cancelled, and are billed by how far they came. `bill`: what the provider would write. */
function dearModel(pieceMs: number) {
  const bill = { usd: 0, responses: 0, created: [] as Record<string, unknown>[] }
  function conversation(send: (event: object) => void, model: string): Conversation {
    const plain = sturdyConversation(send, model)
    let count = 0
    let running: { stop(): void } | undefined

    function answer(asked: Record<string, unknown>) {
      bill.created.push(asked)
      const id = `resp_${++count}`
      const response = { id, object: 'realtime.response', status: 'in_progress', output: [], usage: null as object | null }
      send({ type: 'response.created', event_id: `e${count}`, response })
      let pieces = 0
      const done = (status: string) => {
        clearInterval(timer)
        running = undefined
        const audio = Math.round(AUDIO_TOKENS * pieces / PIECES)
        bill.usd += 20 * 4e-6 + audio * 64e-6
        bill.responses++
        const usage = {
          total_tokens: 20 + audio, input_tokens: 20, output_tokens: audio,
          input_token_details: { text_tokens: 20, audio_tokens: 0, image_tokens: 0, cached_tokens: 0 },
          output_token_details: { text_tokens: 0, audio_tokens: audio },
        }
        send({ type: 'response.done', event_id: `d${count}`, response: { ...response, status, usage } })
      }
      const timer = setInterval(() => {
        send({ type: 'response.output_audio.delta', event_id: `a${count}`, response_id: id, item_id: 'i', output_index: 0, content_index: 0, delta: PIECE_BASE64 })
        if (++pieces === PIECES) done('completed')
      }, pieceMs)
      running = { stop: () => done('cancelled') }
    }

    return {
      receive(text) {
        const event = JSON.parse(text) as { type: string, response?: Record<string, unknown> }
        if (event.type === 'response.create' && running) send(alreadyAnswering)
        else if (event.type === 'response.create') answer(event.response ?? {})
        else if (event.type === 'response.cancel') running?.stop()
        else plain.receive(text)
      },
      close() { running?.stop() },
    }
  }
  return { bill, conversation }
}

async function page() {
  const client = await siege.pageClient()
  clients.push(client)
  await client.next('session.updated')
  return client
}

async function ask(client: ContractClient) {
  client.send({ type: 'response.create' })
  await client.next('response.done')
}

const limits = (client: ContractClient) => client.events.filter(({ type }) => type === 'kaiwa.limit') as unknown as KaiwaLimitEvent[]

describe('calls at a time', () => {
  it('(n+1)-th concurrent call per user → 429, for a page, for a program, and for tickets that were got before', async () => {
    siege = await besiege({ conversation: sturdyConversation, settings: { KAIWA_MAX_CALLS_PER_USER: '2' } })
    const cookie = await siege.signIn()
    const tickets = await Promise.all([1, 2, 3].map(() => siege.grant(cookie)))
    const open = tickets.map(({ ticket }) => siege.knock({ Origin: siege.kaiwa.address, Cookie: cookie, 'Sec-WebSocket-Protocol': `realtime, kaiwa.v1, kaiwa.ticket.${ticket}` }))
    const statuses = (await Promise.all(open)).map(({ status }) => status).sort()
    expect(statuses).toEqual([101, 101, 429])
    const refused = await siege.post('/api/calls', {}, { cookie })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)])
    for (let n = 0; n < 2; n++) clients.push(await siege.client())
    expect(await siege.knock(siege.asRaider)).toMatchObject({ status: 429, code: 'too_many_calls' })
    await expect.poll(async () => (await siege.post('/api/calls', {}, { cookie: await siege.signIn() })).status).toBe(201)
    for (const { line } of await Promise.all(open)) line.socket.destroy()
    await siege.expectUnharmed()
  })

  it('a secret counts for whose token made it: no number of them lifts the cap', async () => {
    siege = await besiege({ conversation: sturdyConversation, settings: { KAIWA_MAX_CALLS_PER_USER: '2' } })
    const made = await Promise.all(Array.from({ length: 10 }, async () => await (await siege.post('/v1/realtime/client_secrets', {}, siege.asRaider)).json() as { value: string }))
    const knocked = await Promise.all(made.map(({ value }) => siege.knock({ 'Sec-WebSocket-Protocol': `realtime, openai-insecure-api-key.${value}` })))
    expect(knocked.filter(({ status }) => status === 101)).toHaveLength(2)
    expect(knocked.filter(({ status }) => status === 429)).toHaveLength(8)
    for (const { line } of knocked) line.socket.destroy()
    await siege.expectUnharmed()
  })

  it('sign-up farm/IP rotation → global cap: 503 for whoever comes then, however many they are', async () => {
    siege = await besiege({ conversation: sturdyConversation, settings: { KAIWA_MAX_CALLS: '10', KAIWA_MAX_CALLS_PER_USER: '3' } })
    const farm: Record<string, string>[] = []
    for (let n = 0; n < 30; n++) {
      const from = `198.51.100.${n}`
      const cookie = await siege.signIn(from)
      const { ticket } = await siege.grant(cookie)
      farm.push({ Origin: siege.kaiwa.address, Cookie: cookie, 'Sec-WebSocket-Protocol': `realtime, kaiwa.v1, kaiwa.ticket.${ticket}`, 'X-Forwarded-For': from })
    }
    const knocked = await Promise.all(farm.map(headers => siege.knock(headers)))
    expect(knocked.filter(({ status }) => status === 101)).toHaveLength(9)
    expect(knocked.filter(({ status, code }) => status === 503 && code === 'server_full')).toHaveLength(21)
    for (const { line } of knocked) line.socket.destroy()
    await siege.expectUnharmed()
  })

  it('sign-up farm/IP rotation → breaker: while the model is down nobody dials, new callers are refused at the door, old calls live', async () => {
    siege = await besiege({ conversation: sturdyConversation })
    siege.upstream.script(...Array.from({ length: 100 }, () => ({ handshake: { do: 'refuse' as const, status: 503 } })))
    const begun = siege.upstream.connections.length
    const crowd = await Promise.all(Array.from({ length: 20 }, () => siege.client()))
    await Promise.all(crowd.map(client => client.closed))
    const dialled = siege.upstream.connections.length
    expect(dialled - begun).toBeLessThanOrEqual(80)
    const refused = await Promise.all(Array.from({ length: 50 }, () => siege.knock(siege.asRaider)))
    // One of them may try for all.
    expect(refused.filter(({ status }) => status === 429 || status === 503).length).toBeGreaterThanOrEqual(49)
    expect(siege.upstream.connections.length - dialled).toBeLessThanOrEqual(4)
    await siege.expectUnharmed()
  }, 60_000)
})

describe('money', () => {
  it('budget reaches 0 mid-call → warned at 80 %, a spoken goodbye, end ≤5 s, overshoot at most one response', async () => {
    const { bill, conversation } = dearModel(5)
    siege = await besiege({ conversation, settings: { KAIWA_BUDGET_USD_PER_CALL: '0.3' } })
    const client = await page()
    let reached = false
    for (let n = 0; n < 30 && !reached; n++) {
      await ask(client)
      await new Promise(resolve => setImmediate(resolve))
      reached = limits(client).some(({ state }) => state === 'reached')
    }
    const startedAt = performance.now()
    expect(await client.closed).toEqual({ code: 1001, reason: 'rate_limit_error.budget_spent' })
    expect(performance.now() - startedAt).toBeLessThan(6000)
    expect(limits(client).map(({ of, state }) => `${of} ${state}`)).toEqual(['call near', 'call reached'])
    expect(bill.created.at(-1)).toMatchObject({ instructions: expect.stringMatching(/goodbye/i), tool_choice: 'none' })
    expect(bill.usd).toBeLessThanOrEqual(0.3 + ANSWER_USD)
    expect(bill.usd).toBeGreaterThan(0.3 * 0.8)
    const usage = client.events.filter(({ type }) => type === 'kaiwa.usage') as unknown as KaiwaUsageEvent[]
    expect(usage.at(-1)!.call.usd).toBeCloseTo(bill.usd, 6)
  })

  it('budget reaches 0 mid-call → a page that goes on asking is not answered', async () => {
    const { bill, conversation } = dearModel(5)
    siege = await besiege({ conversation, settings: { KAIWA_BUDGET_USD_PER_CALL: '0.1' } })
    const client = await page()
    const pester = setInterval(() => client.send({ type: 'response.create' }), 2)
    expect(await client.closed.finally(() => clearInterval(pester))).toMatchObject({ code: 1001 })
    await siege.expectEmpty()
    expect(bill.usd).toBeLessThanOrEqual(0.1 + ANSWER_USD)
  })

  it('many concurrent calls against one daily budget → the day\'s overshoot is at most one response, and nobody is let in afterwards', async () => {
    const { bill, conversation } = dearModel(250)
    const budgetUsd = 0.25
    siege = await besiege({ conversation, settings: { KAIWA_BUDGET_USD_PER_DAY: String(budgetUsd) } })
    // There is money for the beginning of nine calls' answers: who comes later is refused.
    const arrivals = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => n % 2 ? page() : siege.client()))
    const crowd = arrivals.flatMap(arrival => arrival.status === 'fulfilled' ? [arrival.value] : [])
    clients.push(...crowd)
    const pester = setInterval(() => { for (const client of crowd) client.send({ type: 'response.create' }) }, 50)
    await Promise.all(crowd.map(client => client.closed)).finally(() => clearInterval(pester))
    await siege.expectEmpty()
    expect(bill.usd).toBeGreaterThan(budgetUsd * 0.5)
    expect(bill.usd).toBeLessThanOrEqual(budgetUsd + ANSWER_USD)
    await expect.poll(async () => (await siege.knock(siege.asRaider)).code, { timeout: 30_000 }).toBe('budget_spent')
    expect((await siege.post('/api/calls', {}, { cookie: await siege.signIn() })).status).toBe(429)
  })

  it('one person\'s day is used up → their calls end, another\'s go on', async () => {
    const { bill, conversation } = dearModel(5)
    siege = await besiege({ conversation, settings: { KAIWA_BUDGET_USD_PER_USER_DAY: '0.1' } })
    const talk = async (count: number) => {
      const talking = await Promise.all(Array.from({ length: count }, () => siege.client()))
      clients.push(...talking)
      const pester = setInterval(() => { for (const client of talking) client.send({ type: 'response.create' }) }, 20)
      await Promise.all(talking.map(client => client.closed)).finally(() => clearInterval(pester))
    }
    await talk(2)
    const isRefused = async () => {
      // What a call that is over had set aside is given back.
      await siege.expectEmpty()
      return (await siege.knock(siege.asRaider)).code === 'budget_spent'
    }
    // Two that were stopped in time may leave enough for a third.
    for (let more = 0; more < 5 && !await isRefused(); more++) await talk(1)
    expect(bill.usd).toBeLessThanOrEqual(0.1 + ANSWER_USD)
    expect(await siege.knock(siege.asRaider)).toMatchObject({ status: 429, code: 'budget_spent' })
    await ask(await page())
  })

  it('a talker who leaves mid-answer is charged', async () => {
    const { bill, conversation } = dearModel(60)
    siege = await besiege({ conversation, settings: { KAIWA_BUDGET_USD_PER_USER_DAY: '1' } })
    for (let n = 0; n < 5; n++) {
      const client = await siege.client()
      client.send({ type: 'response.create' })
      await client.next('response.output_audio.delta')
      client.close()
    }
    await siege.expectEmpty()
    expect(bill.responses).toBe(5)
    expect(await siege.metric('kaiwa_money_usd_total')).toBeCloseTo(bill.usd, 6)
  })

  it('a model without a price can\'t be asked for where money is bounded', async () => {
    siege = await besiege({ conversation: sturdyConversation, settings: { KAIWA_BUDGET_USD_PER_DAY: '5' } })
    expect(await siege.knock(siege.asRaider, '/v1/realtime?model=gpt-made-up')).toMatchObject({ status: 400, code: 'model_not_priced' })
    await siege.expectUnharmed()
  })
})
