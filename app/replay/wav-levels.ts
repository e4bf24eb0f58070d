/** Levels of a WAV file (16-bit PCM, one channel) while it comes in: nothing of it is kept but one number for each step. */
export interface WavLevels {
  /** @throws Error when it is no such file */
  push(bytes: Uint8Array): void
  readonly levels: readonly number[]
}

const HEADER_MOST_BYTES = 4096

export function createWavLevels(stepMs: number): WavLevels {
  const levels: number[] = []
  let header: Uint8Array | undefined = new Uint8Array(0)
  let stepSamples = 1
  let squares = 0
  let count = 0
  let odd: number | undefined

  function measure(bytes: Uint8Array) {
    let at = 0
    if (odd !== undefined && bytes.length > 0) {
      add((bytes[0]! << 24 >> 16) | odd)
      odd = undefined
      at = 1
    }
    for (; at + 1 < bytes.length; at += 2) add((bytes[at + 1]! << 24 >> 16) | bytes[at]!)
    if (at < bytes.length) odd = bytes[at]
  }
  function add(sample: number) {
    squares += sample * sample
    if (++count < stepSamples) return
    levels.push(Math.sqrt(squares / count) / 32_768)
    squares = count = 0
  }

  return {
    levels,
    push(bytes) {
      if (!header) return measure(bytes)
      const joined = new Uint8Array(header.length + bytes.length)
      joined.set(header)
      joined.set(bytes, header.length)
      const found = dataOf(joined)
      if (!found && joined.length > HEADER_MOST_BYTES) throw new Error('This is no WAV file of 16-bit samples on one channel.')
      header = found ? undefined : joined
      if (!found) return
      stepSamples = Math.max(1, Math.round((found.sampleRate * stepMs) / 1000))
      measure(joined.subarray(found.at))
    },
  }
}

/** Where the samples begin; undefined: not within these bytes. @throws Error */
function dataOf(bytes: Uint8Array): { at: number, sampleRate: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const name = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4))
  if (bytes.length < 12) return undefined
  if (name(0) !== 'RIFF' || name(8) !== 'WAVE') throw new Error('This is no WAV file.')
  let sampleRate: number | undefined
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true)
    if (name(at) === 'data') return sampleRate === undefined ? undefined : { at: at + 8, sampleRate }
    if (name(at) === 'fmt ') {
      if (at + 24 > bytes.length) return undefined
      if (view.getUint16(at + 8, true) !== 1 || view.getUint16(at + 10, true) !== 1 || view.getUint16(at + 22, true) !== 16) throw new Error('Only 16-bit samples on one channel can be read.')
      sampleRate = view.getUint32(at + 12, true)
    }
    at += 8 + size + size % 2
  }
  return undefined
}
