/** Base64 (RFC 4648 section 4) without `btoa`, `Buffer` or argument spreading: the same code in a page, a worklet and Node. */

import { pcm16FromBytes, pcm16ToBytes } from './pcm16.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** Two letters for every 12 bits: half the look-ups and half the joins of a letter at a time. */
const PAIRS = Array.from({ length: 4096 }, (_, bits) => ALPHABET[bits >> 6]! + ALPHABET[bits & 63]!)
const INVALID = 0x80
const VALUES = new Uint8Array(256).fill(INVALID)
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i

/** Bytes → base64, padded. */
export function encodeBase64(bytes: Uint8Array): string {
  const whole = bytes.length - bytes.length % 3
  let text = ''
  for (let i = 0; i < whole; i += 3) {
    const bits = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!
    text += PAIRS[bits >> 12]! + PAIRS[bits & 0xFFF]!
  }
  const left = bytes.length - whole
  if (left === 1) return text + PAIRS[bytes[whole]! << 4]! + '=='
  if (left === 2) return text + PAIRS[(bytes[whole]! << 4) | (bytes[whole + 1]! >> 4)]! + ALPHABET[(bytes[whole + 1]! & 15) << 2]! + '='
  return text
}

/** Base64 → bytes; undefined when the text isn't padded base64 (wrong length, a foreign letter, padding inside). Never throws. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const { length } = text
  if (length % 4 !== 0) return undefined
  if (length === 0) return new Uint8Array(0)
  const padding = text[length - 1] !== '=' ? 0 : text[length - 2] !== '=' ? 1 : 2
  const bytes = new Uint8Array(length / 4 * 3 - padding)
  const whole = padding === 0 ? length : length - 4
  let wrong = 0
  let at = 0
  for (let i = 0; i < whole; i += 4) {
    const a = valueOf(text, i), b = valueOf(text, i + 1), c = valueOf(text, i + 2), d = valueOf(text, i + 3)
    wrong |= a | b | c | d
    bytes[at++] = (a << 2) | (b >> 4)
    bytes[at++] = (b << 4) | (c >> 2)
    bytes[at++] = (c << 6) | d
  }
  if (padding > 0) {
    const a = valueOf(text, whole), b = valueOf(text, whole + 1), c = padding === 1 ? valueOf(text, whole + 2) : 0
    wrong |= a | b | c
    bytes[at++] = (a << 2) | (b >> 4)
    if (padding === 1) bytes[at] = (b << 4) | (c >> 2)
  }
  return wrong & INVALID ? undefined : bytes
}

/** PCM16 samples → base64 of their little-endian bytes, as an append carries them. */
export const encodePcm16 = (samples: Int16Array): string => encodeBase64(pcm16ToBytes(samples))

/** Base64 of little-endian PCM16 → samples; undefined when it isn't base64 or holds half a sample. */
export function decodePcm16(text: string): Int16Array | undefined {
  const bytes = decodeBase64(text)
  return bytes && pcm16FromBytes(bytes)
}

/** 6 bits, or INVALID. Letters above 255 would read outside the table, hence the check. */
function valueOf(text: string, index: number): number {
  const code = text.charCodeAt(index)
  return code < 256 ? VALUES[code]! : INVALID
}
