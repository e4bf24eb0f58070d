import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Watermarks } from '../../../../server/relay/backpressure.ts'
import type { AudioFlow } from '../../../../server/relay/audio-flow.ts'
import { createGate } from '../../../../server/policy/client-gate.ts'
import { startRelay, type RelayEnd, type RelayOptions } from '../../../../server/relay/relay.ts'
import type { Gate } from '../../../../server/relay/gate.ts'
import { createTicker } from '../../../../server/relay/ticker.ts'
import type { DialResult } from '../../../../server/relay/upstream.ts'
import { WAITING_EVENTS } from '../../../../server/relay/waiting-room.ts'
import { createFakeLink } from '../../../fakes/fake-link.ts'
import { createManualClock, settled } from '../../../fakes/manual-clock.ts'

const KEY = 'sk-canary-55aa'
const marks: Watermarks = { highBytes: 100, lowBytes: 20, maxBytes: 1000, maxPausedMs: 5000 }
const event = (type: string) => `{"type":"${type}"}`

/** Lets everything pass; audio told as audio, by its bare looks. */
const openGate: Gate = {
  check: text => ({ do: 'pass', text, type: /"type": ?"([^"]*)"/.exec(text.toString())?.[1] ?? '' }),
  serverEvent() {},
}

function scene(changes: Partial<RelayOptions> = {}) {
  const client = createFakeLink()
  const upstream = createFakeLink()
  const clock = createManualClock()
  const ends: RelayEnd[] = []
  let answer: (result: DialResult) => void = () => {}
  let signal: AbortSignal | undefined
  let count = 0
  const relay = startRelay({
    client,
    dial: given => {
      signal = given
      return new Promise(resolve => { answer = resolve })
    },
    gate: openGate,
    observers: [],
    opening: [],
    keys: [KEY],
    clock,
    ticker: createTicker(clock),
    ids: prefix => `${prefix}_${++count}`,
    onEnd: end => ends.push(end),
    marks: { reply: marks, speech: marks },
    ...changes,
  })
  return {
    client, upstream, clock, ends, relay,
    get aborted() { return signal?.aborted },
    async open() {
      answer({ ok: true, link: upstream })
      await settled()
    },
    async fail(fault: Extract<DialResult, { ok: false }>['fault']) {
      answer({ ok: false, fault })
      await settled()
    },
    errors: () => client.sent.map(text => JSON.parse(text)).filter(said => said.type === 'error').map(said => said.error.code),
  }
}

async function opened(changes: Partial<RelayOptions> = {}) {
  const all = scene(changes)
  await all.open()
  return all
}

describe('who looks on', () => {
  const append = (samples: number) => `{"type":"input_audio_buffer.append","audio":"${Buffer.alloc(samples * 2).toString('base64')}"}`

  it('reads of the client\'s audio what passed, in sums; only who asks for it is told of each piece', async () => {
    const told: unknown[] = []
    let flow: AudioFlow | undefined
    const { client } = await opened({
      gate: createGate({ policy: 'open' }),
      observers: [{ flows: sums => { flow = sums }, clientEvent: type => told.push(type) }, { clientAudio: text => told.push(text.length) }],
    })
    client.says(append(480))
    client.says(Buffer.from(append(240)))
    client.says(event('input_audio_buffer.commit'))
    expect(told).toEqual([append(480).length, append(240).length, 'input_audio_buffer.commit'])
    expect(flow).toMatchObject({ events: 2, messageBytes: append(480).length + append(240).length, audioBytes: 1440 })
  })

  it('learns how long one message in 64 took, each way, and of none that was not passed on', async () => {
    const timed: string[] = []
    const { client, upstream } = await opened({ gate: createGate({ policy: 'open' }), observers: [{ timed: from => timed.push(from) }] })
    for (let n = 0; n < 640; n++) client.says(append(48))
    expect(timed).toEqual(Array(10).fill('client'))
    timed.length = 0
    for (let n = 0; n < 64; n++) upstream.says(event('response.done'))
    expect(timed).toEqual(['model'])
    for (let n = 0; n < 20; n++) upstream.says('no event')
    expect(timed).toEqual(['model'])
  })
})

describe('before the upstream is open', () => {
  it('keeps what the client says, and sends it after the server\'s own events', async () => {
    const { client, upstream, open } = scene({ opening: [event('session.update')] })
    client.says(event('a'))
    client.says(Buffer.from(event('b')))
    await open()
    client.says(event('c'))
    expect(upstream.sent).toEqual(['session.update', 'a', 'b', 'c'].map(event))
  })

  it('stops reading the client when the waiting room is full, and loses nothing', async () => {
    const { client, upstream, open } = scene()
    for (let n = 0; n < WAITING_EVENTS; n++) client.says(event(`e${n}`))
    expect(client.paused).toBe(true)
    await open()
    expect(client.paused).toBe(false)
    expect(upstream.sent).toHaveLength(WAITING_EVENTS)
  })

  it('bounds it in bytes, too', () => {
    const { client } = scene()
    client.says(Buffer.alloc(600_000, 'x'))
    expect(client.paused).toBe(false)
    client.says(Buffer.alloc(600_000, 'x'))
    expect(client.paused).toBe(true)
  })

  it('a client that leaves ends the dialling; an upstream that opens too late is closed again', async () => {
    const all = scene()
    all.client.leaves(1001)
    expect(all.aborted).toBe(true)
    expect(all.ends).toEqual([{ by: 'client', code: 1001 }])
    await all.open()
    expect(all.upstream.closedWith).toEqual({ code: 1000, reason: '' })
    expect(all.upstream.sent).toEqual([])
  })

  it('a dial that fails is told in an error event before the close', async () => {
    const { client, fail, errors, ends } = scene()
    await fail({ code: 'upstream_refused', status: 401, saidCode: undefined, retryAfterMs: undefined })
    expect(errors()).toEqual(['invalid_api_key'])
    expect(client.closedWith).toEqual({ code: 3000, reason: 'invalid_request_error.invalid_api_key' })
    expect(ends).toHaveLength(1)
  })

  it('a dial that rejects, against its promise, ends the call and not the process', async () => {
    const { errors } = scene({ dial: async () => { throw new Error('No stage.') } })
    await settled()
    expect(errors()).toEqual(['engine_failed'])
  })
})

describe('while both sides are there', () => {
  it('passes events on untouched, in order, both ways', async () => {
    const { client, upstream } = await opened()
    const odd = '{ "type" : "x", "n":1.50 }'
    upstream.says(odd)
    upstream.says(Buffer.from(event('y')))
    client.says(odd)
    expect(client.sent).toEqual([odd, event('y')])
    expect(upstream.sent).toEqual([odd])
  })

  it('answers binary from the client itself; drops it from the upstream', async () => {
    const { client, upstream, errors, relay } = await opened()
    client.saysBinary()
    upstream.saysBinary()
    expect(errors()).toEqual(['invalid_event'])
    expect(upstream.sent).toEqual([])
    expect(relay.dropped).toBe(1)
  })

  it('an upstream that only babbles is given up; one that slips now and then isn\'t', async () => {
    const patient = await opened()
    for (let n = 0; n < 60; n++) {
      patient.upstream.says('{bad')
      await patient.clock.advance(1000)
    }
    expect(patient.relay.ended).toBe(false)
    const { upstream, errors } = await opened()
    for (let n = 0; n < 21; n++) upstream.says('{bad')
    expect(errors()).toEqual(['upstream_lost'])
    expect(upstream.closedWith?.code).toBe(1000)
  })

  it('cuts its key out of whatever the upstream says', async () => {
    const { client, upstream } = await opened()
    upstream.says(`{"type":"session.created","session":{"instructions":"${KEY}"}}`)
    upstream.says(`{"type":"error","error":{"type":"invalid_request_error","code":"invalid_api_key","message":"Incorrect API key provided: sk-proj-****abcd."}}`)
    upstream.says(`{"type":"response.output_audio.delta","delta":"${'A'.repeat(8000)}${KEY}"}`)
    upstream.leaves(3000, `bad key ${KEY}`)
    expect(client.sent.join('')).not.toContain('canary')
    expect(client.sent.join('')).not.toContain('abcd')
    expect(client.closedWith).toEqual({ code: 3000, reason: 'bad key [key]' })
  })

  it('tells activity from an open microphone', async () => {
    const { client, upstream, clock, relay } = await opened()
    const before = relay.activeAtMs
    await clock.advance(1000)
    client.says('{"type":"input_audio_buffer.append","audio":"AAAA"}')
    client.says(Buffer.from('{"event_id":"e1", "type": "input_audio_buffer.append","audio":"AAAA"}'))
    expect(relay.activeAtMs).toBe(before)
    client.says(event('response.create'))
    expect(relay.activeAtMs).toBe(before + 1000)
    await clock.advance(1000)
    upstream.says(event('input_audio_buffer.speech_started'))
    expect(relay.activeAtMs).toBe(before + 2000)
  })
})

describe('when a side reads too slowly', () => {
  it('pauses the upstream while the browser doesn\'t read, and goes on when it does', async () => {
    const { client, upstream } = await opened()
    client.unread = 101
    upstream.says(event('a'))
    expect(upstream.paused).toBe(true)
    client.unread = 50
    client.reads()
    expect(upstream.paused).toBe(false)
  })

  it('closes 4008 when it stays so', async () => {
    const { client, upstream, clock, errors } = await opened()
    client.unread = 101
    upstream.says(event('a'))
    await clock.advance(6000)
    expect(errors()).toEqual(['client_too_slow'])
    expect(client.closedWith).toEqual({ code: 4008, reason: 'invalid_request_error.client_too_slow' })
    expect(upstream.closedWith?.code).toBe(1000)
  })

  it('who asks for errors and doesn\'t read them is closed 4008: pausing the upstream wouldn\'t stop those', async () => {
    const refusing: Gate = { check: () => ({ do: 'refuse', type: undefined, error: { type: 'invalid_request_error', code: 'event_not_allowed', message: 'No.', param: null, event_id: null } }), serverEvent() {} }
    const { client, errors } = await opened({ gate: refusing })
    client.unread = 201
    client.says(event('a'))
    expect(errors()).toEqual(['client_too_slow'])
    expect(client.closedWith?.code).toBe(4008)
  })

  it('closes 4008 at once above the bound', async () => {
    const { client, upstream } = await opened()
    client.unread = 1001
    upstream.says(event('a'))
    expect(client.closedWith?.code).toBe(4008)
  })

  it('pauses the client while the upstream doesn\'t read, and gives the call up when it stays so', async () => {
    const { client, upstream, clock, errors } = await opened()
    upstream.unread = 101
    client.says(event('a'))
    expect(client.paused).toBe(true)
    upstream.reads()
    expect(client.paused).toBe(false)
    upstream.unread = 101
    client.says(event('b'))
    await clock.advance(6000)
    expect(errors()).toEqual(['upstream_lost'])
  })
})

describe('the end', () => {
  it.each([[1006, 1011], [1005, 1011], [1015, 1011], [1000, 1000], [1001, 1001], [4321, 4321], [2000, 1011], [65_535, 1011]])('upstream close %i arrives as %i', async (code, expected) => {
    const { client, upstream, errors } = await opened()
    upstream.leaves(code)
    expect(errors()).toEqual(['upstream_lost'])
    expect(client.closedWith).toEqual({ code: expected, reason: 'server_error.upstream_lost' })
  })

  it('happens once, whoever else wants it', async () => {
    const { client, upstream, relay, ends, clock } = await opened()
    relay.end({ code: 'call_idle', seconds: 5 })
    relay.end({ code: 'server_draining' })
    upstream.leaves(1000)
    client.leaves(1000)
    client.says(event('late'))
    expect(ends).toHaveLength(1)
    expect(upstream.sent).toEqual([])
    expect(client.sent).toHaveLength(1)
    await clock.advance(60_000)
    expect(clock.pendingTimers).toBe(0)
  })
})

type Step = { by: 'client' | 'upstream', do: 'text' | 'binary' | 'leave' | 'read', text: string, code: number, unread: number } | { by: 'time', ms: number } | { by: 'dial', ok: boolean }

const steps = fc.array(fc.oneof(
  fc.record({
    by: fc.constantFrom('client' as const, 'upstream' as const),
    do: fc.constantFrom('text' as const, 'text' as const, 'text' as const, 'binary' as const, 'read' as const, 'leave' as const),
    text: fc.oneof(fc.string(), fc.json(), fc.constantFrom('{"type":"error"}', '{"type":"error","error":7}', '{"type":"a"}', '{"__proto__":1}')),
    code: fc.integer({ min: 0, max: 70_000 }),
    unread: fc.integer({ min: 0, max: 1200 }),
  }),
  fc.record({ by: fc.constant('time' as const), ms: fc.integer({ min: 0, max: 8000 }) }),
  fc.record({ by: fc.constant('dial' as const), ok: fc.boolean() }),
), { maxLength: 40 })

it('whatever happens in whatever order: nothing escapes, it ends at most once, and says why before it closes', async () => {
  await fc.assert(fc.asyncProperty(steps, async (script: Step[]) => {
    const all = scene()
    for (const step of script) {
      if (step.by === 'time') await all.clock.advance(step.ms)
      else if (step.by === 'dial') await (step.ok ? all.open() : all.fail({ code: 'upstream_unreachable', why: 'refused', tries: 4 }))
      else act(all[step.by], step)
    }
    expect(all.ends.length).toBeLessThanOrEqual(1)
    expect(all.relay.ended).toBe(all.ends.length === 1)
    if (all.client.closedWith) {
      const last = JSON.parse(all.client.sent.at(-1)!) as { type: string }
      expect(last.type).toBe('error')
      expect(all.client.closedWith.reason.length).toBeGreaterThan(0)
    }
    if (all.relay.ended) expect(all.clock.pendingTimers).toBe(0)
  }), { numRuns: 500 })
})

function act(link: ReturnType<typeof createFakeLink>, step: Extract<Step, { do: string }>) {
  link.unread = step.unread
  switch (step.do) {
    case 'text': return link.says(step.text)
    case 'binary': return link.saysBinary()
    case 'read': return link.reads()
    case 'leave': return link.leaves(step.code, step.text)
    default: return step.do satisfies never
  }
}
