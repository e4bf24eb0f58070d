/**
 * One user turn on its way through a leased decoder: audio is kept until a decoder is free, then caught up with faster than
 * real time. A long turn is cut into segments, because a decoder's final pass grows with the segment.
 */
import { StageError, type Clock, type Transcript, type TranscriberStream } from '@kaiwa/engine'
import type { DecoderLease, DecoderPool } from './decoder-pool.ts'

export const UTTERANCE_SAMPLE_RATE = 16_000
/** 60 s not yet decoded, 3.8 MB. Full ⇒ the newest is left out: the beginning of a turn says more than its end. */
export const MAX_UNHEARD_SAMPLES = 60 * UTTERANCE_SAMPLE_RATE
/** Handed to the decoder at once: a cancel never waits for longer than this takes. */
const MAX_SLICE_SAMPLES = UTTERANCE_SAMPLE_RATE
/** A segment ends at the first quiet slice after 20 s, or after 30 s in the middle of a word. */
const SEGMENT_SAMPLES = 20 * UTTERANCE_SAMPLE_RATE
const MAX_SEGMENT_SAMPLES = 30 * UTTERANCE_SAMPLE_RATE
const QUIET_SHARE = 0.25
/** A talker who writes nothing for so long lends the decoder to those who wait. */
const IDLE_MS = 2_000

export interface UtteranceOptions { pool: DecoderPool, clock: Pick<Clock, 'setTimer'> }

export function createUtterance({ pool, clock }: UtteranceOptions): TranscriberStream {
  const unheard: Float32Array[] = []
  const abort = new AbortController()
  const listeners: ((text: string) => void)[] = []
  const heard: { text: string, confidence?: number }[] = []
  let unheardSamples = 0
  let complete = false
  let lastPartial = ''
  let wake = () => {}

  const report = (words: string) => {
    const text = [...heard.map(segment => segment.text), words].filter(Boolean).join(' ')
    if (text === lastPartial || abort.signal.aborted) return
    lastPartial = text
    for (const listener of listeners) listener(text)
  }

  /** Resolves when there is something to do, or after the idle time. */
  const waitForWork = () => new Promise<'work' | 'idle'>(resolve => {
    if (unheardSamples > 0 || complete || abort.signal.aborted) return resolve('work')
    const cancelTimer = clock.setTimer(() => resolve('idle'), IDLE_MS)
    wake = () => { cancelTimer(); resolve('work') }
  })

  const takeSlice = (): Float32Array => {
    const slice = new Float32Array(Math.min(unheardSamples, MAX_SLICE_SAMPLES))
    for (let at = 0; at < slice.length;) {
      const piece = unheard[0]!
      const part = piece.subarray(0, slice.length - at)
      slice.set(part, at)
      at += part.length
      if (part.length === piece.length) unheard.shift()
      else unheard[0] = piece.subarray(part.length)
    }
    unheardSamples -= slice.length
    return slice
  }

  /** Decodes until the turn is complete, the segment is long enough, or others need the decoder more. */
  const hearSegment = async ({ decoder }: DecoderLease) => {
    await decoder.start()
    let samples = 0
    let energy = 0
    for (;;) {
      const slice = takeSlice()
      if (abort.signal.aborted) return void await decoder.cancel()
      if (slice.length > 0) {
        report(await decoder.decode(slice))
        samples += slice.length
        const sliceEnergy = slice.reduce((sum, sample) => sum + sample * sample, 0)
        energy += sliceEnergy
        const quiet = sliceEnergy / slice.length < QUIET_SHARE ** 2 * energy / samples
        if (samples < (quiet ? SEGMENT_SAMPLES : MAX_SEGMENT_SAMPLES)) continue
        break
      }
      if (complete || (await waitForWork() === 'idle' && pool.contended)) break
    }
    heard.push(await decoder.finish())
  }

  const run = async (): Promise<Transcript> => {
    for (;;) {
      await waitForWork()
      if (abort.signal.aborted || (complete && unheardSamples === 0)) return joined(heard)
      if (unheardSamples === 0) continue
      const lease = await pool.lease(abort.signal)
      if (!lease) return joined(heard)
      try {
        await hearSegment(lease)
      } finally {
        lease.release()
      }
    }
  }

  const result = run()
  // A turn that is cancelled, or fails before anybody asks for its words, is nobody's unhandled rejection.
  result.catch(() => { unheard.length = 0 })

  return {
    write(samples) {
      if (complete || abort.signal.aborted) return
      const room = MAX_UNHEARD_SAMPLES - unheardSamples
      const kept = samples.slice(0, room)
      if (kept.length === 0) return
      unheard.push(kept)
      unheardSamples += kept.length
      wake()
    },
    onPartial(listener) { listeners.push(listener) },
    finish() {
      complete = true
      wake()
      return result
    },
    cancel() {
      abort.abort()
      unheard.length = 0
      unheardSamples = 0
      wake()
    },
  }
}

/** A turn that can't be recognised: says so when asked for its words. */
export function createRefusedUtterance(why: string): TranscriberStream {
  return { write() {}, onPartial() {}, finish: () => Promise.reject(new StageError('stt', why)), cancel() {} }
}

function joined(segments: readonly { text: string, confidence?: number }[]): Transcript {
  const spoken = segments.filter(segment => segment.text)
  const text = spoken.map(segment => segment.text).join(' ')
  const judged = spoken.filter(segment => segment.confidence !== undefined)
  if (judged.length === 0) return segments.length > 0 && segments.every(segment => segment.confidence !== undefined) ? { text, confidence: 0 } : { text }
  return { text, confidence: judged.reduce((sum, segment) => sum + segment.confidence!, 0) / judged.length }
}
