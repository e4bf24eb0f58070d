import { hkdfSync, webcrypto as nodeCrypto } from 'node:crypto'
import { defaults, seal, unseal, type SealOptions } from 'iron-webcrypto'

// The library's type of WebCrypto is older than Node's.
const webcrypto = nodeCrypto as unknown as Parameters<typeof seal>[0]
/** Longer than any cookie of ours; unsealing costs by length. */
const MAX_SEALED_CHARS = 4096

/** Values that go through a browser which can neither read nor change them. */
export interface Sealer {
  seal(value: object): Promise<string>
  /** Undefined: not ours, changed, or too old. */
  unseal(sealed: string): Promise<unknown>
}

/**
 * Seals (iron: AES-256-CBC and HMAC-SHA-256) with keys derived for one purpose, so that what was sealed for another opens nothing.
 * @param key 32 bytes, read when first needed
 */
export function createSealer(key: () => Uint8Array, purpose: string, lifeMs: number): Sealer {
  const options: SealOptions = { ...defaults, ttl: lifeMs, timestampSkewSec: 0 }
  const derive = (part: string) => new Uint8Array(hkdfSync('sha256', key(), new Uint8Array(), `kaiwa ${purpose} ${part}`, 32))
  let made: { id: string, encryption: Uint8Array, integrity: Uint8Array } | undefined
  const keys = () => made ??= { id: '1', encryption: derive('encryption'), integrity: derive('integrity') }
  return {
    seal: value => seal(webcrypto, value, keys(), options),
    async unseal(sealed) {
      if (sealed.length > MAX_SEALED_CHARS || !sealed.startsWith('Fe26.2*')) return undefined
      return await unseal(webcrypto, sealed, { 1: keys() }, options).catch(() => undefined)
    },
  }
}
