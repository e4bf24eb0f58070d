/** Just enough of WAV (RIFF, PCM16, mono) for recordings in tests. */

export interface Recording { sampleRate: number, samples: Int16Array }

/** @throws Error when it isn't mono PCM16 */
export function readWav(bytes: Uint8Array): Recording {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const name = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4))
  let sampleRate = 0
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true)
    if (name(at) === 'fmt ') {
      if (view.getUint16(at + 8, true) !== 1 || view.getUint16(at + 10, true) !== 1 || view.getUint16(at + 22, true) !== 16) throw new Error('expected a mono PCM16 WAV file')
      sampleRate = view.getUint32(at + 12, true)
    }
    if (name(at) === 'data') {
      const length = Math.floor(Math.min(size, bytes.length - at - 8) / 2)
      return { sampleRate, samples: Int16Array.from({ length }, (_, i) => view.getInt16(at + 8 + 2 * i, true)) }
    }
    at += 8 + size + size % 2
  }
  throw new Error('the WAV file has no data')
}

export function writeWav({ sampleRate, samples }: Recording): Uint8Array {
  const view = new DataView(new ArrayBuffer(44 + samples.length * 2))
  const text = (at: number, letters: string) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)))
  text(0, 'RIFF')
  view.setUint32(4, 36 + samples.length * 2, true)
  text(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, sampleRate, true)
  view.setUint32(28, sampleRate * 2, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  text(36, 'data')
  view.setUint32(40, samples.length * 2, true)
  samples.forEach((sample, i) => view.setInt16(44 + 2 * i, sample, true))
  return new Uint8Array(view.buffer)
}

/** Silence before (a microphone takes a moment to be heard) and after. */
export function padded(recording: Recording, beforeMs: number, afterMs: number): Recording {
  const inSamples = (ms: number) => Math.round(ms * recording.sampleRate / 1000)
  const samples = new Int16Array(inSamples(beforeMs) + recording.samples.length + inSamples(afterMs))
  samples.set(recording.samples, inSamples(beforeMs))
  return { sampleRate: recording.sampleRate, samples }
}
