import type { Duplex } from 'node:stream'
import { FrameReader, type FrameListener } from './frame-reader.ts'
import { boundedReason, isSendable, type Link, type LinkListener, type WireText } from './link.ts'
import { writeControl, writeText } from './text-frames.ts'
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
/** Who has so much unread gets no pongs on top. */
const MAX_UNREAD_FOR_PONG_BYTES = 64 * 1024

/** For links that were given none: one for the process. */
const sharedTicker = createTicker({
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
})

/** A connection on which both sides have agreed to speak WebSocket, without extensions. */
export interface OpenLine {
  line: Duplex
  /** Bytes of the line that came with the handshake. */
  head: Buffer
  /** It was we who dialled: we mask, they don't. */
  dialled: boolean
  /** Of a message; more ends the line with 1009, by the frame's header. */
  maxBytes: number
}

type Phase = 'open' | 'closing' | 'closed'

/** An open line as a link. Owns it: `close` ends it, by force when the other side doesn't answer. */
export function linkOfLine(open: OpenLine, beat: Heartbeat, ticker: Ticker = sharedTicker): Link {
  return new LineLink(open, beat, ticker)
}

/** A class and not closures: two of them for each call, and hundreds of calls take turns in the processor's cache. */
class LineLink implements Link, FrameListener {
  readonly #line: Duplex
  readonly #dialled: boolean
  readonly #reader: FrameReader
  readonly #beat: Heartbeat
  readonly #ticker: Ticker
  readonly #unwatch: () => void
  #listener: LinkListener | undefined
  #phase: Phase = 'open'
  #paused = true
  #heardAtTick: number
  #pingedAtTick = -1
  #windowFromTick: number
  #pings = 0
  #killTimer: NodeJS.Timeout | undefined
  /** What is told when the line is gone. */
  #code = 1006
  #reason = ''

  constructor({ line, head, dialled, maxBytes }: OpenLine, beat: Heartbeat, ticker: Ticker) {
    this.#line = line
    this.#dialled = dialled
    this.#beat = beat
    this.#ticker = ticker
    this.#heardAtTick = this.#windowFromTick = ticker.count
    this.#reader = new FrameReader(this, { maxBytes, masked: !dialled })
    // Until someone listens nothing is read: messages wait in the kernel, bounded.
    line.pause()
    if (head.length > 0) line.unshift(head)
    line.on('data', (chunk: Buffer) => this.#reader.push(chunk))
    // Without a goodbye. Our half is open still.
    line.on('end', () => line.end())
    // An unlistened 'error' would be an uncaught exception; 'close' always follows.
    line.on('error', () => line.destroy())
    line.on('close', () => this.#gone())
    // Once for all that piled up; a callback for each message would cost more than the message's own way.
    line.on('drain', () => this.#listener?.socketDrained())
    this.#unwatch = ticker.each(() => this.#checkLife())
  }

  get unreadBytes() { return this.#line.writableLength }

  send(text: WireText) {
    if (this.#phase === 'open' && this.#line.writable) writeText(this.#line, text, this.#dialled)
  }

  pause() {
    this.#paused = true
    this.#reader.wait()
    this.#line.pause()
  }

  resume() {
    if (!this.#paused) return
    this.#paused = false
    this.#reader.goOn()
    // Hearing what had waited may have been a reason to pause again.
    if (!this.#paused) this.#line.resume()
  }

  listen(next: LinkListener) {
    this.#listener = next
    if (this.#phase === 'closed') return queueMicrotask(() => this.#listener?.closed(1006, ''))
    this.resume()
  }

  close(code: number, reason: string) {
    if (this.#phase === 'closed' || this.#killTimer) return
    const { closeWithinMs = 2000 } = this.#beat
    this.#killAfter(this.unreadBytes > 0 ? Math.max(closeWithinMs, UNREAD_CLOSE_MS) : closeWithinMs)
    this.#sayGoodbye(isSendable(code) ? code : 1011, boundedReason(reason))
    // A paused line would never see the answer. From a model whose audio nobody read megabytes may stand before it: it is cut in time instead.
    if (!this.#dialled) this.resume()
  }

  text(message: Buffer) {
    this.#heard()
    if (this.#phase === 'open') this.#listener?.message(message)
  }

  binary() {
    this.#heard()
    if (this.#phase === 'open') this.#listener?.binary()
  }

  ping(payload: Buffer) {
    this.#control()
    if (this.#phase === 'open' && this.unreadBytes < MAX_UNREAD_FOR_PONG_BYTES) writeControl(this.#line, 'pong', payload, this.#dialled)
  }

  pong() { this.#control() }

  emptyPiece() { this.#control() }

  goodbye(code: number, reason: string) {
    this.#code = code
    this.#reason = reason
    this.#sayGoodbye(code === 1005 ? undefined : code, '')
    this.#leave()
  }

  broken(code: number) {
    this.#code = code
    this.#sayGoodbye(code, '')
    this.#leave()
  }

  /** Once. */
  #sayGoodbye(code: number | undefined, reason: string) {
    if (this.#phase !== 'open') return
    this.#phase = 'closing'
    const payload = Buffer.alloc(code === undefined ? 0 : 2 + Buffer.byteLength(reason))
    if (code !== undefined) {
      payload.writeUInt16BE(code)
      payload.write(reason, 2)
    }
    if (this.#line.writable) writeControl(this.#line, 'close', payload, this.#dialled)
  }

  /** Both have said goodbye, or there is no more talking with them. RFC 6455 7.1.1: it is the server that hangs up first. */
  #leave() {
    if (!this.#dialled) this.#line.end()
    // What they may still send is read, and thrown away: else their end would never be seen.
    this.#paused = false
    this.#line.resume()
    this.#killAfter(this.#beat.closeWithinMs ?? 2000)
  }

  #killAfter(delayMs: number) {
    this.#killTimer ??= setTimeout(() => this.#line.destroy(), delayMs)
  }

  #gone() {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#unwatch()
    this.#reader.stop()
    clearTimeout(this.#killTimer)
    const ears = this.#listener
    this.#listener = undefined
    ears?.closed(this.#code, this.#reason)
  }

  #heard() {
    this.#heardAtTick = this.#ticker.count
    this.#pingedAtTick = -1
  }

  #control() {
    this.#heard()
    if (this.#ticker.count - this.#windowFromTick >= ticksWithin(PING_WINDOW_MS, this.#ticker)) {
      this.#windowFromTick = this.#ticker.count
      this.#pings = 0
    }
    if (++this.#pings > (this.#beat.maxPings ?? 100)) this.close(1008, 'invalid_request_error.too_many_pings')
  }

  #checkLife() {
    // While we don't read, pongs wait unread too: silence says nothing.
    if (this.#phase !== 'open' || this.#paused) return this.#heard()
    const { pingAfterMs, answerWithinMs } = this.#beat
    if (this.#pingedAtTick >= 0) {
      if (this.#ticker.count - this.#pingedAtTick >= ticksWithin(answerWithinMs, this.#ticker)) this.#silent()
    } else if (this.#ticker.count - this.#heardAtTick >= ticksWithin(pingAfterMs, this.#ticker)) {
      this.#pingedAtTick = this.#ticker.count
      writeControl(this.#line, 'ping', Buffer.alloc(0), this.#dialled)
    }
  }

  /** Dead, or a reader that stopped: the latter, should it go on, is to find out why the call ended. */
  #silent() {
    if (this.unreadBytes > 0 && this.#listener?.stuck) this.#listener.stuck()
    else this.#line.destroy()
  }
}
