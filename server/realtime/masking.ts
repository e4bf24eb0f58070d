import { createRequire } from 'node:module'

/**
 * Whether `ws` masks natively. In JavaScript a 6.4 kB append costs 13 µs instead of 0.5: the largest part of a relay's work.
 * `ws` takes bufferutil when it can, silently; so this looks from where `ws` looks.
 */
export function masksNatively(): boolean {
  if (process.env.WS_NO_BUFFER_UTIL) return false
  // In the bundle `import.meta.url` is no file until the entry has run; the entry itself is.
  return [import.meta.url, process.argv[1]].some(from => from !== undefined && masksNativelyFrom(from))
}

function masksNativelyFrom(file: string): boolean {
  try {
    const { mask } = createRequire(createRequire(file).resolve('ws/package.json'))('bufferutil') as { mask: unknown }
    return typeof mask === 'function' && Function.prototype.toString.call(mask).includes('[native code]')
  } catch {
    return false
  }
}
