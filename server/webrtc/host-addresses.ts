import { isIP, isIPv4 } from 'node:net'
import type { networkInterfaces } from 'node:os'

/** More are of no use: browsers try all of them. */
const MAX_ADDRESSES = 8
const isLoopback = (address: string) => address === '::1' || address.startsWith('127.')
/** Of no use to a browser elsewhere without the name of the interface. */
const isLinkLocal = (address: string) => /^(169\.254\.|fe80:)/i.test(address)

export interface AddressFacts {
  /** By setting: then it is the only one. */
  configured: string | undefined
  /** The host in the address by which the browser reached this server. */
  calledAs: string | undefined
  interfaces: ReturnType<typeof networkInterfaces>
}

/** Where a browser may find this machine, best first. A name among them has to be looked up by the caller. */
export function hostAddresses({ configured, calledAs, interfaces }: AddressFacts): string[] {
  if (configured !== undefined) return [configured]
  const called = calledAs?.replace(/^\[|\]$/g, '').toLowerCase() ?? 'localhost'
  const own = Object.values(interfaces).flatMap(each => each ?? [])
  const here = called === 'localhost' || isLoopback(called) ? own.filter(({ internal }) => internal).map(({ address }) => address).filter(isLoopback) : []
  const elsewhere = own.filter(({ internal, address }) => !internal && !isLinkLocal(address)).map(({ address }) => address)
  const named = isIP(called) && called !== '0.0.0.0' && called !== '::' ? [called] : []
  return [...new Set([...named, ...elsewhere, ...here])].slice(0, MAX_ADDRESSES)
}

/**
 * The answer with a candidate for each address, in place of the one that the peer's socket has: it is bound to all of them. Host candidates
 * of one port differ in their address and priority only (RFC 8839 5.1, RFC 8445 5.1.2.1).
 */
export function withCandidates(sdp: string, addresses: readonly string[]): string {
  return sdp.split('\r\n').flatMap(line => {
    const found = /^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host/.exec(line)
    if (!found) return [line]
    const [, bound = '', port] = found
    return addresses.flatMap((address, at) => isIPv4(address) !== isIPv4(bound)
      ? []
      : [`a=candidate:${at + 1} 1 udp ${126 * 2 ** 24 + (65_535 - at) * 2 ** 8 + 255} ${address} ${port} typ host`])
  }).join('\r\n')
}
