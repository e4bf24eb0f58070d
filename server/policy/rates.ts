/** How fast one connection may send; above it, the call ends with 4029. */
export interface Rates {
  /** As on the wire: base64 and the event around it. */
  bytesPerSecond: number
  burstBytes: number
  eventsPerSecond: number
  burstEvents: number
}

/** PCM16 at 24 kHz, mono, in base64: 24000 × 2 × 4/3. */
const SPEECH_BYTES_PER_SECOND = 64_000
/** What an event puts around its audio, as a share: 49 bytes on 2560 of a 40 ms frame, rounded up. */
const ENVELOPE = 1.05

export const pageRates: Rates = {
  // Four times real time: a line that was stuck catches up, a script that feeds recordings does not.
  bytesPerSecond: 4 * SPEECH_BYTES_PER_SECOND * ENVELOPE,
  // The 10 s that a microphone waits for its line, and 15 s that a stalled network delivers at once.
  burstBytes: 25 * SPEECH_BYTES_PER_SECOND * ENVELOPE,
  // Frames of 20 ms are 50 a second; the rest is for what is said beside them.
  eventsPerSecond: 100,
  // The same 25 s in frames of 20 ms, nearly: a page flushes what waited in events of 400 ms.
  burstEvents: 1200,
}

export const programRates: Rates = {
  // A hundred times speech: a recording may be sent as fast as a disk reads, an endless flood may not.
  bytesPerSecond: 8 * 1024 * 1024,
  // Three of the largest appends that the API takes (15 MiB, 20 MiB in base64), and what is around them.
  burstBytes: 64 * 1024 * 1024,
  // Ten streams of 20 ms frames.
  eventsPerSecond: 500,
  // A restored conversation of a few thousand items, each an event.
  burstEvents: 5000,
}

export interface Pace {
  /** Counts one message. What there is too much of, if so: the message is not to be passed on. */
  take(bytes: number, nowMs: number): 'bytes' | 'events' | undefined
}

/** Two token buckets, full at the start. Time is any clock's; one that goes back adds nothing. */
export function createPace({ bytesPerSecond, burstBytes, eventsPerSecond, burstEvents }: Rates): Pace {
  let bytesLeft = burstBytes
  let eventsLeft = burstEvents
  let filledAtMs: number | undefined
  return {
    take(bytes, nowMs) {
      const seconds = Math.max(0, nowMs - (filledAtMs ?? nowMs)) / 1000
      filledAtMs = nowMs
      bytesLeft = Math.min(burstBytes, bytesLeft + seconds * bytesPerSecond)
      eventsLeft = Math.min(burstEvents, eventsLeft + seconds * eventsPerSecond)
      if (eventsLeft < 1) return 'events'
      if (bytesLeft < bytes) return 'bytes'
      eventsLeft -= 1
      bytesLeft -= bytes
      return undefined
    },
  }
}
