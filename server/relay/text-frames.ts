import { randomFillSync } from 'node:crypto'
import type { Writable } from 'node:stream'
import bufferutil from 'bufferutil'
import { byteLength, type WireText } from './link.ts'

/** Room for frames that are made one after the other; a longer one gets its own. */
const SLAB_BYTES = 64 * 1024
const FIN_TEXT = 0x81
const MASKED = 0x80
const KEY_BYTES = 4

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
/** So far somebody may still read it: frames that the system didn't take at once. */
let heldTo = 0

/** Random bytes for keys, got in bulk: RFC 6455 5.3 wants each frame's from a strong source. */
const keys = Buffer.allocUnsafeSlow(8 * 1024)
let nextKey = keys.length

/**
 * Writes a text message as one frame (RFC 6455 5.2), and with one write. Header and payload apart are a gathering system call and twice the
 * way through Node's streams. A frame that the system takes at once, as nearly all are, leaves its memory to the next.
 * @param line of an open WebSocket without extensions
 * @param masked by whoever dialled
 */
export function writeText(line: Writable, text: WireText, masked: boolean): void {
  const bytes = byteLength(text)
  const bodyAt = (bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10) + (masked ? KEY_BYTES : 0)
  const frame = room(bodyAt + bytes)
  writeHead(frame, bytes, masked ? MASKED : 0)
  if (typeof text === 'string') frame.write(text, bodyAt)
  if (masked) bufferutil.mask(typeof text === 'string' ? frame.subarray(bodyAt) : text, writeKey(frame, bodyAt - KEY_BYTES), frame, bodyAt, bytes)
  else if (typeof text !== 'string') frame.set(text, bodyAt)
  line.write(frame)
  if (line.writableLength > 0 && frame.buffer === slab.buffer) heldTo = frame.byteOffset + frame.length
}

const CONTROL = { close: 0x88, ping: 0x89, pong: 0x8A } as const

/** Writes a control frame (RFC 6455 5.5); its payload has at most 125 bytes. */
export function writeControl(line: Writable, what: keyof typeof CONTROL, payload: Buffer, masked: boolean): void {
  const bodyAt = masked ? 2 + KEY_BYTES : 2
  const frame = Buffer.allocUnsafe(bodyAt + payload.length)
  frame[0] = CONTROL[what]
  frame[1] = (masked ? MASKED : 0) | payload.length
  if (masked) bufferutil.mask(payload, writeKey(frame, 2), frame, bodyAt, payload.length)
  else frame.set(payload, bodyAt)
  line.write(frame)
}

function room(bytes: number): Buffer {
  if (bytes > SLAB_BYTES) return Buffer.allocUnsafeSlow(bytes)
  if (heldTo + bytes > SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    heldTo = 0
  }
  return slab.subarray(heldTo, heldTo + bytes)
}

function writeHead(frame: Buffer, bytes: number, flag: number) {
  frame[0] = FIN_TEXT
  if (bytes < 126) {
    frame[1] = flag | bytes
  } else if (bytes < 65_536) {
    frame[1] = flag | 126
    frame[2] = bytes >> 8
    frame[3] = bytes & 0xFF
  } else {
    frame[1] = flag | 127
    frame.writeUInt32BE(0, 2)
    frame.writeUInt32BE(bytes, 6)
  }
}

/** Puts the next key into the frame, and returns it. */
function writeKey(frame: Buffer, at: number): Buffer {
  if (nextKey >= keys.length) {
    randomFillSync(keys)
    nextKey = 0
  }
  const key = frame.subarray(at, at + KEY_BYTES)
  key[0] = keys[nextKey++]!
  key[1] = keys[nextKey++]!
  key[2] = keys[nextKey++]!
  key[3] = keys[nextKey++]!
  return key
}
