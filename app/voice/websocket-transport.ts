import { requestCall } from './call-request.ts'
import type { CallRequestEnv, CallWish } from './call-request.ts'
import { noServer } from './transport.ts'
import type { PageEvent, Transport, TransportState } from './transport.ts'

/** The way through our own server: a ticket over HTTP, then a WebSocket to the relay or the engine. */

export interface WebSocketEnv extends CallRequestEnv {
  WebSocket: new (url: string, protocols: string[]) => WebSocket
  location: Pick<Location, 'protocol' | 'host' | 'href'>
}

/** TCP, TLS and the upgrade, on a slow mobile line. */
const HANDSHAKE_TIMEOUT_MS = 10_000

/** Connects at once; listeners set in the same turn miss nothing. */
export function openWebSocketTransport(env: WebSocketEnv = browserEnv(), conversation?: CallWish['conversation']): Transport {
  const cancel = new AbortController()
  const events = new Set<(text: string) => void>()
  const states = new Set<(state: TransportState) => void>()
  let socket: WebSocket | undefined
  let closed = false

  const report = (state: TransportState) => {
    if (closed) return
    closed = state.phase === 'closed'
    for (const listener of states) listener(state)
  }
  const receive = (text: string) => {
    if (!closed) for (const listener of events) listener(text)
  }

  async function connect() {
    report({ phase: 'connecting' })
    const answer = await requestCall(env, cancel.signal, { conversation })
    if (closed) return
    if (!answer.ok) report({ phase: 'closed', code: answer.code, reason: answer.reason, detail: answer.detail, ...retryAfter(answer) })
    else socket = dial(env, answer, { report, receive, wanted: () => !closed })
  }
  // A turn later, so that whoever opened us has set its listeners.
  queueMicrotask(() => { void connect() })

  return {
    send(event: PageEvent) { if (socket?.readyState === OPEN && !closed) socket.send(JSON.stringify(event)) },
    onEvent(listener) { events.add(listener) },
    onState(listener) { states.add(listener) },
    close() {
      closed = true
      cancel.abort()
      // A browser reports a socket closed while it connects as an error: one that connects is closed when it has, or when its time is up.
      if (socket?.readyState !== CONNECTING) socket?.close(1000, 'done')
    },
    get unsentBytes() { return socket?.bufferedAmount ?? 0 },
  }
}

const retryAfter = ({ retryAfterSeconds }: { retryAfterSeconds?: number }) => retryAfterSeconds === undefined ? {} : { retryAfterSeconds }

/** `WebSocket.CONNECTING` and `.OPEN`, without a `WebSocket` at hand. */
export const [CONNECTING, OPEN] = [0, 1]

export interface Reports { report: (state: TransportState) => void, receive: (text: string) => void, wanted: () => boolean }

/** Opens the socket with the ticket; tells when it is open and, once, when it is closed. */
export function dial(env: WebSocketEnv, { ticket, url }: { ticket: string, url: string }, { report, receive, wanted }: Reports): WebSocket {
  const socket = new env.WebSocket(socketAddress(url, env.location), ['realtime', 'kaiwa.v1', `kaiwa.ticket.${ticket}`])
  let opened = false
  const stopTimer = env.setTimer(() => {
    report({ phase: 'closed', code: noServer, reason: 'timeout', detail: `The line was not up within ${HANDSHAKE_TIMEOUT_MS / 1000} s.` })
    socket.close()
  }, HANDSHAKE_TIMEOUT_MS)
  socket.onopen = () => {
    opened = true
    stopTimer()
    if (!wanted()) return socket.close(1000, 'done')
    report({ phase: 'open' })
  }
  socket.onmessage = ({ data }) => { if (typeof data === 'string') receive(data) }
  // No `onerror`: a browser tells nothing there, and `onclose` always follows.
  socket.onclose = ({ code, reason }) => {
    stopTimer()
    // Browsers hide the answer to a refused upgrade: all they say is 1006.
    if (opened) report({ phase: 'closed', code, reason })
    else report({ phase: 'closed', code: noServer, reason: 'handshake', detail: 'The server did not accept the connection.' })
  }
  return socket
}

/** Where the page came from, with the path the server named: never another host, never less secure than the page. */
export function socketAddress(url: string, location: WebSocketEnv['location']): string {
  const { pathname, search } = new URL(url, location.href)
  return `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}${pathname}${search}`
}

export function browserEnv(): WebSocketEnv {
  return {
    fetch: (input, init) => globalThis.fetch(input, init),
    WebSocket: globalThis.WebSocket,
    location: globalThis.location,
    setTimer(callback, delayMs) {
      const id = setTimeout(callback, delayMs)
      return () => clearTimeout(id)
    },
  }
}
