import type { Readable } from 'node:stream'
import { createResampler, floatToPcm16, pcm16ToFloat } from '@kaiwa/audio'
import { decodeG711 } from '@kaiwa/audio/g711'
import { AudioError, type AudioKeeper } from '../journal/audio-keeper.ts'
import type { StoredAudio } from '../store/store.ts'
import type { CallTimeline } from './timeline.ts'

/** One voice of one call on the call's clock, at one rate; silence where nothing was said. */
export interface VoiceTrack { rate: number, samples: number, pieces: Piece[] }

interface Piece { atSample: number, /** At the track's rate. */ samples: number, rate: number, format: Format, key: string }
type Format = 'pcm' | 'ulaw' | 'alaw'
type Samples = AsyncGenerator<Int16Array, void, undefined>

/** Of the wire; where nothing was kept. */
const USUAL_RATE = 24_000
/** So much is in memory at a time. */
const BLOCK_SAMPLES = 8192

const formatOf = (key: string) => key.slice(key.lastIndexOf('.') + 1) as Format
const bytesOf = (format: Format) => format === 'pcm' ? 2 : 1
/** What a resampler is made for; a row that says anything else isn't believed. */
const isRate = (rate: number) => Number.isInteger(rate) && rate >= 8000 && rate <= 192_000 && rate % 50 === 0

/** The highest rate of these stretches: nothing of any is lost. */
export const rateOf = (stretches: readonly StoredAudio[]) =>
  stretches.filter(({ sampleRate }) => isRate(sampleRate)).reduce((most, { sampleRate }) => Math.max(most, sampleRate), 0) || USUAL_RATE

export function voiceTrack({ fromMs, durationMs, stretches }: CallTimeline, speaker: StoredAudio['speaker'], rate: number): VoiceTrack {
  const atSample = (ms: number) => Math.round((ms - fromMs) * rate / 1000)
  const pieces = stretches.filter(stretch => stretch.speaker === speaker && isRate(stretch.sampleRate)).map((stretch): Piece => {
    const format = formatOf(stretch.key)
    const samples = Math.floor(stretch.bytes / bytesOf(format))
    return { atSample: atSample(stretch.fromMs), samples: Math.round(samples * rate / stretch.sampleRate), rate: stretch.sampleRate, format, key: stretch.key }
  })
  return { rate, samples: atSample(fromMs + durationMs), pieces: pieces.sort((one, other) => one.atSample - other.atSample) }
}

/** From a sample on up to another, in order, as many as were asked for. Of stretches that overlap the first has the word. */
export async function* samplesOf(track: VoiceTrack, audio: Pick<AudioKeeper, 'read'>, from = 0, to = track.samples): Samples {
  let at = from
  for (const piece of track.pieces) {
    const begin = Math.max(piece.atSample, at)
    const end = Math.min(piece.atSample + piece.samples, to)
    if (end <= begin) continue
    yield* silence(begin - at)
    yield* exactly(samplesIn(piece, track.rate, audio, begin - piece.atSample, end - piece.atSample), end - begin)
    at = end
  }
  yield* silence(Math.max(0, to - at))
}

async function* silence(samples: number): Samples {
  for (let left = samples; left > 0; left -= BLOCK_SAMPLES) yield new Int16Array(Math.min(left, BLOCK_SAMPLES))
}

/** A file that is shorter than was written down doesn't move what comes after it. */
async function* exactly(samples: Samples, count: number): Samples {
  let left = count
  for await (const some of samples) {
    if (left <= 0) return
    yield some.length > left ? some.subarray(0, left) : some
    left -= some.length
  }
  yield* silence(Math.max(0, left))
}

async function* samplesIn(piece: Piece, rate: number, audio: Pick<AudioKeeper, 'read'>, from: number, to: number): Samples {
  const bytes = bytesOf(piece.format)
  const isSame = piece.rate === rate
  try {
    const stream = await audio.read(piece.key, isSame ? { fromByte: from * bytes, toByte: to * bytes - 1 } : undefined)
    const decoded = decode(stream, piece.format)
    if (isSame) yield* decoded
    else yield* skipping(resample(decoded, piece.rate, rate), from)
  } catch (error) {
    // A voice that is gone is silent; the rest can still be heard.
    if (!(error instanceof AudioError)) throw error
  }
}

async function* decode(stream: Readable, format: Format): Samples {
  let odd = Buffer.alloc(0)
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (format !== 'pcm') {
      yield decodeG711(format === 'ulaw' ? 'pcmu' : 'pcma', chunk)
      continue
    }
    const bytes = odd.length > 0 ? Buffer.concat([odd, chunk]) : chunk
    const samples = new Int16Array(bytes.length >> 1)
    for (let at = 0; at < samples.length; at++) samples[at] = bytes.readInt16LE(at * 2)
    odd = Buffer.from(bytes.subarray(samples.length * 2))
    if (samples.length > 0) yield samples
  }
}

async function* resample(samples: Samples, inputRate: number, outputRate: number): Samples {
  const resampler = createResampler({ inputRate, outputRate })
  for await (const some of samples) yield floatToPcm16(resampler.process(pcm16ToFloat(some)))
  yield floatToPcm16(resampler.flush())
}

async function* skipping(samples: Samples, count: number): Samples {
  let left = count
  for await (const some of samples) {
    if (some.length > left) yield left > 0 ? some.subarray(left) : some
    left = Math.max(0, left - some.length)
  }
}

/** Two voices side by side, left and right, as long as both are. */
export async function* interleaved(left: Samples, right: Samples): Samples {
  const [one, other] = [takerOf(left), takerOf(right)]
  for (;;) {
    const [a, b] = await Promise.all([one(BLOCK_SAMPLES), other(BLOCK_SAMPLES)])
    const length = Math.min(a.length, b.length)
    if (length === 0) return
    const both = new Int16Array(length * 2)
    for (let at = 0; at < length; at++) {
      both[at * 2] = a[at]!
      both[at * 2 + 1] = b[at]!
    }
    yield both
  }
}

/** Takes so many samples at a time, fewer at the end. */
function takerOf(samples: Samples) {
  let rest = new Int16Array(0)
  return async (count: number): Promise<Int16Array> => {
    const taken = new Int16Array(count)
    let length = 0
    while (length < count) {
      if (rest.length === 0) {
        const next = await samples.next()
        if (next.done) break
        rest = Int16Array.from(next.value)
      }
      const some = rest.subarray(0, count - length)
      taken.set(some, length)
      length += some.length
      rest = rest.subarray(some.length)
    }
    return taken.subarray(0, length)
  }
}
