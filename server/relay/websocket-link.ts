import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { boundedReason, isSendable, type Link, type LinkListener, type WireText } from './link.ts'
import { writeText } from './text-frames.ts'
import { createTicker, ticksWithin, type Ticker } from './ticker.ts'

export interface Heartbeat {
  /** Nothing heard for this long ⇒ ping. */
  pingAfterMs: number
  /** No sign of life this long after the ping ⇒ the line is half-open: closed as 1006. */
  answerWithinMs: number
  /** How long the other side may take to answer a close. */
  closeWithinMs?: number
  /** Pings and pongs that a side may send in ten seconds. More ⇒ 1008. */
  maxPings?: number
}

/** Either leg: a line that died is noticed within 8 s. Browsers answer pings by themselves, in a tab that sleeps too. */
export const defaultHeartbeat = { pingAfterMs: 4000, answerWithinMs: 4000 } as const satisfies Heartbeat

const PING_WINDOW_MS = 10_000
/** The goodbye stands behind what is unread. */
const UNREAD_CLOSE_MS = 5000

/** For links that were given none: one for the process. */
const sharedTicker = createTicker({
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
})

/** A `ws` socket without compression, and the connection below it. */
export interface OpenSocket { socket: WebSocket, line: Duplex, /** It was we who dialled. */ masked: boolean }

/** An open socket as a link. Owns it: `close` ends it, by force when the other side doesn't answer. */
export function linkOfSocket({ socket, line, masked }: OpenSocket, beat: Heartbeat, ticker: Ticker = sharedTicker): Link {
  const { pingAfterMs, answerWithinMs, closeWithinMs = 2000, maxPings = 100 } = beat
  const pingAfterTicks = ticksWithin(pingAfterMs, ticker)
  const answerWithinTicks = ticksWithin(answerWithinMs, ticker)
  const windowTicks = ticksWithin(PING_WINDOW_MS, ticker)
  let listener: LinkListener | undefined
  let heardAtTick = ticker.count
  let pingedAtTick: number | undefined
  let windowFromTick = ticker.count
  let pings = 0
  let killTimer: NodeJS.Timeout | undefined

  // Until someone listens, the socket isn't read: messages wait in the kernel, bounded.
  socket.pause()
  // An unlistened 'error' (payload limit, bad frame) would be an uncaught exception; 'close' always follows.
  socket.on('error', () => undefined)
  socket.on('pong', control)
  socket.on('ping', control)
  socket.on('message', (data, isBinary) => {
    heard()
    // After our close or theirs nothing counts any more.
    if (socket.readyState !== socket.OPEN) return
    if (isBinary) listener?.binary()
    else listener?.message(data as Buffer)
  })
  socket.on('close', (code, reason) => {
    unwatch()
    clearTimeout(killTimer)
    const ears = listener
    listener = undefined
    ears?.closed(code, reason.toString())
  })
  // Once for all that piled up; a callback for each message would cost more than the message's own way.
  line.on('drain', () => listener?.socketDrained())
  const unwatch = ticker.each(checkLife)

  function heard() {
    heardAtTick = ticker.count
    pingedAtTick = undefined
  }

  function control() {
    heard()
    if (ticker.count - windowFromTick >= windowTicks) {
      windowFromTick = ticker.count
      pings = 0
    }
    if (++pings > maxPings) close(1008, 'invalid_request_error.too_many_pings')
  }

  /** They said goodbye, or broke the rules: ws would wait half a minute for them to hang up, and the call with it. */
  function hangUp() {
    killTimer ??= setTimeout(() => socket.terminate(), closeWithinMs)
  }

  function checkLife() {
    if (socket.readyState === socket.CLOSING) return hangUp()
    // While we don't read, pongs wait unread too: silence says nothing.
    if (socket.isPaused || socket.readyState !== socket.OPEN) return heard()
    if (pingedAtTick !== undefined) {
      if (ticker.count - pingedAtTick >= answerWithinTicks) silent()
    } else if (ticker.count - heardAtTick >= pingAfterTicks) {
      pingedAtTick = ticker.count
      socket.ping()
    }
  }

  /** Dead, or a reader that stopped: the latter, should it go on, is to find out why the call ended. */
  function silent() {
    if (socket.bufferedAmount > 0 && listener?.stuck) listener.stuck()
    else socket.terminate()
  }

  function close(code: number, reason: string) {
    if (socket.readyState === socket.CLOSED || killTimer) return
    killTimer = setTimeout(() => socket.terminate(), socket.bufferedAmount > 0 ? Math.max(closeWithinMs, UNREAD_CLOSE_MS) : closeWithinMs)
    // A paused socket would never see the answer. From a model whose audio nobody read megabytes may stand before it: it is cut in time instead.
    if (!masked) socket.resume()
    socket.close(isSendable(code) ? code : 1011, boundedReason(reason))
  }

  return {
    get unreadBytes() { return socket.bufferedAmount },
    send(text: WireText) {
      if (socket.readyState === socket.OPEN) writeText(line, text, masked)
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
