import { createResampler, pcm16ToFloat } from '@kaiwa/audio'
import { asStageError, within } from './deadline.ts'
import type { Clock } from './engine.ts'
import { WIRE_SAMPLE_RATE } from './input-buffer.ts'
import type { InputBuffer } from './input-buffer.ts'
import type { Transcriber, Transcript } from './stages.ts'

/** Long enough for a queue in front of a busy recogniser; longer than that nobody waits for an answer. */
export const TRANSCRIPT_WITHIN_MS = 20_000
/** Handed over at once: 100 ms. */
const SLICE_SAMPLES = 2_400
/** Resampled in one go: 5 s of audio take about 30 ms, during which no other session is served. */
const BURST_SAMPLES = 120_000

/** One stretch of the user's audio on its way to words, while it is still being spoken. */
export interface Recognition {
  /** Position in the input buffer where it began. */
  readonly from: number
  /** The words so far. */
  readonly partial: string
  /** Hands over what the buffer holds up to here and isn't handed over yet, a burst at most. Never throws: a fault comes out of `finish`. */
  feed(buffer: Pick<InputBuffer, 'read'>, to: number): void
  /**
   * The turn is whole: `audio` is all of it, from `from` on.
   * @throws {StageError} the transcriber failed or took too long
   */
  finish(audio: Int16Array): Promise<Transcript>
  cancel(): void
}

export interface RecognitionOptions {
  transcriber: Transcriber
  clock: Clock
  from: number
  language?: string
  prompt?: string
  onPartial?: (text: string) => void
}

export function createRecognition({ transcriber, clock, from, language, prompt, onPartial }: RecognitionOptions): Recognition {
  const resampler = createResampler({ inputRate: WIRE_SAMPLE_RATE, outputRate: transcriber.sampleRate })
  const abort = new AbortController()
  let fault: unknown
  let partial = ''
  let fedTo = from
  const stream = guarded(() => transcriber.open({ language, prompt }))
  guarded(() => stream?.onPartial(text => {
    partial = text
    if (!abort.signal.aborted) onPartial?.(text)
  }))

  function guarded<T>(work: () => T): T | undefined {
    if (fault !== undefined) return undefined
    try {
      return work()
    } catch (cause) {
      fault = cause
      return undefined
    }
  }

  function cancel(): void {
    abort.abort()
    guarded(() => stream?.cancel())
  }

  /** Hands over the next slice; false when there is none. */
  function feedSlice(read: InputBuffer['read'], to: number): boolean {
    const slice = read(fedTo, Math.min(to, fedTo + SLICE_SAMPLES))
    if (slice.length === 0) return false
    const samples = resampler.process(pcm16ToFloat(slice))
    fedTo += slice.length
    guarded(() => stream?.write(samples))
    return true
  }

  function feed(read: InputBuffer['read'], to: number): void {
    const burstEnd = fedTo + BURST_SAMPLES
    while (fedTo < burstEnd && feedSlice(read, to));
  }

  async function finish(audio: Int16Array): Promise<Transcript> {
    const read: InputBuffer['read'] = (begin, end) => audio.subarray(begin - from, end - from)
    for (feed(read, from + audio.length); fedTo < from + audio.length && !abort.signal.aborted; feed(read, from + audio.length)) await breath(clock)
    const tail = resampler.flush()
    if (tail.length > 0) guarded(() => stream?.write(tail))
    const words = guarded(() => stream?.finish())
    if (!words) throw fault
    return within(words, { clock, stage: 'stt', withinMs: TRANSCRIPT_WITHIN_MS, signal: abort.signal })
  }

  return {
    from,
    get partial() { return partial },
    feed: (buffer, to) => feed((begin, end) => buffer.read(begin, end), to),
    async finish(audio) {
      try {
        return await finish(audio)
      } catch (cause) {
        cancel()
        throw asStageError('stt', cause)
      }
    },
    cancel,
  }
}

/** Lets other sessions be served. */
const breath = (clock: Clock) => new Promise<void>(resolve => { clock.setTimer(resolve, 0) })
