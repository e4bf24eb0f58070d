import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/** A bare TCP connection, for what no WebSocket client would do. */
export interface RawLine {
  socket: Socket
  write(data: string | Uint8Array): void
  /** What the server sent, once it ended or `until` is found in it. Rejects after the time. */
  read(options?: { until?: string, timeoutMs?: number }): Promise<Buffer>
}

export async function openRawLine(port: number): Promise<RawLine> {
  const socket = connect(port, '127.0.0.1')
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

interface FrameOptions { opcode?: number, fin?: boolean, rsv?: number, masked?: boolean, payload?: Buffer, lengthSaid?: number }

/** One WebSocket frame, as right or as wrong as asked. */
export function frame({ opcode = 1, fin = true, rsv = 0, masked = true, payload = Buffer.alloc(0), lengthSaid = payload.length }: FrameOptions): Buffer {
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const maskBit = masked ? 0x80 : 0
  const length = lengthSaid < 126
    ? Buffer.from([maskBit | lengthSaid])
    : lengthSaid < 65_536
      ? Buffer.from([maskBit | 126, lengthSaid >> 8, lengthSaid & 255])
      : Buffer.concat([Buffer.from([maskBit | 127]), bigEndian64(lengthSaid)])
  const mask = masked ? randomBytes(4) : Buffer.alloc(0)
  const body = masked ? payload.map((byte, index) => byte ^ mask[index & 3]!) : payload
  return Buffer.concat([Buffer.from([first]), length, mask, body])
}

function bigEndian64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

/** The code of the close frame among what the server sent after the upgrade's headers. */
export function closeCodeIn(received: Buffer): number | undefined {
  let at = received.indexOf('\r\n\r\n') + 4
  while (at >= 4 && at + 2 <= received.length) {
    const opcode = received[at]! & 15
    const short = received[at + 1]! & 127
    const [length, head] = short < 126 ? [short, 2] : short === 126 ? [received.readUInt16BE(at + 2), 4] : [Number(received.readBigUInt64BE(at + 2)), 10]
    if (opcode === 8) return length >= 2 ? received.readUInt16BE(at + head) : 1005
    at += head + length
  }
  return undefined
}
