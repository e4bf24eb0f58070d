/** The wire's PCM16: 24 kHz mono. */
export const WIRE_SAMPLE_RATE = 24_000
export const SAMPLES_PER_MS = WIRE_SAMPLE_RATE / 1000

/** About eleven minutes of 24 kHz PCM16 (32 MiB). Full ⇒ the append is refused with an error; dropping would lose words. */
export const MAX_INPUT_SAMPLES = 16 * 1024 * 1024
/** The API's own limit for one `input_audio_buffer.append`, decoded. */
export const MAX_APPEND_BYTES = 15 * 1024 * 1024
/** A piece is copied once this much of it is dead, so that a long append isn't held for its last moment. */
const MAX_DEAD_SAMPLES = 32_768

/**
 * The input audio buffer: uncommitted PCM16. Positions count the samples of all audio written in this session, so an offset
 * stays true after a commit or a clear.
 */
export interface InputBuffer {
  /** First sample still held. */
  readonly start: number
  /** One past the last sample written. */
  readonly end: number
  /** `false`: full, nothing was taken. */
  append(samples: Int16Array): boolean
  /** A copy of what is held of `[from, to)`. */
  read(from: number, to: number): Int16Array
  /** Forget everything before this position. */
  dropBefore(position: number): void
}

export const positionToMs = (position: number) => Math.round(position / SAMPLES_PER_MS)
export const msToPosition = (ms: number) => Math.floor(ms * SAMPLES_PER_MS)

export function createInputBuffer(maxSamples = MAX_INPUT_SAMPLES): InputBuffer {
  let pieces: { from: number, samples: Int16Array }[] = []
  let start = 0
  let end = 0
  return {
    get start() { return start },
    get end() { return end },
    append(samples) {
      if (end - start + samples.length > maxSamples) return false
      if (samples.length > 0) pieces.push({ from: end, samples })
      end += samples.length
      return true
    },
    read(from, to) {
      const first = Math.max(from, start)
      const last = Math.min(to, end)
      const out = new Int16Array(Math.max(0, last - first))
      for (const piece of pieces) {
        const begin = Math.max(first, piece.from)
        const stop = Math.min(last, piece.from + piece.samples.length)
        if (begin < stop) out.set(piece.samples.subarray(begin - piece.from, stop - piece.from), begin - first)
      }
      return out
    },
    dropBefore(position) {
      start = Math.min(Math.max(start, position), end)
      pieces = pieces.flatMap(piece => {
        if (piece.from + piece.samples.length <= start) return []
        const dead = start - piece.from
        return dead > MAX_DEAD_SAMPLES ? [{ from: start, samples: piece.samples.slice(dead) }] : [piece]
      })
    },
  }
}
