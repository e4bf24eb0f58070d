import { describe, expect, it } from 'vitest'
import type { ServerEventFacts } from '../../../../server/relay/gate.ts'
import { startRelay, type RelayEnd } from '../../../../server/relay/relay.ts'
import { SETTLE_MS } from '../../../../server/relay/settling.ts'
import { createTicker } from '../../../../server/relay/ticker.ts'
import { createFakeLink } from '../../../fakes/fake-link.ts'
import { createManualClock, settled } from '../../../fakes/manual-clock.ts'

const created = (id = 'resp_1') => JSON.stringify({ type: 'response.created', response: { id } })
const done = (id = 'resp_1') => JSON.stringify({ type: 'response.done', response: { id, usage: { total_tokens: 7 } } })

async function talk() {
  const client = createFakeLink()
  const upstream = createFakeLink()
  const clock = createManualClock()
  const ends: [RelayEnd, number][] = []
  const seen: ServerEventFacts[] = []
  const cutOff: string[] = []
  let settledCount = 0
  const relay = startRelay({
    client, clock, ticker: createTicker(clock), opening: [], keys: [], ids: prefix => `${prefix}_1`,
    dial: async () => ({ ok: true, link: upstream }),
    gate: { check: text => ({ do: 'pass', text, type: (JSON.parse(text.toString()) as { type: string }).type }), serverEvent() {} },
    observers: [{ serverEvent: event => seen.push(event), cutOff: ids => cutOff.push(...ids) }],
    onEnd: (end, open) => ends.push([end, open]),
    onSettled() { settledCount++ },
  })
  await settled()
  return {
    client, upstream, clock, ends, seen, cutOff, relay,
    get settledCount() { return settledCount },
    asked: () => upstream.sent.map(text => JSON.parse(text) as { type: string, response_id?: string }),
  }
}

describe('a talker who leaves in the middle of an answer', () => {
  it('is gone at once; the answer is cancelled, and what it cost is still heard', async () => {
    const all = await talk()
    all.upstream.says(created())
    all.client.leaves(1000)
    expect(all.ends).toEqual([[{ by: 'client', code: 1000 }, 1]])
    expect(all.asked()).toMatchObject([{ type: 'response.cancel', response_id: 'resp_1' }])
    expect(all.upstream.closedWith).toBeUndefined()
    all.upstream.says(done())
    expect(all.seen.at(-1)).toMatchObject({ type: 'response.done', response: { usage: { total_tokens: 7 } } })
    expect(all.upstream.closedWith).toEqual({ code: 1000, reason: '' })
    expect(all.settledCount).toBe(1)
    expect(all.cutOff).toEqual([])
    expect(all.clock.pendingTimers).toBe(0)
  })

  it('who had only asked for it is charged, too: it is awaited, cancelled and heard', async () => {
    const all = await talk()
    all.client.says('{"type":"response.create"}')
    all.client.leaves(1001)
    expect(all.settledCount).toBe(0)
    all.upstream.says(created())
    expect(all.asked().at(-1)).toMatchObject({ type: 'response.cancel', response_id: 'resp_1' })
    all.upstream.says(done())
    expect(all.settledCount).toBe(1)
  })

  it('a model that never reports is given up after 3 s, and the observers are told of what', async () => {
    const all = await talk()
    all.upstream.says(created('resp_a'))
    all.upstream.says(created('resp_b'))
    all.upstream.says(done('resp_a'))
    all.client.leaves(1000)
    await all.clock.advance(SETTLE_MS - 1)
    expect(all.settledCount).toBe(0)
    await all.clock.advance(1)
    expect(all.cutOff).toEqual(['resp_b'])
    expect(all.upstream.closedWith?.code).toBe(1000)
    expect(all.settledCount).toBe(1)
  })

  it('a model that hangs up instead: told once', async () => {
    const all = await talk()
    all.upstream.says(created())
    all.client.leaves(1000)
    all.upstream.leaves(1006)
    expect(all.cutOff).toEqual(['resp_1'])
    expect([all.ends.length, all.settledCount, all.clock.pendingTimers]).toEqual([1, 1, 0])
  })

  it('reads on from a model that was paused', async () => {
    const all = await talk()
    all.upstream.says(created())
    all.upstream.pause()
    all.client.leaves(1000)
    expect(all.upstream.paused).toBe(false)
  })
})

it('a call that we end is charged in the same way', async () => {
  const all = await talk()
  all.upstream.says(created())
  all.relay.end({ code: 'call_idle', seconds: 5 })
  expect(all.client.closedWith?.code).toBe(1001)
  const told = all.client.sent.length
  all.upstream.says(done())
  expect(all.settledCount).toBe(1)
  expect(all.client.sent).toHaveLength(told)
})

it('with nothing in the making, the model is let go at once', async () => {
  const all = await talk()
  all.upstream.says(created())
  all.upstream.says(done())
  all.client.leaves(1000)
  expect(all.upstream.closedWith?.code).toBe(1000)
  expect(all.settledCount).toBe(1)
})

it('when the model is lost in the middle of an answer, observers are told which', async () => {
  const all = await talk()
  all.upstream.says(created())
  all.upstream.leaves(1011)
  expect(all.cutOff).toEqual(['resp_1'])
  expect(all.ends[0]?.[0]).toMatchObject({ by: 'upstream', code: 1011, fault: { code: 'upstream_lost' } })
})
