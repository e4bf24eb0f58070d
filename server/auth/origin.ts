import { isIP } from 'node:net'
import { isLoopbackHost, type Settings } from '../config/settings.ts'

/** `example.org:3000` or `[::1]:80` → its two parts; `undefined` when it is no host. */
export function splitHost(header: string | undefined): { name: string, port: string } | undefined {
  const parts = header && /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(header)
  return parts ? { name: parts[1]!.toLowerCase(), port: parts[2] ?? '' } : undefined
}

const isAddress = (name: string) => isIP(name.replace(/^\[|\]$/g, '')) !== 0

/**
 * Whether the `Host` header names this server. A page on a foreign name that was made to resolve to us (DNS rebinding) is
 * same-origin with itself, so the name has to be one of ours: loopback, the public address, the bound name. Beyond loopback
 * a bare IP address is ours too: nobody can rebind an address.
 */
export function isOwnHost(header: string | undefined, { host, publicUrl }: Pick<Settings, 'host' | 'publicUrl'>): boolean {
  const parts = splitHost(header)
  if (!parts) return false
  const { name } = parts
  if (isLoopbackHost(name) || name.endsWith('.localhost')) return true
  if (publicUrl && splitHost(publicUrl.host)?.name === name) return true
  if (name === host.toLowerCase()) return true
  return !isLoopbackHost(host) && isAddress(name)
}

/** The page's origin is this server's own: the same host and port as in `Host`, or the public address. */
export function isOwnOrigin(origin: string, hostHeader: string | undefined, publicUrl: URL | undefined): boolean {
  if (publicUrl && origin.toLowerCase() === publicUrl.origin) return true
  if (!URL.canParse(origin)) return false
  const url = new URL(origin)
  const own = splitHost(hostHeader)
  const said = splitHost(url.host)
  if (!/^https?:$/.test(url.protocol) || !own || !said) return false
  const defaultPort = url.protocol === 'https:' ? '443' : '80'
  return own.name === said.name && (own.port || defaultPort) === (said.port || defaultPort)
}
