import { createRequire } from 'node:module'

/**
 * Whether `ws` masks natively. In JavaScript a 6.4 kB append costs 13 µs instead of 0.5: the largest part of a relay's work.
 * `ws` takes bufferutil when it can, silently; so this looks from where `ws` looks.
 */
export function masksNatively(): boolean {
  if (process.env.WS_NO_BUFFER_UTIL) return false
  try {
    const here = createRequire(import.meta.url)
    const { mask } = createRequire(here.resolve('ws'))('bufferutil') as { mask: unknown }
    return typeof mask === 'function' && Function.prototype.toString.call(mask).includes('[native code]')
  } catch {
    return false
  }
}
