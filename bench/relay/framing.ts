/**
 * Just enough of RFC 6455 for the two ends of the bench. Not `ws`: on two cores the ends would cost more than what is measured
 * between them. Frames are made once and written as they are; of what arrives only the head of each message is looked at.
 */
export const Opcode = { text: 1, close: 8, ping: 9, pong: 10 } as const

/** Not zero: with a key of zeros a relay would get away without unmasking. */
export const MASK = Uint8Array.from([0x1F, 0x3A, 0x5C, 0x79])

export const headerBytes = (payloadBytes: number, masked: boolean) => (payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10) + (masked ? 4 : 0)

/** A whole frame; masked as clients must, when `masked`. */
export function encodeFrame(opcode: number, payload: Buffer | string, masked: boolean): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload
  const at = headerBytes(body.length, masked)
  const frame = Buffer.allocUnsafe(at + body.length)
  frame[0] = 0x80 | opcode
  const flag = masked ? 0x80 : 0
  if (body.length < 126) {
    frame[1] = flag | body.length
  } else if (body.length < 65_536) {
    frame[1] = flag | 126
    frame.writeUInt16BE(body.length, 2)
  } else {
    frame[1] = flag | 127
    frame.writeBigUInt64BE(BigInt(body.length), 2)
  }
  body.copy(frame, at)
  if (masked) {
    frame.set(MASK, at - 4)
    for (let n = 0; n < body.length; n++) frame[at + n]! ^= MASK[n & 3]!
  }
  return frame
}

export interface FrameListener {
  /** `head`: the message's first bytes, unmasked, valid during the call; `bytes`: how long it is. */
  message(head: Buffer, bytes: number): void
  control(opcode: number, payload: Buffer): void
}

const CONTROL_BYTES = 125

/** Length of a header, by its second byte. */
const neededFor = (second: number) => 2 + ((second & 0x7F) < 126 ? 0 : (second & 0x7F) === 126 ? 2 : 8) + (second & 0x80 ? 4 : 0)

/** Takes a connection's bytes as they come, cut anywhere. Messages in one frame each, as every relay here sends them. */
export function createFrameReader(headBytes: number, listener: FrameListener): (chunk: Buffer) => void {
  const header = Buffer.alloc(14)
  const head = Buffer.alloc(Math.max(headBytes, CONTROL_BYTES))
  let headerFill = 0
  let headerNeed = 2
  let opcode = 0
  let payloadBytes = 0
  let left = 0
  let headFill = 0
  let inPayload = false

  function beginPayload() {
    const size = header[1]! & 0x7F
    opcode = header[0]! & 0x0F
    payloadBytes = size < 126 ? size : size === 126 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2))
    left = payloadBytes
    headFill = 0
    inPayload = true
  }

  function endPayload() {
    if (header[1]! & 0x80) for (let n = 0, key = headerNeed - 4; n < headFill; n++) head[n]! ^= header[key + (n & 3)]!
    inPayload = false
    headerFill = 0
    headerNeed = 2
    if (opcode >= Opcode.close) listener.control(opcode, Buffer.from(head.subarray(0, headFill)))
    else listener.message(head.subarray(0, headFill), payloadBytes)
  }

  return chunk => {
    let at = 0
    while (at < chunk.length || (inPayload && left === 0)) {
      if (!inPayload) {
        header[headerFill++] = chunk[at++]!
        if (headerFill === 2) headerNeed = neededFor(header[1]!)
        if (headerFill === headerNeed) beginPayload()
        continue
      }
      const taken = Math.min(left, chunk.length - at)
      const kept = Math.min(taken, head.length - headFill)
      if (kept > 0) headFill += chunk.copy(head, headFill, at, at + kept)
      at += taken
      left -= taken
      if (left === 0) endPayload()
    }
  }
}
