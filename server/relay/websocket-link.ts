import type { WebSocket } from 'ws'
import { boundedReason, isSendable, type Link, type LinkListener, type WireText } from './link.ts'

export interface WebSocketLinkOptions {
  /** Nothing heard for this long ⇒ ping. */
  pingAfterMs: number
  /** No sign of life this long after the ping ⇒ the line is half-open: closed as 1006. */
  answerWithinMs: number
  /** How long the other side may take to answer a close. */
  closeWithinMs?: number
  /** Pings that a side may send in ten seconds. More ⇒ 1008. */
  maxPings?: number
}

/** A ping every 20 s as the API's own server does; a browser that sleeps through 10 s more is gone. */
export const downstreamHeartbeat = { pingAfterMs: 20_000, answerWithinMs: 10_000 } as const satisfies WebSocketLinkOptions
/** A dead upstream is noticed within 8 s. */
export const upstreamHeartbeat = { pingAfterMs: 4_000, answerWithinMs: 4_000 } as const satisfies WebSocketLinkOptions

const PING_WINDOW_MS = 10_000

/** A `ws` socket, open, as a link. Owns the socket: `close` ends it, by force when the other side doesn't answer. */
export function linkOfSocket(socket: WebSocket, options: WebSocketLinkOptions): Link {
  let listener: LinkListener | undefined
  let heardAt = performance.now()
  let pingedAt: number | undefined
  let pings = 0
  let killTimer: NodeJS.Timeout | undefined

  // Until someone listens, the socket isn't read: messages wait in the kernel, bounded.
  socket.pause()
  // An unlistened 'error' (payload limit, bad frame) would be an uncaught exception; 'close' always follows.
  socket.on('error', () => undefined)
  socket.on('pong', heard)
  socket.on('ping', () => {
    heard()
    if (++pings > (options.maxPings ?? 100)) close(1008, 'invalid_request_error.too_many_pings')
  })
  socket.on('message', (data, isBinary) => {
    heard()
    if (socket.readyState !== socket.OPEN) return
    if (isBinary) listener?.binary()
    else listener?.message(data as Buffer)
  })
  socket.on('close', (code, reason) => {
    clearInterval(heartbeat)
    clearInterval(pingWindow)
    clearTimeout(killTimer)
    const ears = listener
    listener = undefined
    ears?.closed(code, reason.toString())
  })

  const pingWindow = setInterval(() => { pings = 0 }, PING_WINDOW_MS)
  const heartbeat = setInterval(checkLife, Math.min(1000, options.pingAfterMs / 4))
  heartbeat.unref()
  pingWindow.unref()

  function heard() {
    heardAt = performance.now()
    pingedAt = undefined
  }

  function checkLife() {
    // While we don't read, pongs wait unread too: silence says nothing.
    if (socket.isPaused || socket.readyState !== socket.OPEN) return heard()
    const now = performance.now()
    if (pingedAt !== undefined && now - pingedAt > options.answerWithinMs) return socket.terminate()
    if (pingedAt !== undefined || now - heardAt < options.pingAfterMs) return
    pingedAt = now
    socket.ping(() => undefined)
  }

  function close(code: number, reason: string) {
    if (socket.readyState === socket.CLOSED || killTimer) return
    killTimer = setTimeout(() => socket.terminate(), options.closeWithinMs ?? 2000)
    // A paused socket would never see the answer.
    socket.resume()
    socket.close(isSendable(code) ? code : 1011, boundedReason(reason))
  }

  return {
    get unreadBytes() { return socket.bufferedAmount },
    send(text: WireText) {
      if (socket.readyState !== socket.OPEN) return
      socket.send(text, { binary: false }, () => listener?.socketDrained())
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close,
    listen(next) {
      listener = next
      if (socket.readyState === socket.CLOSED) return queueMicrotask(() => listener?.closed(1006, ''))
      socket.resume()
    },
  }
}
