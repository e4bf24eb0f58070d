/** Nothing came for longer than any frame is: the talker was muted, or the line stood still. */
const PAUSE_MS = 400
/** Of the talker's audio, those that somebody may still ask about. Full ⇒ the oldest is forgotten, and taken for the next. */
const MAX_STRETCHES = 64

/** Audio that was sent without a pause: it began at `fromAudioMs` of all audio sent, and `callMs − audioMs` is the same throughout. */
interface Stretch { fromAudioMs: number, toAudioMs: number, offsetMs: number }

/**
 * When, by the call's clock, the talker said what. The model tells places in the audio it was sent (`audio_start_ms`); audio comes late
 * after the line was made or stood still, and none comes while muted. What is certain is that no sample was said after it came: of all
 * samples of a stretch the one with the least delay places the others.
 */
export interface InputClock {
  /** So much audio came. Returns whether it begins a new stretch. */
  append(lengthMs: number, nowMs: number): boolean
  /** Below 0: it was said while the line was being made. Undefined: no audio was seen. */
  at(audioMs: number): number | undefined
  /** All audio so far. */
  readonly audioMs: number
}

export function createInputClock(): InputClock {
  const stretches: Stretch[] = []
  let audioMs = 0
  let cameAtMs = -Infinity

  return {
    append(lengthMs, nowMs) {
      const begins = nowMs - cameAtMs > PAUSE_MS + lengthMs
      if (begins) {
        if (stretches.length >= MAX_STRETCHES) stretches.shift()
        stretches.push({ fromAudioMs: audioMs, toAudioMs: audioMs, offsetMs: Infinity })
      }
      const stretch = stretches.at(-1)!
      audioMs += lengthMs
      cameAtMs = nowMs
      stretch.toAudioMs = audioMs
      stretch.offsetMs = Math.min(stretch.offsetMs, nowMs - audioMs)
      return begins
    },
    at(wantedMs) {
      if (stretches.length === 0) return undefined
      const stretch = stretches.findLast(({ fromAudioMs }) => fromAudioMs <= wantedMs) ?? stretches[0]!
      return wantedMs + stretch.offsetMs
    },
    get audioMs() { return audioMs },
  }
}
