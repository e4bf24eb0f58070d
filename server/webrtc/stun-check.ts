import { createHmac, timingSafeEqual } from 'node:crypto'

const BINDING_REQUEST = 0x0001
const MAGIC_COOKIE = 0x2112A442
const USERNAME = 0x0006
const MESSAGE_INTEGRITY = 0x0008
const HEADER_BYTES = 20
const DIGEST_BYTES = 20

/** RFC 7983: which of the protocols that share the port a datagram belongs to. */
export const isStun = (datagram: Uint8Array) => datagram.length >= HEADER_BYTES && datagram[0]! <= 3

/**
 * Whether a datagram is a connectivity check of this call: a binding request with its username and a digest by its password (RFC 8489
 * 9.1.3, RFC 8445 7.3). Everything else on the port is a stranger's. Never throws.
 */
export function isOwnCheck(datagram: Buffer, { username, password }: { username: string, password: string }): boolean {
  if (!isStun(datagram) || datagram.readUInt16BE(0) !== BINDING_REQUEST || datagram.readUInt32BE(4) !== MAGIC_COOKIE) return false
  const end = HEADER_BYTES + datagram.readUInt16BE(2)
  if (end > datagram.length) return false
  let named = false
  for (let at = HEADER_BYTES; at + 4 <= end;) {
    const type = datagram.readUInt16BE(at)
    const length = datagram.readUInt16BE(at + 2)
    const value = datagram.subarray(at + 4, Math.min(end, at + 4 + length))
    if (type === USERNAME) named = value.toString('utf8') === username
    if (type === MESSAGE_INTEGRITY) return named && value.length === DIGEST_BYTES && timingSafeEqual(value, digest(datagram, at, password))
    at += 4 + Math.ceil(length / 4) * 4
  }
  return false
}

/** The length field counts up to the digest, whatever follows it. */
function digest(datagram: Buffer, at: number, password: string): Buffer {
  const covered = Buffer.from(datagram.subarray(0, at))
  covered.writeUInt16BE(at - HEADER_BYTES + 4 + DIGEST_BYTES, 2)
  return createHmac('sha1', password).update(covered).digest()
}
