import { encodePcm16 } from '@kaiwa/audio'
import type { MicrophoneFrame } from './microphone.ts'

const SAMPLES_PER_MS = 24
/** What is said while the line is set up (or lost) is kept this long; longer ago is no longer worth answering. Full ⇒ the oldest goes. */
export const MAX_WAITING_MS = 10_000
/** One message of a flush: 25.6 kB of base64, far below any message limit, and 25 messages for 10 s instead of 250. */
const FLUSH_SAMPLES = 400 * SAMPLES_PER_MS

/** Microphone frames → base64 for the line, in order, none lost while the line isn't there. */
export interface Encoder {
  write(frame: MicrophoneFrame): void
  /** The line is ready: what waited goes first, in order, then each frame as it comes. */
  open(send: (pcm16Base64: string) => void): void
  /** The line is lost: frames wait again. */
  hold(): void
  /** Of what waits, keeps only the last so many ms. */
  keepLast(ms: number): void
  /** Forgets what waits. */
  clear(): void
  readonly waitingMs: number
  /** Lost since the start because the line took too long. */
  readonly droppedMs: number
  /** Samples given to the line so far: how far the user has been heard. */
  readonly sentSamples: number
}

/** @param options `maxWaitingMs`: how much is kept for the line. @default MAX_WAITING_MS */
export function createEncoder(options: { maxWaitingMs?: number } = {}): Encoder {
  const maxWaitingSamples = (options.maxWaitingMs ?? MAX_WAITING_MS) * SAMPLES_PER_MS
  let waiting: Int16Array[] = []
  let waitingSamples = 0
  let droppedSamples = 0
  let sentSamples = 0
  let line: ((pcm16Base64: string) => void) | undefined

  function write(frame: MicrophoneFrame): void {
    waiting.push(frame.samples)
    waitingSamples += frame.samples.length
    if (line) return flush()
    droppedSamples += keep(maxWaitingSamples)
  }

  /** @returns how much went */
  function keep(samples: number): number {
    const before = waitingSamples
    while (waitingSamples > samples && waiting.length > 0) waitingSamples -= waiting.shift()!.length
    return before - waitingSamples
  }

  /** `send` may close the line (and call `hold`) at any message: what was not sent stays. */
  function flush(): void {
    while (line && waiting.length > 0) {
      const samples = takeUpTo(FLUSH_SAMPLES)
      sentSamples += samples.length
      line(encodePcm16(samples))
    }
  }

  function takeUpTo(samples: number): Int16Array {
    let count = 1
    let total = waiting[0]!.length
    while (count < waiting.length && total + waiting[count]!.length <= samples) total += waiting[count++]!.length
    const taken = waiting.splice(0, count)
    waitingSamples -= total
    if (count === 1) return taken[0]!
    const joined = new Int16Array(total)
    let at = 0
    for (const piece of taken) {
      joined.set(piece, at)
      at += piece.length
    }
    return joined
  }

  return {
    write,
    open(send) {
      line = send
      flush()
    },
    hold() { line = undefined },
    keepLast(ms) { keep(ms * SAMPLES_PER_MS) },
    clear() {
      waiting = []
      waitingSamples = 0
    },
    get waitingMs() { return waitingSamples / SAMPLES_PER_MS },
    get droppedMs() { return droppedSamples / SAMPLES_PER_MS },
    get sentSamples() { return sentSamples },
  }
}
