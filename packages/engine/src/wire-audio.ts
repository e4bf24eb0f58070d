import { createResampler, decodeBase64, encodeBase64, encodePcm16, floatToPcm16, pcm16FromBytes, pcm16ToFloat } from '@kaiwa/audio'
import { decodeG711, encodeG711, G711_SAMPLE_RATE } from '@kaiwa/audio/g711'
import type { G711Law } from '@kaiwa/audio/g711'
import type { AudioFormat } from '@kaiwa/protocol'
import { WIRE_SAMPLE_RATE } from './input-buffer.ts'

/**
 * The crossing between the three audio formats of the wire and the engine's own: PCM16 at 24 kHz. A byte of G.711 is 1/8 ms, so
 * three of our samples: offsets and lengths come out the same on both sides.
 */

export const pcm24k = { type: 'audio/pcm', rate: 24_000 } as const satisfies AudioFormat

/** A format as a client names it, whole. */
export function formatOf(asked: { type?: AudioFormat['type'] } | undefined): AudioFormat | undefined {
  const type = asked?.type
  return type === undefined ? undefined : type === 'audio/pcm' ? pcm24k : { type }
}

const SAMPLES_PER_G711_BYTE = WIRE_SAMPLE_RATE / G711_SAMPLE_RATE
const lawOf = ({ type }: AudioFormat): G711Law | undefined => type === 'audio/pcm' ? undefined : type === 'audio/pcmu' ? 'pcmu' : 'pcma'

/** Samples at 24 kHz that so much base64 holds, at most. */
export function samplesInBase64(chars: number, format: AudioFormat): number {
  const bytes = chars / 4 * 3
  return Math.floor(lawOf(format) ? bytes * SAMPLES_PER_G711_BYTE : bytes / 2)
}

export interface WireDecoder {
  readonly format: AudioFormat
  /** Base64 as it came → samples at 24 kHz; undefined when it isn't base64, or holds half a sample. */
  decode(base64: string): Int16Array | undefined
}

/** One stream of the client's audio. G.711 comes out 4 ms late, by the resampler's look-ahead, but at its full length at once. */
export function createWireDecoder(format: AudioFormat): WireDecoder {
  const law = lawOf(format)
  if (!law) {
    return { format, decode(base64) {
      const bytes = decodeBase64(base64)
      return bytes && pcm16FromBytes(bytes)
    } }
  }
  const resampler = createResampler({ inputRate: G711_SAMPLE_RATE, outputRate: WIRE_SAMPLE_RATE })
  let early = new Int16Array(resampler.lookaheadSamples * SAMPLES_PER_G711_BYTE)
  return { format, decode(base64) {
    const bytes = decodeBase64(base64)
    if (!bytes) return undefined
    const fresh = floatToPcm16(resampler.process(pcm16ToFloat(decodeG711(law, bytes))))
    const joined = new Int16Array(early.length + fresh.length)
    joined.set(early)
    joined.set(fresh, early.length)
    const due = bytes.length * SAMPLES_PER_G711_BYTE
    early = joined.slice(due)
    return joined.slice(0, due)
  } }
}

export interface WireEncoder {
  /** Samples at 24 kHz → base64; empty while too few are there to make a sample of G.711. */
  encode(samples: Int16Array): string
  /** The end: what the resampler still holds. */
  rest(): string
}

/** One stream of the assistant's audio. */
export function createWireEncoder(format: AudioFormat): WireEncoder {
  const law = lawOf(format)
  if (!law) return { encode: encodePcm16, rest: () => '' }
  const resampler = createResampler({ inputRate: WIRE_SAMPLE_RATE, outputRate: G711_SAMPLE_RATE })
  const wire = (samples: Float32Array) => encodeBase64(encodeG711(law, floatToPcm16(samples)))
  return {
    encode: samples => wire(resampler.process(pcm16ToFloat(samples))),
    rest: () => wire(resampler.flush()),
  }
}
