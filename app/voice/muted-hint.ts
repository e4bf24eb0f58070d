/** Notices that somebody who is muted talks, by nothing but how loud it is, so that they can be told. */

/** Levels come every 40 ms: the last 2 s count. The oldest goes. */
const WINDOW = 50
/** 1 s of them has to be loud. */
const LOUD = 25
/** −40 dB of full scale. */
const LEAST_LEVEL = 0.01
/** 9 dB above the quietest moment: people breathe, fans don't. */
const ABOVE_ROOM = 2.8
/** 12 dB: what is left of the loudspeaker's echo is nobody's voice. */
const WHILE_SOUNDING = 4
const SHOWN_MS = 6000
/** Who goes on talking has read it, and may be talking to somebody else. */
const REST_MS = 10_000

export interface MutedHint {
  /** @param level root mean square of 40 ms while muted, 0 to 1 */
  hear(level: number, sounding: boolean): void
  /** Unmuted, or over: a hint that is shown goes. */
  reset(): void
}

export interface MutedHintParts {
  nowMs: () => number
  setTimer: (callback: () => void, delayMs: number) => () => void
  onHint: (on: boolean) => void
}

export function createMutedHint({ nowMs, setTimer, onHint }: MutedHintParts): MutedHint {
  let levels: number[] = []
  let restUntilMs = -Infinity
  let hide: (() => void) | undefined

  function talks(): boolean {
    const loud = Math.max(LEAST_LEVEL, Math.min(...levels) * ABOVE_ROOM)
    return levels.filter(level => level > loud).length >= LOUD
  }
  function show() {
    levels = []
    restUntilMs = nowMs() + SHOWN_MS + REST_MS
    const stop = setTimer(() => hide?.(), SHOWN_MS)
    hide = () => {
      stop()
      hide = undefined
      onHint(false)
    }
    onHint(true)
  }

  return {
    hear(level, sounding) {
      if (nowMs() < restUntilMs) return
      levels = [...levels, sounding ? level / WHILE_SOUNDING : level].slice(-WINDOW)
      if (talks()) show()
    },
    reset() {
      levels = []
      restUntilMs = -Infinity
      hide?.()
    },
  }
}
