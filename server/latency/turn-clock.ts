import type { TurnLatency } from '../store/journal-entry.ts'

/** Speech that ended and has no answer yet. */
interface Waiting { speechEndMs: number, committedAtMs: number | null, appendMs: number }
interface Answering extends Waiting {
  responseId: string
  firstTextAtMs: number | null
  firstAudioAtMs: number | null
  firstHeardAtMs: number | null
  audioMs: number | null
  done: boolean
}

/**
 * How long each answer to speech took, by one clock. All times are the call's, in milliseconds; each method returns the turns that
 * are complete by it. A turn whose answer was spoken waits, after its end, until the page says that it was heard or the next turn begins.
 */
export interface TurnClock {
  speechStarted(): TurnLatency[]
  speechEnded(atMs: number): void
  committed(nowMs: number): void
  /** The talker's last message took so long to be passed on. */
  appended(tookMs: number): void
  responseBegan(responseId: string): TurnLatency[]
  text(nowMs: number): void
  /** @param tookMs from its arrival to its being passed on; null: it goes another way */
  audio(nowMs: number, tookMs: number | null): void
  responseEnded(responseId: string): TurnLatency[]
  /** Not before it was there to be heard. */
  heard(responseId: string, atMs: number): TurnLatency[]
  ended(): TurnLatency[]
  /** An answer is under way, and none of its sound has come. */
  readonly awaitsAudio: boolean
  /** As well of its words. */
  readonly awaitsText: boolean
}

export function createTurnClock(): TurnClock {
  let waiting: Waiting | undefined
  let answering: Answering | undefined
  let appendMs = 0

  function close(): TurnLatency[] {
    if (!answering) return []
    const { responseId, speechEndMs, committedAtMs, firstTextAtMs, firstAudioAtMs, firstHeardAtMs, audioMs, appendMs: sentMs } = answering
    const after = (atMs: number | null) => atMs === null ? null : Math.max(0, atMs - speechEndMs)
    answering = undefined
    return [{
      responseId, speechEndMs, committedMs: after(committedAtMs), firstTextMs: after(firstTextAtMs),
      firstAudioMs: after(firstAudioAtMs), firstHeardMs: after(firstHeardAtMs),
      relayMs: audioMs === null ? null : sentMs + audioMs,
    }]
  }

  return {
    speechStarted() {
      waiting = undefined
      return answering?.done ? close() : []
    },
    speechEnded(atMs) { waiting = { speechEndMs: atMs, committedAtMs: null, appendMs } },
    committed(nowMs) { waiting = { speechEndMs: waiting?.speechEndMs ?? nowMs, committedAtMs: nowMs, appendMs } },
    appended(tookMs) { appendMs = tookMs },
    responseBegan(responseId) {
      const before = close()
      if (waiting) answering = { ...waiting, responseId, firstTextAtMs: null, firstAudioAtMs: null, firstHeardAtMs: null, audioMs: null, done: false }
      waiting = undefined
      return before
    },
    text(nowMs) {
      if (answering) answering.firstTextAtMs ??= nowMs
    },
    audio(nowMs, tookMs) {
      if (!answering || answering.firstAudioAtMs !== null) return
      answering.firstAudioAtMs = nowMs
      answering.audioMs = tookMs
    },
    responseEnded(responseId) {
      if (answering?.responseId !== responseId) return []
      answering.done = true
      return answering.firstAudioAtMs === null || answering.firstHeardAtMs !== null ? close() : []
    },
    heard(responseId, atMs) {
      if (answering?.responseId !== responseId || answering.firstAudioAtMs === null) return []
      answering.firstHeardAtMs ??= Math.max(atMs, answering.firstAudioAtMs)
      return answering.done ? close() : []
    },
    ended: close,
    get awaitsAudio() { return answering !== undefined && answering.firstAudioAtMs === null },
    get awaitsText() { return answering !== undefined && answering.firstTextAtMs === null },
  }
}
