import { describe, expect, it } from 'vitest'
import { createFarewell, FAREWELL_MS } from '../../../../server/relay/farewell.ts'
import { startRelay } from '../../../../server/relay/relay.ts'
import { createTicker, TICK_MS } from '../../../../server/relay/ticker.ts'
import { createFakeLink } from '../../../fakes/fake-link.ts'
import { createManualClock, settled } from '../../../fakes/manual-clock.ts'

const event = (type: string, more: object = {}) => JSON.stringify({ type, ...more })
const created = (id: string) => event('response.created', { response: { id } })
const done = (id: string) => event('response.done', { response: { id } })
/** So many milliseconds of voice. */
const voice = (ms: number) => event('response.output_audio.delta', { delta: 'A'.repeat(ms * 64) })

async function page() {
  const client = createFakeLink()
  const upstream = createFakeLink()
  const clock = createManualClock()
  const ticker = createTicker(clock)
  const ids = (prefix: string) => `${prefix}_1`
  const farewell = createFarewell({ nowMs: clock.nowMs, ticker, ids })
  const gate = farewell.guard({ check: text => ({ do: 'pass', text, type: (JSON.parse(text.toString()) as { type: string }).type }), serverEvent() {} })
  const relay = startRelay({
    client, clock, ticker, ids, opening: [], keys: [], gate, observers: [farewell.observer],
    dial: async () => ({ ok: true, link: upstream }),
    onEnd: () => farewell.stop(),
  })
  await settled()
  return {
    client, upstream, clock, relay,
    begin: () => farewell.begin(relay, () => relay.end({ code: 'budget_spent', of: 'call' })),
    asked: () => upstream.sent.map(text => JSON.parse(text) as { type: string }),
    told: () => client.sent.map(text => JSON.parse(text) as { type: string, error?: { code: string } }),
  }
}

describe('a kind end', () => {
  it('stops listening, asks for a goodbye, and ends when it was heard', async () => {
    const { upstream, client, clock, relay, begin, asked } = await page()
    begin()
    expect(asked()).toMatchObject([
      { type: 'session.update', session: { audio: { input: { turn_detection: null } } } },
      { type: 'response.create', response: { tool_choice: 'none' } },
    ])
    upstream.says(created('bye'))
    upstream.says(voice(1500))
    upstream.says(done('bye'))
    await clock.advance(1500)
    expect(relay.ended).toBe(false)
    await clock.advance(1000)
    expect(client.closedWith).toEqual({ code: 1001, reason: 'rate_limit_error.budget_spent' })
    expect(clock.pendingTimers).toBe(0)
  })

  it('cuts the answer that is in the making first; one response at a time', async () => {
    const { upstream, begin, asked } = await page()
    upstream.says(created('long'))
    begin()
    expect(asked().map(({ type }) => type)).toEqual(['session.update', 'response.cancel'])
    upstream.says(done('long'))
    expect(asked().map(({ type }) => type)).toEqual(['session.update', 'response.cancel', 'response.create'])
  })

  it.each<[string, (upstream: Awaited<ReturnType<typeof page>>['upstream']) => void]>([
    ['never begins', () => undefined],
    ['is too long', upstream => { for (let n = 0; n < 3; n++) upstream.says(voice(5000)) }],
    ['comes and comes', upstream => { upstream.says(created('bye')) }],
  ])('takes 5 s at most: a goodbye that %s', async (_name, act) => {
    const { upstream, relay, clock, begin } = await page()
    begin()
    act(upstream)
    await clock.advance(FAREWELL_MS - TICK_MS)
    expect(relay.ended).toBe(false)
    await clock.advance(2 * TICK_MS)
    expect(relay.ended).toBe(true)
  })

  it('over WebRTC, where the model itself plays what it says: nothing is left before the goodbye, which is heard to its end', async () => {
    const { upstream, relay, clock, begin, asked } = await page()
    upstream.says(created('long'))
    upstream.says(event('output_audio_buffer.started', { response_id: 'long' }))
    upstream.says(done('long'))
    begin()
    expect(asked().map(({ type }) => type)).toEqual(['session.update', 'output_audio_buffer.clear', 'response.create'])
    upstream.says(event('output_audio_buffer.cleared', { response_id: 'long' }))
    upstream.says(created('bye'))
    upstream.says(event('output_audio_buffer.started', { response_id: 'bye' }))
    upstream.says(done('bye'))
    await clock.advance(1500)
    expect(relay.ended).toBe(false)
    upstream.says(event('output_audio_buffer.stopped', { response_id: 'bye' }))
    await clock.advance(1000)
    expect(relay.ended).toBe(true)
  })

  it('a goodbye that failed isn\'t waited for', async () => {
    const { upstream, relay, begin } = await page()
    begin()
    upstream.says(created('bye'))
    upstream.says(done('bye'))
    expect(relay.ended).toBe(true)
  })

  it('lets the microphone be open, and refuses everything else', async () => {
    const { client, upstream, begin, told } = await page()
    begin()
    const before = upstream.sent.length
    client.says(event('input_audio_buffer.append', { audio: 'AAAA' }))
    client.says(event('response.create'))
    client.says(event('conversation.item.create'))
    expect(upstream.sent).toHaveLength(before + 1)
    expect(told().map(({ error }) => error?.code)).toEqual(['call_ending', 'call_ending'])
  })

  it('the talker may leave during it', async () => {
    const { client, upstream, clock, begin } = await page()
    begin()
    upstream.says(created('bye'))
    client.leaves(1000)
    upstream.says(done('bye'))
    expect(upstream.closedWith?.code).toBe(1000)
    expect(clock.pendingTimers).toBe(0)
  })
})
