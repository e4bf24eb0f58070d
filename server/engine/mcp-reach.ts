import { lookup as resolveName, type LookupAddress } from 'node:dns'
import { BlockList, isIP } from 'node:net'
import { asksForSignIn } from '../config/access-settings.ts'
import { isLoopbackHost, type Settings } from '../config/settings.ts'

/**
 * Which MCP servers the engine may call for a client that names them (server-side request forgery).
 * `anywhere`: the server listens on loopback only and nothing is configured, so whoever names an address sits at this machine anyway; any
 * http or https address. `public`: everyone else; https only, and only addresses of the public Internet: never private, loopback, link-local,
 * multicast or metadata ones. What a name resolves to is judged at the moment of connecting, so it can't change in between; redirects
 * are refused altogether (mcp-fetch.ts).
 */
export type McpReach = 'anywhere' | 'public'

/** Behind a public address, or with anyone let in, callers may sit anywhere although the socket listens on loopback. */
export const mcpReachOf = ({ host, publicUrl, access }: Pick<Settings, 'host' | 'publicUrl' | 'access'>): McpReach =>
  isLoopbackHost(host) && !publicUrl && !access.allowAnonymous && !asksForSignIn(access) && access.tokens.size === 0 ? 'anywhere' : 'public'

/** Not public (IANA special-purpose registries, RFC 6890), and the address of Azure's metadata, which looks public. */
const notPublic = new BlockList()
const ranges: [string, number][] = [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24], ['192.0.2.0', 24],
  ['192.88.99.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 3], ['168.63.129.16', 32],
]
for (const [network, prefix] of ranges) notPublic.addSubnet(network, prefix, 'ipv4')
/** Of IPv6 only global unicast is public, and of that not what tunnels to IPv4 or is for documents. */
const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')
for (const [network, prefix] of [['2001::', 23], ['2001:db8::', 32], ['2002::', 16], ['3fff::', 20]] as const) notPublic.addSubnet(network, prefix, 'ipv6')

/** Whether an IP address belongs to the public Internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !notPublic.check(address, 'ipv4')
  return family === 6 && globalUnicast.check(address, 'ipv6') && !notPublic.check(address, 'ipv6')
}

export class RefusedAddress extends Error {}

/** @throws RefusedAddress an address that may not be called, as far as can be told without resolving its name. */
export function checkAddress(url: URL, reach: McpReach): void {
  if (!/^https?:$/.test(url.protocol)) throw new RefusedAddress('Only http and https addresses can be called.')
  if (url.username || url.password) throw new RefusedAddress('An address may hold no user name or password.')
  if (reach === 'anywhere') return
  if (url.protocol !== 'https:') throw new RefusedAddress('This server calls MCP servers over https only.')
  const name = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(name) !== 0 && !isPublicAddress(name)) throw new RefusedAddress(NOT_PUBLIC)
}

const NOT_PUBLIC = 'This server calls MCP servers on the public Internet only.'

type LookupDone = (error: Error | null, address: string | LookupAddress[], family?: number) => void
export type Lookup = (hostname: string, options: { all?: boolean, family?: number | 'IPv4' | 'IPv6', hints?: number }, done: LookupDone) => void

/** Name resolution for sockets: one address that may not be called refuses the name. */
export function guardedLookup(reach: McpReach, resolve: Lookup = resolveName as Lookup): Lookup {
  if (reach === 'anywhere') return resolve
  return (hostname, options, done) => resolve(hostname, options, (error, address, family) => {
    if (error) return done(error, address, family)
    const all = typeof address === 'string' ? [address] : address.map(each => each.address)
    return all.every(isPublicAddress) ? done(null, address, family) : done(new RefusedAddress(NOT_PUBLIC), address, family)
  })
}
