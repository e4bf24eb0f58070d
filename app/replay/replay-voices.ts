import type { KeptVoices } from '../../shared/history.ts'
import type { ScoreCall } from './replay-score.ts'

/** The kept voices of a conversation, made to sound where the replay's clock stands. */
export interface ReplayVoices {
  /** To be called with each frame. @returns whether there is sound, and whether it has to be waited for */
  follow(positionMs: number, playing: boolean, rate: number): { waiting: boolean }
  close(): void
}

/** What a replay needs of an audio element. */
export type VoiceElement = Pick<HTMLAudioElement, 'src' | 'currentTime' | 'playbackRate' | 'preload' | 'paused' | 'readyState' | 'seeking' | 'error' | 'play' | 'pause' | 'load' | 'removeAttribute'>

/** An ear takes two voices for together up to here; below it a correction would do more harm than good. */
const DRIFT_MS = 90
/** `HTMLMediaElement.HAVE_FUTURE_DATA`. */
const HAVE_FUTURE_DATA = 3

export function createReplayVoices(kept: KeptVoices, calls: readonly ScoreCall[], createElement: () => VoiceElement = () => new Audio()): ReplayVoices {
  const byCall = new Map(kept.calls.map(call => [call.call_id, call]))
  const elements: VoiceElement[] = []
  let loaded: string | undefined
  let ends: number[] = []

  function load(callId: string) {
    if (loaded === callId) return
    loaded = callId
    for (const element of elements) element.pause()
    const { voices = [], duration_ms = 0 } = byCall.get(callId) ?? {}
    ends = voices.map(() => duration_ms)
    voices.forEach(({ href }, index) => {
      const element = elements[index] ??= createElement()
      element.preload = 'auto'
      element.src = href
    })
    for (const spare of elements.splice(voices.length)) silence(spare)
  }

  return {
    follow(positionMs, playing, rate) {
      const at = calls.find(({ fromMs, toMs }) => positionMs >= fromMs && positionMs < toMs) ?? calls.at(-1)
      const own = at && byCall.get(at.call.id)
      if (!at || !own) {
        for (const element of elements) if (!element.paused) element.pause()
        return { waiting: false }
      }
      load(at.call.id)
      const fileMs = positionMs - at.shiftMs - own.from_ms
      let waiting = false
      elements.forEach((element, index) => {
        const within = fileMs >= 0 && fileMs < ends[index]!
        const sounds = playing && within && !element.error
        if (element.playbackRate !== rate) element.playbackRate = rate
        if (within && !element.seeking && Math.abs(element.currentTime * 1000 - fileMs) > DRIFT_MS) element.currentTime = fileMs / 1000
        // A browser that holds sound back lets it go on the next click; the captions go on without.
        if (sounds && element.paused) void element.play().catch(() => {})
        if (!sounds && !element.paused) element.pause()
        waiting ||= sounds && (element.seeking || element.readyState < HAVE_FUTURE_DATA)
      })
      return { waiting }
    },
    close() {
      for (const element of elements.splice(0)) silence(element)
    },
  }
}

/** Lets go of the connection, too. */
function silence(element: VoiceElement) {
  element.pause()
  element.removeAttribute('src')
  element.load()
}
