import { createHash, timingSafeEqual } from 'node:crypto'
import { isLoopbackHost, type Settings } from '../config/settings.ts'

/** Told by a proxy: whoever asks is somewhere else. */
const FORWARDED = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via']

/**
 * Whether the metrics may be read: with the bearer token, where one is set; else by this machine only, and not through a proxy
 * on it, which would read them for others.
 */
export function mayReadMetrics(
  headers: Readonly<Record<string, string | string[] | undefined>>, remoteAddress: string | undefined, { metricsToken }: Pick<Settings, 'metricsToken'>,
): boolean {
  if (metricsToken !== undefined) {
    const given = /^Bearer +(\S+)$/i.exec(String(headers.authorization ?? ''))?.[1]
    return given !== undefined && timingSafeEqual(digest(given), digest(metricsToken))
  }
  const address = remoteAddress?.replace(/^::ffff:/, '')
  return address !== undefined && isLoopbackHost(address) && FORWARDED.every(name => headers[name] === undefined)
}

const digest = (token: string) => createHash('sha256').update(token).digest()
