import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

/** RFC 6455 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** Sixteen bytes in base64. */
const KEY_FORM = /^[+/0-9A-Za-z]{21}[AQgw]==$/
const VERSION = '13'

/** What proves that the one who answers has read the key (RFC 6455 4.2.2). */
const acceptOf = (key: string) => createHash('sha1').update(key + GUID).digest('base64')

export type Handshake
  = | { ok: true, accept: string }
    /** Not one that this server can agree to, and why. */
    | { ok: false, why: 'bad_handshake' | 'bad_version', message: string }

/** Reads a client's opening handshake (RFC 6455 4.2.1). Pure. */
export function readHandshake({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): Handshake {
  const bad = (message: string) => ({ ok: false, why: 'bad_handshake', message }) as const
  if (method !== 'GET') return bad('A WebSocket begins with GET')
  if (headers.upgrade?.toLowerCase() !== 'websocket') return bad('The Upgrade header must say websocket')
  const version = headers['sec-websocket-version']
  if (version !== undefined && version !== VERSION) return { ok: false, why: 'bad_version', message: `This server speaks version ${VERSION} of WebSocket` }
  if (version === undefined) return bad('The Sec-WebSocket-Version header is missing')
  const key = headers['sec-websocket-key']
  if (key === undefined || !KEY_FORM.test(key)) return bad('The Sec-WebSocket-Key header must be sixteen bytes in base64')
  return { ok: true, accept: acceptOf(key) }
}

/** Answers 101. No extension is ever agreed to: compression costs five times the CPU and wins back only what base64 added. */
export function answerHandshake(line: Duplex, accept: string, subprotocol: string | undefined): void {
  const head = [
    'HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`,
    ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
  ]
  line.write(`${head.join('\r\n')}\r\n\r\n`)
}

/** What a client asks with, and how it knows that the answer is meant for it (RFC 6455 4.1). */
export function askHandshake(): { headers: Record<string, string>, agrees(response: Pick<IncomingMessage, 'headers'>): boolean } {
  const key = randomBytes(16).toString('base64')
  return {
    headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Version': VERSION },
    // Neither extension nor subprotocol was offered.
    agrees: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket' && headers['sec-websocket-accept'] === acceptOf(key)
      && headers['sec-websocket-extensions'] === undefined && headers['sec-websocket-protocol'] === undefined,
  }
}
