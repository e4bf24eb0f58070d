/**
 * Where the server's count of audio stands on the call's clock. The server counts ms of audio it was sent; muting, lost frames and
 * silence that we made up move that away from the clock. Kept as a few marks: from this much sent audio on, that many ms to add.
 */
export interface SentAudio {
  /** Audio of the call's time up to `capturedMs` went out; `sentMs` in all. */
  sent(sentMs: number, capturedMs: number): void
  /** Ms of audio, as the server counts, → ms since the call began. */
  toCallMs(audioMs: number): number
}

/** Scheduling of the page moves frames about by less. */
const TOLERANCE_MS = 60
/** Each is one mute or one loss. Full ⇒ the oldest go: nothing refers to audio that long ago. */
const MAX_MARKS = 64

export function createSentAudio(): SentAudio {
  let marks: { fromMs: number, offsetMs: number }[] = []
  let lastSentMs = 0
  return {
    sent(sentMs, capturedMs) {
      const offsetMs = capturedMs - sentMs
      const last = marks.at(-1)
      if (!last || Math.abs(last.offsetMs - offsetMs) > TOLERANCE_MS) marks = [...marks, { fromMs: lastSentMs, offsetMs }].slice(-MAX_MARKS)
      lastSentMs = sentMs
    },
    toCallMs(audioMs) {
      const mark = marks.findLast(candidate => candidate.fromMs <= audioMs) ?? marks[0]
      return audioMs + (mark?.offsetMs ?? 0)
    },
  }
}
