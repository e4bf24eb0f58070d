export const WAVE_HEADER_BYTES = 44
/** The format counts with 32 bits. What is longer says so much and is read to its end by players all the same. */
const MOST = 0xFFFF_FFFF

/** The head of a WAV file (RIFF, PCM16 little-endian). */
export function waveHeader({ channels, rate, samples }: { channels: 1 | 2, rate: number, /** Of each channel. */ samples: number }): Buffer {
  const header = Buffer.alloc(WAVE_HEADER_BYTES)
  const dataBytes = samples * channels * 2
  header.write('RIFF', 0, 'latin1')
  header.writeUInt32LE(Math.min(MOST, dataBytes + WAVE_HEADER_BYTES - 8), 4)
  header.write('WAVEfmt ', 8, 'latin1')
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(channels, 22)
  header.writeUInt32LE(rate, 24)
  header.writeUInt32LE(rate * channels * 2, 28)
  header.writeUInt16LE(channels * 2, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36, 'latin1')
  header.writeUInt32LE(Math.min(MOST, dataBytes), 40)
  return header
}

/** Samples as a file has them, whatever the machine's byte order. */
export function toLittleEndian(samples: Int16Array): Buffer {
  const bytes = Buffer.allocUnsafe(samples.length * 2)
  for (let at = 0; at < samples.length; at++) bytes.writeInt16LE(samples[at]!, at * 2)
  return bytes
}

/** So many bytes of what comes, after leaving out some. */
export async function* bytesBetween(pieces: AsyncIterable<Buffer>, skip: number, count: number): AsyncGenerator<Buffer, void, undefined> {
  let toSkip = skip
  let left = count
  for await (const piece of pieces) {
    const some = piece.subarray(Math.min(toSkip, piece.length))
    toSkip -= piece.length - some.length
    if (some.length === 0) continue
    yield some.subarray(0, left)
    left -= some.length
    if (left <= 0) return
  }
}

/** `Range` of a request (RFC 9110, 14.2). Undefined: the whole, also of what isn't understood; `unsatisfiable`: there is nothing there. */
export function rangeIn(header: string | undefined, size: number): { from: number, /** Inclusive. */ to: number } | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? []
  if (first === '' && last === '') return undefined
  const range = first === '' ? { from: Math.max(0, size - Number(last)), to: size - 1 } : { from: Number(first), to: Math.min(size - 1, last === '' ? size - 1 : Number(last)) }
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  return range.from > range.to ? 'unsatisfiable' : range
}
