/**
 * Times that ride inside the sound: nine characters of base64, six bits each, so that a relay that decodes and re-encodes the
 * audio would keep them. `process.hrtime` is the machine's monotonic clock, the same in every process.
 */
export const STAMP_CHARS = 9

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 'latin1')
const valueOf = new Uint8Array(256)
for (const [value, char] of ALPHABET.entries()) valueOf[char] = value

export function nowMicros(): number {
  const [seconds, nanos] = process.hrtime()
  return seconds * 1e6 + Math.floor(nanos / 1000)
}

/** Writes `micros` over nine base64 characters at `at`; `mask` is the WebSocket key those bytes are masked with, from `maskFrom` on. */
export function writeStamp(bytes: Uint8Array, at: number, micros: number, mask?: Uint8Array, maskFrom = 0): void {
  let rest = micros
  for (let n = 0; n < STAMP_CHARS; n++) {
    const char = ALPHABET[rest % 64]!
    bytes[at + n] = mask ? char ^ mask[(at + n - maskFrom) & 3]! : char
    rest = Math.floor(rest / 64)
  }
}

export function readStamp(bytes: Uint8Array, at: number): number {
  let micros = 0
  for (let n = STAMP_CHARS - 1; n >= 0; n--) micros = micros * 64 + valueOf[bytes[at + n]!]!
  return micros
}
