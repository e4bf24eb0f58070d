import { describe, expect, it } from 'vitest'
import type { TransportState } from '../../../app/voice/transport.ts'
import { openWebSocketTransport, socketAddress } from '../../../app/voice/websocket-transport.ts'
import { createPageTime } from '../../fakes/page-time.ts'

class FakeSocket {
  static made: FakeSocket[] = []
  readyState = 0
  bufferedAmount = 0
  sent: string[] = []
  closedWith: number[] = []
  onopen?: () => void
  onmessage?: (event: { data: unknown }) => void
  onclose?: (event: { code: number, reason: string }) => void
  url: string
  protocols: string[]
  constructor(url: string, protocols: string[]) {
    this.url = url
    this.protocols = protocols
    FakeSocket.made.push(this)
  }

  send(text: string) { this.sent.push(text) }
  close(code = 1005) { this.closedWith.push(code) }
  open() {
    this.readyState = 1
    this.onopen?.()
  }
}

const grant = { call_id: 'call_1', conversation_id: 'conv_1', ticket: 'tick.et', expires_at: 1, url: 'ws://other.example/v1/realtime?model=m', limits: {} }
const answer = (status: number, body?: unknown) => () => Promise.resolve(new Response(body === undefined ? '<html>' : JSON.stringify(body), { status }))

function open(fetch: (input: string, init: RequestInit) => Promise<Response>) {
  FakeSocket.made = []
  const time = createPageTime()
  const requests: { input: string, init: RequestInit }[] = []
  const transport = openWebSocketTransport({
    fetch: ((input: string, init: RequestInit) => {
      requests.push({ input, init })
      return fetch(input, init)
    }) as typeof globalThis.fetch,
    WebSocket: FakeSocket as unknown as new (url: string, protocols: string[]) => WebSocket,
    location: { protocol: 'https:', host: 'talk.example:8443', href: 'https://talk.example:8443/' },
    setTimer: time.setTimer,
  })
  const states: TransportState[] = []
  const texts: string[] = []
  transport.onState(state => states.push(state))
  transport.onEvent(text => texts.push(text))
  return { transport, states, texts, time, requests, get socket() { return FakeSocket.made[0]! } }
}

describe('the WebSocket transport', () => {
  it('asks the page\'s own server for a call, then connects with the ticket as a subprotocol', async () => {
    const { socket, time, requests, states } = await opened()
    expect(requests.map(({ input, init }) => [init.method, input])).toEqual([['POST', '/api/calls']])
    expect(socket.url).toBe('wss://talk.example:8443/v1/realtime?model=m')
    expect(socket.protocols).toEqual(['realtime', 'kaiwa.v1', 'kaiwa.ticket.tick.et'])
    expect(states).toEqual([{ phase: 'connecting' }, { phase: 'open' }])
    expect(time.pendingTimers).toBe(0)
  })

  it('passes events both ways as text, and nothing before it is open', async () => {
    const line = open(answer(201, grant))
    line.transport.send({ type: 'response.create' })
    await line.time.settle()
    line.transport.send({ type: 'response.create' })
    line.socket.open()
    line.transport.send({ type: 'response.cancel' })
    line.socket.bufferedAmount = 123
    expect(line.socket.sent).toEqual(['{"type":"response.cancel"}'])
    line.socket.onmessage?.({ data: '{"type":"x"}' })
    line.socket.onmessage?.({ data: new ArrayBuffer(2) })
    expect(line.texts).toEqual(['{"type":"x"}'])
    expect(line.transport.unsentBytes).toBe(123)
  })

  it.each([
    [401, { error: { type: 'invalid_request_error', code: 'not_admitted', message: 'Sign in.' } }, 'invalid_request_error.not_admitted', 'Sign in.'],
    [429, { error: { type: 'server_error', code: 'server_full', message: 'Full.' } }, 'server_error.server_full', 'Full.'],
    [503, undefined, '', 'The server refused the call (HTTP 503).'],
    [500, { error: 'text' }, '', 'The server refused the call (HTTP 500).'],
  ])('reports a call refused with %i, and opens no socket', async (status, body, reason, detail) => {
    const { states, time } = open(answer(status, body))
    await time.settle()
    expect(states.at(-1)).toEqual({ phase: 'closed', code: status, reason, detail })
    expect(FakeSocket.made).toHaveLength(0)
    expect(time.pendingTimers).toBe(0)
  })

  it('takes a success without a ticket for a fault of the server', async () => {
    const { states, time } = open(answer(200, { hello: 1 }))
    await time.settle()
    expect(states.at(-1)).toMatchObject({ phase: 'closed', code: 500 })
  })

  it('reports a server that can not be reached', async () => {
    const { states, time } = open(() => Promise.reject(new TypeError('Failed to fetch')))
    await time.settle()
    expect(states.at(-1)).toMatchObject({ phase: 'closed', code: 0, reason: 'network' })
  })

  it('gives up on a server that does not answer within 10 s', async () => {
    const { states, time } = open((_, { signal }) => new Promise((_, reject) => { signal?.addEventListener('abort', () => reject(new Error('aborted'))) }))
    await time.advance(9999)
    expect(states).toHaveLength(1)
    await time.advance(1)
    expect(states.at(-1)).toMatchObject({ phase: 'closed', code: 0, reason: 'timeout' })
  })

  it('gives up on a handshake that takes longer than 10 s, and closes the socket', async () => {
    const line = open(answer(201, grant))
    await line.time.settle()
    await line.time.advance(10_000)
    expect(line.states.at(-1)).toMatchObject({ phase: 'closed', code: 0, reason: 'timeout' })
    expect(line.socket.closedWith).toHaveLength(1)
    line.socket.open()
    expect(line.states.at(-1)).toMatchObject({ phase: 'closed' })
  })

  it('reports a refused handshake as the server not being there, because a browser tells no more', async () => {
    const line = open(answer(201, grant))
    await line.time.settle()
    line.socket.onclose?.({ code: 1006, reason: '' })
    expect(line.states.at(-1)).toMatchObject({ phase: 'closed', code: 0, reason: 'handshake' })
    expect(line.time.pendingTimers).toBe(0)
  })

  it('passes close code and reason on', async () => {
    const line = await opened()
    line.socket.onclose?.({ code: 3000, reason: 'invalid_request_error.invalid_api_key' })
    expect(line.states.at(-1)).toEqual({ phase: 'closed', code: 3000, reason: 'invalid_request_error.invalid_api_key' })
  })

  it('closes with 1000, and is silent afterwards', async () => {
    const line = await opened()
    const before = line.states.length
    line.transport.close()
    line.transport.close()
    line.transport.send({ type: 'response.create' })
    line.socket.onmessage?.({ data: 'late' })
    line.socket.onclose?.({ code: 1000, reason: 'done' })
    expect(line.socket.closedWith).toContain(1000)
    expect([line.socket.sent, line.texts, line.states.length]).toEqual([[], [], before])
  })

  it('closed while it asks for the call, it never opens a socket', async () => {
    let signal: AbortSignal | null | undefined
    const line = open((_, init) => {
      signal = init.signal
      return new Promise(resolve => { setTimeout(() => resolve(new Response(JSON.stringify(grant), { status: 201 }))) })
    })
    await Promise.resolve()
    line.transport.close()
    await line.time.settle()
    await line.time.settle()
    expect(signal?.aborted).toBe(true)
    expect(FakeSocket.made).toHaveLength(0)
    expect(line.states.filter(({ phase }) => phase === 'closed')).toEqual([])
  })

  it('closed during the handshake, it closes the socket as soon as it is open, because earlier a browser reports an error', async () => {
    const line = open(answer(201, grant))
    await line.time.settle()
    line.transport.close()
    expect(line.socket.closedWith).toEqual([])
    line.socket.open()
    expect(line.socket.closedWith).toEqual([1000])
    expect(line.time.pendingTimers).toBe(0)
    expect(line.states).toEqual([{ phase: 'connecting' }])
  })

  it('closed during a handshake that never ends, it closes the socket when the time is up', async () => {
    const line = open(answer(201, grant))
    await line.time.settle()
    line.transport.close()
    await line.time.advance(10_000)
    expect(line.socket.closedWith).toHaveLength(1)
    expect(line.time.pendingTimers).toBe(0)
  })
})

describe('the address of the line', () => {
  it('is the page\'s own host and as secure as the page, whatever the server names', () => {
    const page = (href: string) => new URL(href)
    expect(socketAddress('/v1/realtime?model=a', page('http://127.0.0.1:3000/x'))).toBe('ws://127.0.0.1:3000/v1/realtime?model=a')
    expect(socketAddress('ws://internal:1/v1/realtime?model=a', page('https://talk.example/'))).toBe('wss://talk.example/v1/realtime?model=a')
  })
})

async function opened() {
  const line = open(answer(201, grant))
  await line.time.settle()
  line.socket.open()
  return line
}
