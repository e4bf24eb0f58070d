import { isOwnCheck, isStun } from './stun-check.ts'

/** A browser has a few addresses. More than these of one call are spoofed: their packets are dropped. */
const MAX_SOURCES = 16
/** Audio is 50 packets a second, events and control a few more. What is beyond is dropped. */
const PACKETS_PER_SECOND = 400
const BURST_PACKETS = 1000

/** Decides which datagrams a peer ever sees. */
export interface DatagramGuard {
  passes(datagram: Buffer, source: readonly [address: string, port: number], nowMs: number): boolean
  /** When the other side last proved to be there (RFC 7675: consent). */
  readonly provenAtMs: number | undefined
}

/**
 * Only connectivity checks of the call pass, and media from where such a check came. So nothing is ever sent to an address that a stranger
 * names, and nobody but the call's own browser costs more than a look.
 */
export function createDatagramGuard(credentials: { username: string, password: string }): DatagramGuard {
  const sources = new Set<string>()
  let provenAtMs: number | undefined
  let tokens = BURST_PACKETS
  let filledAtMs = 0

  function paces(nowMs: number): boolean {
    tokens = Math.min(BURST_PACKETS, tokens + (nowMs - filledAtMs) * PACKETS_PER_SECOND / 1000)
    filledAtMs = nowMs
    if (tokens < 1) return false
    tokens--
    return true
  }

  return {
    get provenAtMs() { return provenAtMs },
    passes(datagram, [address, port], nowMs) {
      const source = `${address} ${port}`
      if (!isStun(datagram)) return sources.has(source) && paces(nowMs)
      if (!isOwnCheck(datagram, credentials) || !paces(nowMs)) return false
      if (!sources.has(source) && sources.size >= MAX_SOURCES) return false
      sources.add(source)
      provenAtMs = nowMs
      return true
    },
  }
}
