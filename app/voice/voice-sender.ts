import type { VoiceTrack } from './voice-track.ts'
import { MAX_LATE_MS } from './voice-track.ts'

/** The user's voice as a track, of one call: which microphone's, when it passes, and how late it runs so that the first word isn't lost. */

export interface VoiceSenderPorts {
  /** What is to be carried from now on. */
  onTrack: (track: MediaStreamTrack) => void
}

export interface VoiceSender {
  /** Another microphone. */
  use(voice: VoiceTrack): void
  /** The line is there. What was said since the first word goes first, later than it was said, until there is a pause. */
  start(nowMs: number): void
  /** Nothing passes any more. */
  stop(): void
  /** Whether what is said is for the other side; `leadMs`: and what was said so shortly before. */
  pass(on: boolean, leadMs?: number): void
  setMuted(muted: boolean): void
  /** A frame was captured: it ended then, with so many ms of speech in it. */
  heard(speechMs: number, atMs: number): void
  readonly isOn: boolean
  /** The other side hears what was said so long ago. */
  readonly lateMs: number
}

/** A word begins before it is recognised as speech. */
const LEAD_MS = 300
/** A pause is silence for as long as it runs late, and so much more that nothing of a word is skipped. */
const MARGIN_MS = 200

export function createVoiceSender({ onTrack }: VoiceSenderPorts): VoiceSender {
  let voice: VoiceTrack | undefined
  let on = false
  let wanted = true
  let muted = false
  let lateMs = 0
  /** Of what was said before the line was there. */
  let firstSpeechMs: number | undefined
  let lastSpeechMs = -Infinity

  function apply() {
    voice?.late(lateMs)
    voice?.pass(on && wanted && !muted)
  }
  return {
    use(next) {
      voice = next
      apply()
      onTrack(next.track)
    },
    start(nowMs) {
      on = true
      if (firstSpeechMs !== undefined) lateMs = Math.min(MAX_LATE_MS, Math.max(lateMs, nowMs - firstSpeechMs + LEAD_MS))
      apply()
    },
    stop() {
      on = false
      apply()
    },
    pass(next, leadMs = 0) {
      if (next && !wanted) lateMs = Math.max(lateMs, Math.min(MAX_LATE_MS, leadMs))
      wanted = next
      apply()
    },
    setMuted(next) {
      muted = next
      // What was said before is not said after.
      if (next) lateMs = 0
      apply()
    },
    heard(speechMs, atMs) {
      if (speechMs > 0) {
        lastSpeechMs = atMs
        if (!on && wanted) firstSpeechMs ??= atMs
      }
      if (!on || lateMs === 0 || atMs - lastSpeechMs < lateMs + MARGIN_MS) return
      lateMs = 0
      apply()
    },
    get isOn() { return on },
    get lateMs() { return lateMs },
  }
}
