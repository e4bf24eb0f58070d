/** G.711 (ITU-T): one byte a sample, 8 kHz on the wire. Apart from index.ts, so that the tables stay out of the page. */

import * as codecs from 'alawmulaw'

/** Node hands out the package's CommonJS build, as `default`; a bundler its names. */
const { alaw, mulaw } = 'mulaw' in codecs ? codecs : Reflect.get(codecs, 'default') as typeof codecs

export const G711_SAMPLE_RATE = 8_000

/** `pcmu` is µ-law, `pcma` A-law. */
export type G711Law = 'pcmu' | 'pcma'

const codecOf = (law: G711Law) => law === 'pcmu' ? mulaw : alaw

/** G.711 bytes → as many samples. */
export function decodeG711(law: G711Law, bytes: Uint8Array): Int16Array {
  return codecOf(law).decode(bytes)
}

/** Samples → as many G.711 bytes. */
export function encodeG711(law: G711Law, samples: Int16Array): Uint8Array {
  return codecOf(law).encode(samples)
}
