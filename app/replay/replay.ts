import { isOver, pause, play, positionAt, seek, stopped, withRate } from './replay-clock.ts'
import type { Rate, ReplayClock } from './replay-clock.ts'
import { nextSound } from './replay-score.ts'
import type { Score } from './replay-score.ts'
import type { ReplayVoices } from './replay-voices.ts'

/** What the page shows of a replay. Replaced, never changed. */
export interface ReplayState {
  playing: boolean
  positionMs: number
  rate: number
  skipsSilence: boolean
  /** Sound is on its way: the clock stands. */
  waiting: boolean
}

export interface Replay {
  readonly state: ReplayState
  /** Called on every change, at most once a frame while it plays. @returns the way out */
  subscribe(listener: (state: ReplayState) => void): () => void
  toggle(): void
  pause(): void
  seek(toMs: number): void
  setRate(rate: Rate): void
  skipSilence(on: boolean): void
  /** The voices came after the words. */
  setVoices(voices: ReplayVoices): void
  /** Something was removed: the same replay goes on with what is left. */
  setScore(score: Score): void
  close(): void
}

export interface ReplayParts {
  /** Monotonic ms. */
  nowMs: () => number
  /** Calls back once, before the next frame. @returns the way out */
  onNextFrame: (callback: () => void) => () => void
}

/** A silence this long is skipped, but for the last of it. */
const LONG_SILENCE_MS = 1500
const KEPT_SILENCE_MS = 400

export function createReplay(first: Score, { nowMs, onNextFrame }: ReplayParts): Replay {
  const listeners = new Set<(state: ReplayState) => void>()
  let score = first
  let clock: ReplayClock = stopped(score.durationMs)
  let voices: ReplayVoices | undefined
  let skipsSilence = false
  let waiting = false
  let state = take()
  let stopFrame = () => {}
  let closed = false

  function take(): ReplayState {
    return { playing: clock.playing, positionMs: positionAt(clock, nowMs()), rate: clock.rate, skipsSilence, waiting }
  }
  function publish() {
    state = take()
    for (const listener of listeners) listener(state)
  }
  /** Frames come only while it plays. */
  function run() {
    stopFrame()
    stopFrame = () => {}
    step()
    if (clock.playing && !closed) stopFrame = onNextFrame(run)
  }
  function step() {
    const now = nowMs()
    if (clock.playing && isOver(clock, now)) clock = pause(clock, now)
    if (clock.playing && skipsSilence) skip(now)
    const { waiting: late } = voices?.follow(positionAt(clock, now), clock.playing, clock.rate) ?? { waiting: false }
    // While sound is waited for, time stands: the words would run away from the voice.
    if (clock.playing && (late || waiting)) clock = seek(clock, waiting ? clock.positionMs : positionAt(clock, now), now)
    waiting = late
    publish()
  }
  function skip(now: number) {
    const at = positionAt(clock, now)
    const next = nextSound(score, at)
    if (next !== undefined && next - at > LONG_SILENCE_MS) clock = seek(clock, next - KEPT_SILENCE_MS, now)
  }
  function change(next: ReplayClock) {
    if (closed) return
    clock = next
    run()
  }

  return {
    get state() { return state },
    subscribe(listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
    toggle: () => change(clock.playing ? pause(clock, nowMs()) : play(clock, nowMs())),
    pause: () => change(pause(clock, nowMs())),
    seek: toMs => change(seek(clock, toMs, nowMs())),
    setRate: rate => change(withRate(clock, rate, nowMs())),
    skipSilence(on) {
      skipsSilence = on
      change(clock)
    },
    setVoices(next) {
      voices?.close()
      voices = next
      change(clock)
    },
    setScore(next) {
      score = next
      change({ ...seek(clock, Math.min(positionAt(clock, nowMs()), next.durationMs), nowMs()), durationMs: next.durationMs })
    },
    close() {
      closed = true
      stopFrame()
      voices?.close()
      listeners.clear()
    },
  }
}
