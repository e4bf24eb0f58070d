import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import proxyAddr from 'proxy-addr'

/** Where somebody calls from, as far as it can be believed. */
export interface CallerAddress {
  /** Undefined: the line is gone already. */
  address: string | undefined
  /** How they came to the outermost proxy; undefined: no proxy that is trusted says so. */
  by: 'https' | 'http' | undefined
}

export interface Caller { headers: IncomingHttpHeaders | Record<string, string | string[] | undefined>, remoteAddress: string | undefined }

/** Reads `X-Forwarded-For` and `X-Forwarded-Proto`, but only of the proxies that are trusted: anyone can write them. */
export function createCallerAddress(trustedProxies: string[]): (caller: Caller) => CallerAddress {
  const trusts = proxyAddr.compile(trustedProxies)
  return ({ headers, remoteAddress }) => {
    if (remoteAddress === undefined) return { address: undefined, by: undefined }
    const said = proxyAddr({ headers, socket: { remoteAddress }, connection: { remoteAddress } } as unknown as IncomingMessage, trusts)
    const proto = trusts(remoteAddress, 0) ? String(headers['x-forwarded-proto'] ?? '').split(',')[0]!.trim().toLowerCase() : ''
    return { address: (isIP(said) ? said : remoteAddress).replace(/^::ffff:(?=\d+\.)/i, ''), by: proto === 'https' || proto === 'http' ? proto : undefined }
  }
}

/** What tries are counted by: an IPv4 address, or the /64 of an IPv6 one, which is what one household gets. */
export function neighbourhoodOf(address: string | undefined): string {
  if (address === undefined || isIP(address) !== 6) return address ?? 'unknown'
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const groups = head ? head.split(':') : []
  const after = tail ? tail.split(':') : []
  const all = tail === undefined ? groups : [...groups, ...Array.from({ length: Math.max(0, 8 - groups.length - after.length) }, () => '0'), ...after]
  return `${all.slice(0, 4).map(group => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
