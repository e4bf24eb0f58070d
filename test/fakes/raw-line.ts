import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/** A bare TCP connection, for what no WebSocket client would do. */
export interface RawLine {
  socket: Socket
  write(data: string | Uint8Array): void
  /** All that has come so far. */
  got(): Buffer
  /** What the server sent, once it ended or `until` is found in it. Rejects after the time. */
  read(options?: { until?: string, timeoutMs?: number }): Promise<Buffer>
}

/** `stubborn`: doesn't hang up when the server does. */
export async function openRawLine(port: number, { stubborn = false } = {}): Promise<RawLine> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: stubborn })
  let got = Buffer.alloc(0)
  let ended = false
  const watchers = new Set<() => void>()
  const stir = () => { for (const watcher of [...watchers]) watcher() }
  socket.on('error', () => undefined)
  socket.on('data', data => {
    got = Buffer.concat([got, data])
    stir()
  })
  socket.on('close', () => {
    ended = true
    stir()
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return {
    socket,
    write: data => { socket.write(data) },
    got: () => got,
    read: ({ until, timeoutMs = 10_000 } = {}) => new Promise((resolve, reject) => {
      const timer = setTimeout(() => done(() => reject(new Error(`still open after ${timeoutMs} ms, got: ${got.toString('latin1').slice(0, 300)}`))), timeoutMs)
      const done = (settle: () => void) => {
        clearTimeout(timer)
        watchers.delete(look)
        settle()
      }
      function look() {
        if (ended || (until !== undefined && got.includes(until))) done(() => resolve(got))
      }
      watchers.add(look)
      look()
    }),
  }
}

/** The text of an upgrade; `headers` replace or (undefined) remove the usual ones. */
export function upgradeRequest(port: number, headers: Record<string, string | undefined> = {}, target = '/v1/realtime?model=m', method = 'GET'): string {
  const all: Record<string, string | undefined> = {
    Host: `127.0.0.1:${port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': 'realtime',
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => value === undefined ? [] : `${name}: ${value}`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

export interface FrameOptions {
  opcode?: number
  fin?: boolean
  rsv?: number
  masked?: boolean
  payload?: Buffer
  lengthSaid?: number
  /** How the length is written; without it, as short as can be. */
  lengthAs?: 7 | 16 | 64
}

/** One WebSocket frame, as right or as wrong as asked. */
export function frame(options: FrameOptions): Buffer {
  const { opcode = 1, fin = true, rsv = 0, masked = true, payload = Buffer.alloc(0), lengthSaid = payload.length, lengthAs } = options
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const mask = masked ? randomBytes(4) : Buffer.alloc(0)
  const body = masked ? payload.map((byte, index) => byte ^ mask[index & 3]!) : payload
  const form = lengthAs ?? (lengthSaid < 126 ? 7 : lengthSaid < 65_536 ? 16 : 64)
  return Buffer.concat([Buffer.from([first]), lengthBytes(masked ? 0x80 : 0, lengthSaid, form), mask, body])
}

function lengthBytes(maskBit: number, length: number, as: 7 | 16 | 64): Buffer {
  if (as === 7) return Buffer.from([maskBit | length])
  if (as === 16) return Buffer.from([maskBit | 126, length >> 8, length & 255])
  return Buffer.concat([Buffer.from([maskBit | 127]), bigEndian64(length)])
}

function bigEndian64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

export interface ReceivedFrame { opcode: number, payload: Buffer }

/** The whole frames among what the server sent after the upgrade's headers. */
export function framesIn(received: Buffer): ReceivedFrame[] {
  const frames: ReceivedFrame[] = []
  let at = received.indexOf('\r\n\r\n') + 4
  while (at >= 4 && at + 2 <= received.length) {
    const opcode = received[at]! & 15
    const short = received[at + 1]! & 127
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    if (at + head > received.length) break
    const length = short < 126 ? short : short === 126 ? received.readUInt16BE(at + 2) : Number(received.readBigUInt64BE(at + 2))
    if (at + head + length > received.length) break
    frames.push({ opcode, payload: received.subarray(at + head, at + head + length) })
    at += head + length
  }
  return frames
}

/** The code of the close frame among them. */
export function closeCodeIn(received: Buffer): number | undefined {
  const close = framesIn(received).find(({ opcode }) => opcode === 8)
  return close && (close.payload.length >= 2 ? close.payload.readUInt16BE(0) : 1005)
}
