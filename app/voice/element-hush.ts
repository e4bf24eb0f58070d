import { setTimerOfPage } from './page-timer.ts'

/** Silence at an element at once, whatever is still on its way to it. */
export interface Hush {
  /** Silent within some 20 ms, in steps that don't click, and for so long; then at full level again. */
  begin(forMs: number): void
  close(): void
}

export interface HushParts {
  element: Pick<HTMLMediaElement, 'volume'>
  /** What it plays: switched off, so that the samples themselves are silence. */
  stream: MediaStream
  setTimer?: (callback: () => void, delayMs: number) => () => void
}

/** The device takes a new level with each of its buffers, 10 ms mostly. */
const STEPS = [0.35, 0.1]
const STEP_MS = 8

export function createHush({ element, stream, setTimer = setTimerOfPage }: HushParts): Hush {
  let stop = () => {}
  let silent = false
  const sound = (on: boolean) => {
    silent = !on
    for (const track of stream.getTracks()) track.enabled = on
    element.volume = on ? 1 : 0
  }
  function down(step: number, forMs: number): void {
    const level = STEPS[step]
    if (level === undefined) {
      sound(false)
      stop = setTimer(() => sound(true), Math.max(0, forMs - STEPS.length * STEP_MS))
    } else {
      element.volume = level
      stop = setTimer(() => down(step + 1, forMs), STEP_MS)
    }
  }
  return {
    begin(forMs) {
      stop()
      down(silent ? STEPS.length : 0, forMs)
    },
    close() {
      stop()
      sound(true)
    },
  }
}
