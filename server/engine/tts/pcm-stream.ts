/** Raw PCM or a WAV file, in pieces cut anywhere, as samples. Pure. */

/** Neither PCM16 nor a WAV file of it. */
export class PcmStreamError extends Error {}

export interface PcmStream {
  /** Samples, mono, −1 to 1; empty while a header isn't whole. @throws PcmStreamError */
  take(bytes: Uint8Array): Float32Array
  /** Known with the first samples. */
  readonly sampleRate: number
}

/** The header of a WAV file; longer ones (cover pictures) are no speech server's. Full ⇒ the stream is given up. */
const MAX_HEADER_BYTES = 64 * 1024

interface Form {
  sampleRate: number
  channels: number
  /** Bytes from here on are sound. */
  begin: number
  /** Sound, as far as the header says. */
  dataBytes: number
}

/** Tells the two apart by the first four bytes. Headerless sound is mono at `rawRate`. Channels are mixed to one. */
export function createPcmStream(rawRate: number): PcmStream {
  let form: Form | undefined
  let pending: Uint8Array = new Uint8Array(0)
  let left = Infinity

  const begin = (): boolean => {
    if (form) return true
    if (pending.length < 4) return false
    form = ascii(pending, 0) === 'RIFF' ? readHeader(pending) : { sampleRate: rawRate, channels: 1, begin: 0, dataBytes: Infinity }
    if (!form) return false
    pending = pending.subarray(form.begin)
    left = form.dataBytes
    return true
  }

  return {
    get sampleRate() { return form?.sampleRate ?? rawRate },
    take(bytes) {
      pending = joined(pending, bytes)
      if (!begin()) {
        if (pending.length > MAX_HEADER_BYTES) throw new PcmStreamError('a header without end')
        return new Float32Array(0)
      }
      const { channels } = form!
      // What follows the sound in a WAV file (names, tags) is not for the ear.
      const usable = Math.min(pending.length, left)
      const frames = Math.floor(usable / (2 * channels))
      const view = new DataView(pending.buffer, pending.byteOffset, pending.byteLength)
      const samples = new Float32Array(frames)
      for (let frame = 0; frame < frames; frame++) {
        for (let channel = 0; channel < channels; channel++) samples[frame]! += view.getInt16((frame * channels + channel) * 2, true) / 32_768 / channels
      }
      left -= frames * 2 * channels
      pending = pending.slice(frames * 2 * channels)
      if (left < 2 * channels) pending = new Uint8Array(0)
      return samples
    },
  }
}

/** Undefined while it isn't whole. @throws PcmStreamError for another form than PCM16 */
function readHeader(bytes: Uint8Array): Form | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length >= 12 && ascii(bytes, 8) !== 'WAVE') throw new PcmStreamError('no WAV file')
  let format: Pick<Form, 'sampleRate' | 'channels'> | undefined
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true)
    if (ascii(bytes, at) === 'data') {
      if (!format) throw new PcmStreamError('sound without a format')
      // A server that streams doesn't know the length: 0 or all ones.
      return { ...format, begin: at + 8, dataBytes: size === 0 || size >= 0x7fff_0000 ? Infinity : size }
    }
    if (ascii(bytes, at) === 'fmt ') {
      if (at + 24 > bytes.length) return undefined
      format = readFormat(view, at + 8)
    }
    at += 8 + size + (size & 1)
  }
  return undefined
}

function readFormat(view: DataView, at: number): Pick<Form, 'sampleRate' | 'channels'> {
  const kind = view.getUint16(at, true)
  const channels = view.getUint16(at + 2, true)
  const sampleRate = view.getUint32(at + 4, true)
  const bits = view.getUint16(at + 14, true)
  // 0xfffe: the extended form, which for 16 bits is PCM, too.
  if ((kind !== 1 && kind !== 0xfffe) || bits !== 16 || channels < 1 || channels > 8 || sampleRate < 8_000 || sampleRate > 192_000) {
    throw new PcmStreamError('no 16-bit PCM')
  }
  return { channels, sampleRate }
}

function ascii(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4))
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
