import { isUtf8 } from 'node:buffer'
import bufferutil from 'bufferutil'
import { isSendable } from './link.ts'

/** What a side of the line sends, frame by frame; whole messages, however they were cut. */
export interface FrameListener {
  text(message: Buffer): void
  binary(): void
  ping(payload: Buffer): void
  pong(): void
  /** A piece of a message with nothing in it: allowed, and for nothing but keeping somebody busy. */
  emptyPiece(): void
  /** They said goodbye; nothing follows. 1005: without a code. */
  goodbye(code: number, reason: string): void
  /** They broke RFC 6455, or sent more than they may; nothing follows. */
  broken(code: 1002 | 1007 | 1009): void
}

const CONTINUATION = 0
const TEXT = 1
const BINARY = 2
const CLOSE = 8
const PING = 9
const PONG = 10
const RESERVED = 0x70
const MAX_CONTROL_BYTES = 125
const KEY_BYTES = 4
const NOTHING = Buffer.alloc(0)
/** A message that comes in pieces gets room for so much first, and then twice as much each time: what was announced is only believed as it comes. */
const FIRST_ROOM_BYTES = 4096

/**
 * Reads WebSocket frames (RFC 6455 section 5) from one side of a line, without extensions. A frame that came whole, as nearly all do, is
 * unmasked where it lies and handed on without a copy; what it is part of isn't used again. What came of an unfinished one is kept, at most
 * `maxBytes` of message and a header. A frame of a longer message ends it by its header. A class, for the sake of a thousand of them: one
 * object with its fields.
 */
export class FrameReader {
  readonly #listener: FrameListener
  readonly #maxBytes: number
  readonly #masked: boolean
  /** Not read yet: of a frame that has not come whole, or that waits. */
  #held: Buffer = NOTHING
  #heldBytes = 0
  /** Of a message in pieces. */
  #message: Buffer = NOTHING
  #messageBytes = 0
  #opcode = 0
  #waiting = false
  #over = false

  /** @param masked as a client's frames are, and a server's aren't */
  constructor(listener: FrameListener, { maxBytes, masked }: { maxBytes: number, masked: boolean }) {
    this.#listener = listener
    this.#maxBytes = maxBytes
    this.#masked = masked
  }

  /** Takes what came. Owns it from now on. */
  push(chunk: Buffer) {
    if (this.#over) return
    if (this.#heldBytes === 0 && !this.#waiting) return this.#keep(chunk, this.#read(chunk))
    this.#hold(chunk)
    if (!this.#waiting) this.#readHeld()
  }

  /** Nothing is handed on until `goOn`; to be called while a frame is handed on, or between. */
  wait() { this.#waiting = true }

  goOn() {
    if (!this.#waiting) return
    this.#waiting = false
    this.#readHeld()
  }

  /** Whatever else comes isn't looked at. */
  stop() {
    this.#over = true
    this.#held = this.#message = NOTHING
    this.#heldBytes = this.#messageBytes = 0
  }

  #readHeld() {
    if (this.#over || this.#heldBytes === 0) return
    const held = this.#held
    const bytes = held.subarray(0, this.#heldBytes)
    this.#held = NOTHING
    this.#heldBytes = 0
    const from = this.#read(bytes)
    if (from > 0 || this.#over) return this.#keep(bytes, from)
    // Nothing of it was handed on, so that more may be written behind it: a long frame that comes in a thousand pieces isn't copied for each.
    this.#held = held
    this.#heldBytes = bytes.length
  }

  #keep(bytes: Buffer, from: number) {
    if (!this.#over && from < bytes.length) this.#hold(bytes.subarray(from))
  }

  #hold(bytes: Buffer) {
    this.#held = withRoom(this.#held, this.#heldBytes, bytes.length, this.#maxBytes + 14)
    bytes.copy(this.#held, this.#heldBytes)
    this.#heldBytes += bytes.length
  }

  /** Hands on the whole frames that begin at 0; where the first begins that isn't whole. */
  #read(bytes: Buffer): number {
    let at = 0
    while (!this.#over && !this.#waiting) {
      const next = this.#readFrame(bytes, at)
      if (next === undefined) break
      at = next
    }
    return at
  }

  /** Where the next frame begins; undefined: this one isn't whole yet, or is none. */
  #readFrame(bytes: Buffer, at: number): number | undefined {
    const has = bytes.length - at
    if (has < 2) return undefined
    const [first, second] = [bytes[at]!, bytes[at + 1]!]
    const opcode = first & 0x0F
    if (!this.#isAllowed(first, second, opcode)) return this.#break(1002)
    const short = second & 0x7F
    const headBytes = (short < 126 ? 2 : short === 126 ? 4 : 10) + (this.#masked ? KEY_BYTES : 0)
    const lengthAt = short < 126 ? 2 : short === 126 ? 4 : 10
    if (has < lengthAt) return undefined
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 2) * 0x1_0000_0000 + bytes.readUInt32BE(at + 6)
    if (opcode < CLOSE && length + this.#messageBytes > this.#maxBytes) return this.#break(1009)
    if (has < headBytes + length) return undefined
    const from = at + headBytes
    const payload = bytes.subarray(from, from + length)
    if (this.#masked) bufferutil.unmask(payload, bytes.subarray(from - KEY_BYTES, from))
    this.#hear(opcode, (first & 0x80) !== 0, payload)
    return from + length
  }

  #isAllowed(first: number, second: number, opcode: number): boolean {
    if ((first & RESERVED) !== 0 || ((second & 0x80) !== 0) !== this.#masked) return false
    if (opcode >= CLOSE) return opcode <= PONG && (first & 0x80) !== 0 && (second & 0x7F) <= MAX_CONTROL_BYTES
    return opcode === CONTINUATION ? this.#opcode !== 0 : opcode <= BINARY && this.#opcode === 0
  }

  #hear(opcode: number, isLast: boolean, payload: Buffer) {
    switch (opcode) {
      case PING: return this.#listener.ping(payload)
      case PONG: return this.#listener.pong()
      case CLOSE: return this.#hearGoodbye(payload)
      case TEXT: case BINARY:
        if (isLast) return this.#deliver(opcode, payload)
        this.#opcode = opcode
        return this.#addPiece(payload)
      default:
        if (!isLast) return this.#addPiece(payload)
        this.#addPiece(payload)
        return this.#deliverPieces()
    }
  }

  #addPiece(payload: Buffer) {
    if (payload.length === 0) return this.#listener.emptyPiece()
    this.#message = withRoom(this.#message, this.#messageBytes, payload.length, this.#maxBytes)
    payload.copy(this.#message, this.#messageBytes)
    this.#messageBytes += payload.length
  }

  #deliverPieces() {
    // An empty last piece may have been one too many.
    if (this.#over) return
    const message = this.#message.subarray(0, this.#messageBytes)
    const opcode = this.#opcode
    this.#message = NOTHING
    this.#messageBytes = 0
    this.#opcode = 0
    this.#deliver(opcode, message)
  }

  #deliver(opcode: number, message: Buffer) {
    if (opcode === BINARY) this.#listener.binary()
    else if (isUtf8(message)) this.#listener.text(message)
    else this.#break(1007)
  }

  #hearGoodbye(payload: Buffer) {
    if (payload.length === 1) return this.#break(1002)
    const code = payload.length === 0 ? 1005 : payload.readUInt16BE(0)
    if (payload.length > 0 && !isSendable(code)) return this.#break(1002)
    const reason = payload.subarray(2)
    if (!isUtf8(reason)) return this.#break(1007)
    this.stop()
    this.#listener.goodbye(code, reason.toString())
  }

  #break(code: 1002 | 1007 | 1009): undefined {
    this.stop()
    this.#listener.broken(code)
  }
}

/** The same bytes where so many more fit behind them. */
function withRoom(buffer: Buffer, used: number, more: number, most: number): Buffer {
  if (used + more <= buffer.length) return buffer
  const larger = Buffer.allocUnsafeSlow(Math.max(used + more, Math.min(most, Math.max(FIRST_ROOM_BYTES, 2 * buffer.length))))
  buffer.copy(larger, 0, 0, used)
  return larger
}
