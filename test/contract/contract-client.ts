import { WebSocket } from 'ws'

/** A received event: the suite looks at any field, so it is read loosely here and nowhere else. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the point of the suite is to check shapes that no type vouches for
export type WireEvent = Record<string, any> & { type: string }

/** All that the suite needs of a line to a Realtime server. */
export interface ContractClient {
  /** An object is sent as JSON, a string as it is. */
  send(event: object | string): void
  /** A binary frame; absent where the line can't carry one. */
  sendBinary?(bytes: Uint8Array): void
  /** The next event that matches; those before it are passed over (they stay in `events`). Rejects after the time. */
  next(wanted: string | ((event: WireEvent) => boolean), timeoutMs?: number): Promise<WireEvent>
  /** Every event so far, in order. */
  readonly events: readonly WireEvent[]
  /** The server closed the line, or we did. */
  readonly closed: Promise<{ code: number, reason: string }>
  close(): void
  /** Breaks the line, without a goodbye; absent where there is none. */
  cut?(): void
}

export interface Inbox {
  push(text: string): void
  end(code: number, reason: string): void
  client: Pick<ContractClient, 'next' | 'events' | 'closed'>
}

/** What came in, and who waits for what. */
export function createInbox(): Inbox {
  const events: WireEvent[] = []
  const waiting = new Set<() => void>()
  let cursor = 0
  let end: Inbox['end'] = () => {}
  const closed = new Promise<{ code: number, reason: string }>(resolve => { end = (code, reason) => resolve({ code, reason }) })

  function next(wanted: string | ((event: WireEvent) => boolean), timeoutMs = 8_000): Promise<WireEvent> {
    const matches = typeof wanted === 'string' ? (event: WireEvent) => event.type === wanted : wanted
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(look)
        const seen = events.slice(cursor).map(event => event.type === 'error' ? `error(${event.error?.code}: ${event.error?.message})` : event.type)
        reject(new Error(`no ${typeof wanted === 'string' ? wanted : 'matching event'} within ${timeoutMs} ms; since the last match: ${seen.join(', ') || 'nothing'}`))
      }, timeoutMs)
      function look() {
        const at = events.findIndex((event, index) => index >= cursor && matches(event))
        if (at < 0) return
        cursor = at + 1
        clearTimeout(timer)
        waiting.delete(look)
        resolve(events[at]!)
      }
      waiting.add(look)
      look()
    })
  }

  return {
    push(text) {
      events.push(JSON.parse(text) as WireEvent)
      for (const look of [...waiting]) look()
    },
    end: (code, reason) => end(code, reason),
    client: { next, events, closed },
  }
}

/** A client over a WebSocket, for the relay and for whole servers. Rejects when the connection is refused. */
export async function connectWebSocket(url: string, { protocols = ['realtime'], headers = {} }: { protocols?: string[], headers?: Record<string, string> } = {}): Promise<ContractClient> {
  const inbox = createInbox()
  const socket = new WebSocket(url, protocols, { headers, perMessageDeflate: false, maxPayload: 64 * 1024 * 1024 })
  socket.on('message', data => inbox.push(String(data)))
  socket.on('close', (code, reason) => inbox.end(code, reason.toString()))
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  socket.on('error', () => {})
  return {
    ...inbox.client,
    send: event => socket.send(typeof event === 'string' ? event : JSON.stringify(event)),
    cut: () => socket.terminate(),
    sendBinary: bytes => socket.send(bytes),
    close: () => socket.close(1000),
  }
}
