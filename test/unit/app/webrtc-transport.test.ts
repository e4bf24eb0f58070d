import { describe, expect, it } from 'vitest'
import type { TransportState } from '../../../app/voice/transport.ts'
import { openWebRtcTransport } from '../../../app/voice/webrtc-transport.ts'
import { createFakePeer } from '../../fakes/fake-peer.ts'
import { FakeSocket } from '../../fakes/fake-socket.ts'
import { createPageTime } from '../../fakes/page-time.ts'

const grant = { call_id: 'call_1', conversation_id: 'conv_1', ticket: 'tick.et', expires_at: 1, url: 'ws://other.example/v1/realtime', limits: {} }
const granted = () => new Response(JSON.stringify(grant), { status: 201 })
const answered = (headers: Record<string, string> = { location: '/v1/realtime/calls/rtc_abc', 'kaiwa-ticket': 'second' }) => () => new Response('v=0\r\nanswer', { status: 201, headers })
const refused = (status: number, code: string) => () => new Response(JSON.stringify({ error: { type: 'server_error', code, message: 'No.' } }), { status, headers: { 'retry-after': '7' } })

const anotherTicket = () => new Response('{"ticket":"another","expires_at":1}', { status: 201 })

interface Options { calls?: () => Response, offer?: () => Response, ticket?: () => Response, peer?: Parameters<typeof createFakePeer>[0] | 'none', patienceMs?: number }

async function open({ calls = granted, offer = answered(), ticket = anotherTicket, peer: made = {}, patienceMs = 3000 }: Options = {}) {
  const time = createPageTime()
  const sockets: FakeSocket[] = []
  const requests: { input: string, init: RequestInit }[] = []
  const peer = createFakePeer(made === 'none' ? {} : made)
  const transport = openWebRtcTransport({ patienceMs }, {
    fetch: (async (input: string, init: RequestInit) => {
      requests.push({ input, init })
      return input === '/api/calls' ? calls() : input.endsWith('/ticket') ? ticket() : offer()
    }) as typeof globalThis.fetch,
    WebSocket: class extends FakeSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols)
        sockets.push(this)
      }
    } as unknown as new (url: string, protocols: string[]) => WebSocket,
    location: { protocol: 'https:', host: 'talk.example:8443', href: 'https://talk.example:8443/' },
    createConnection() {
      if (made === 'none') throw new Error('none')
      return peer.connection
    },
    setTimer: time.setTimer, nowMs: time.nowMs,
  })
  const states: TransportState[] = []
  const texts: string[] = []
  transport.onState(state => states.push(state))
  transport.onEvent(text => texts.push(text))
  for (let round = 0; round < 4; round++) await time.settle()
  return { transport, states, texts, time, requests, peer, sockets, get house() { return sockets[0]! } }
}

async function talking(options?: Options) {
  const line = await open(options)
  line.house.open()
  line.peer.become('connected')
  return line
}
const event = (n: number) => JSON.stringify({ type: 'x', event_id: `event_${n}` })
const last = <T>(list: readonly T[]) => list.at(-1)

describe('the WebRTC transport', () => {
  it('gives its offer to the page’s own server with a ticket, and opens the house socket of the call with the second one', async () => {
    const { requests, peer, house, states, transport } = await talking()
    expect(requests.map(({ input }) => input)).toEqual(['/api/calls', '/v1/realtime/calls'])
    expect(requests[0]!.init.body).toBe('{"transport":"webrtc"}')
    expect(requests[1]!.init).toMatchObject({ body: 'v=0\r\noffer', headers: { 'content-type': 'application/sdp', authorization: 'Bearer tick.et' } })
    expect(peer.answered).toBe('v=0\r\nanswer')
    expect(house.url).toBe('wss://talk.example:8443/v1/realtime?call_id=rtc_abc')
    expect(house.protocols).toEqual(['realtime', 'kaiwa.v1', 'kaiwa.ticket.second'])
    expect(states).toEqual([{ phase: 'connecting' }, { phase: 'open' }])
    expect(transport.route).toMatchObject({ kind: 'webrtc', connectedInMs: 0 })
  })

  it('is open only when voices get through and events have a way', async () => {
    const { peer, house, states } = await open()
    peer.become('connected')
    expect(states).toEqual([{ phase: 'connecting' }])
    house.open()
    expect(last(states)).toEqual({ phase: 'open' })
  })

  it('keeps what is said before it is open, and passes it in order', async () => {
    const { peer, house, texts } = await open()
    house.open()
    house.onmessage?.({ data: event(1) })
    house.onmessage?.({ data: event(2) })
    expect(texts).toEqual([])
    peer.become('connected')
    expect(texts).toEqual([event(1), event(2)])
  })

  it('says events over the channel once it is open, over the house socket before, and again when the channel is gone', async () => {
    const { transport, peer, house } = await talking()
    transport.send({ type: 'response.create' })
    peer.openChannel()
    transport.send({ type: 'response.cancel' })
    peer.closeChannel()
    transport.send({ type: 'input_audio_buffer.clear' })
    expect(peer.sent).toEqual(['{"type":"response.cancel"}'])
    expect(house.sent).toEqual(['{"type":"response.create"}', '{"type":"input_audio_buffer.clear"}'])
  })

  it('takes each event once, from whichever way it came first', async () => {
    const { peer, house, texts } = await talking()
    peer.openChannel()
    house.onmessage?.({ data: event(1) })
    for (const n of [1, 2]) peer.say(event(n))
    for (const n of [2, 3]) house.onmessage?.({ data: event(n) })
    peer.say(event(3))
    expect(texts).toEqual([event(1), event(2), event(3)])
  })

  it('does without a house where the server has none', async () => {
    const { peer, states, texts, transport, sockets } = await open({ offer: answered({}) })
    peer.become('connected')
    expect(states).toHaveLength(1)
    peer.openChannel()
    peer.say(event(1))
    transport.send({ type: 'response.create' })
    expect([sockets, texts, peer.sent, last(states)]).toEqual([[], [event(1)], ['{"type":"response.create"}'], { phase: 'open' }])
  })

  it('carries the microphone of now, and hands over the voice that comes', async () => {
    const { transport, peer } = await talking()
    const [first, second] = [{}, {}] as MediaStreamTrack[]
    transport.media!.setMicrophone(first)
    transport.media!.setMicrophone(second)
    expect(peer.tracks.slice(-2)).toEqual([first, second])
    const stream = {} as MediaStream
    peer.speak(stream)
    const voices: MediaStream[] = []
    transport.media!.onVoice(voice => voices.push(voice))
    expect(voices).toEqual([stream])
  })

  it.each([
    ['nothing gets through in time', {}, 'unreached'],
    ['the server answers no offer', { offer: refused(501, 'webrtc_unavailable') }, 'refused'],
    ['the answer is none', { offer: () => new Response('<html>', { status: 201 }) }, 'refused'],
    ['the browser doesn’t take the answer', { peer: { refuses: true } }, 'refused'],
    ['the browser makes no offer', { peer: { offer: null } }, 'unsupported'],
    ['the browser has none', { peer: 'none' }, 'unsupported'],
  ] as const)('says that the way failed, when %s', async (_why, options, way) => {
    const { states, time, peer, sockets } = await open(options as Options)
    await time.advance(3000)
    // One that was about to connect is closed when it has.
    sockets[0]?.open()
    expect(last(states)).toMatchObject({ phase: 'closed', way })
    expect(time.pendingTimers).toBe(0)
    if (way !== 'unsupported') expect(peer.closed).toBe(true)
  })

  it('is over, not only this way, when the server gives nobody a call now', async () => {
    const { states } = await open({ calls: refused(429, 'too_many_calls') })
    expect(last(states)).toMatchObject({ phase: 'closed', code: 429, reason: 'server_error.too_many_calls', retryAfterSeconds: 7 })
    expect(last(states)).not.toHaveProperty('way')
  })

  it('passes on why the server ended the call', async () => {
    const { house, states, peer } = await talking()
    house.drop(1000, 'invalid_request_error.budget_spent')
    expect(last(states)).toEqual({ phase: 'closed', code: 1000, reason: 'invalid_request_error.budget_spent' })
    expect(peer.closed).toBe(true)
  })

  it.each([
    ['stays away for two seconds', async (line: Awaited<ReturnType<typeof talking>>) => {
      line.peer.become('disconnected')
      await line.time.advance(1900)
      expect(last(line.states)).toEqual({ phase: 'open' })
      await line.time.advance(100)
    }],
    ['fails', async (line: Awaited<ReturnType<typeof talking>>) => { line.peer.become('failed') }],
    ['loses its house socket, and a new one each time', async (line: Awaited<ReturnType<typeof talking>>) => {
      for (let n = 0; n < 5; n++) {
        expect(last(line.states)).toEqual({ phase: 'open' })
        last(line.sockets)!.drop(1006)
        await line.time.advance(4000)
      }
      expect(line.sockets).toHaveLength(5)
    }],
    ['says more than can wait for a new house socket', async (line: Awaited<ReturnType<typeof talking>>) => {
      line.house.drop(1006)
      for (let n = 0; n <= 200; n++) line.transport.send({ type: 'response.create' })
    }],
  ])('says that the way broke off, when it %s', async (_why, lose) => {
    const line = await talking()
    await lose(line)
    expect(last(line.states)).toMatchObject({ phase: 'closed', way: 'lost' })
    expect(line.time.pendingTimers).toBe(0)
  })

  it('opens its house socket again with another ticket when it breaks: what was said meanwhile follows, and nothing comes twice', async () => {
    const { house, sockets, requests, transport, time, texts, states } = await talking()
    house.onmessage?.({ data: event(1) })
    house.drop(1006)
    transport.send({ type: 'response.create' })
    await time.advance(200)
    expect(requests.at(-1)).toMatchObject({ input: '/api/calls/rtc_abc/ticket', init: { method: 'POST' } })
    expect(sockets[1]).toMatchObject({ url: house.url, protocols: ['realtime', 'kaiwa.v1', 'kaiwa.ticket.another'] })
    sockets[1]!.open()
    transport.send({ type: 'response.cancel' })
    for (const n of [1, 2]) sockets[1]!.onmessage?.({ data: event(n) })
    expect(sockets[1]!.sent).toEqual(['{"type":"response.create"}', '{"type":"response.cancel"}'])
    expect([texts, states.length]).toEqual([[event(1), event(2)], 2])
  })

  it.each([[404, 1], [401, 1], [503, 4]])('gives the way up when the server gives no other ticket (%i), after %i tries', async (status, tries) => {
    const { house, requests, states, time } = await talking({ ticket: refused(status, 'x') })
    house.drop(1006)
    await time.advance(8000)
    expect(requests.filter(({ input }) => input.endsWith('/ticket'))).toHaveLength(tries)
    expect(last(states)).toMatchObject({ phase: 'closed', way: 'lost' })
    expect(time.pendingTimers).toBe(0)
  })

  it('is left in peace when it ends while its house socket is opened again', async () => {
    const { house, sockets, transport, time, states } = await talking()
    house.drop(1006)
    await time.advance(200)
    transport.close()
    sockets[1]!.open()
    await time.advance(8000)
    expect([sockets.length, sockets[1]!.closedWith, states.length, time.pendingTimers]).toEqual([2, [1000], 2, 0])
  })

  it('hangs up by saying goodbye to the house, and reports nothing afterwards', async () => {
    const { transport, house, peer, states, time } = await talking()
    transport.close()
    transport.close()
    peer.become('failed')
    expect([house.closedWith, peer.closed, states.length, time.pendingTimers]).toEqual([[1000], true, 2, 0])
  })

  it('hangs up a call that was answered after it was no longer wanted', async () => {
    const { transport, house } = await open()
    transport.close()
    house.open()
    expect(house.closedWith).toEqual([1000])
  })

  it('keeps no key: what the page sends and gets holds tickets only', async () => {
    const { requests } = await talking()
    expect(JSON.stringify(requests)).not.toMatch(/sk-|ek_/)
  })
})
