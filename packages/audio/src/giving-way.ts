/** How the voice gives way while it is open whether somebody interrupts it. */
export interface GivingWay {
  /** Quieter from the next sample on, and after a while not at all: what is to be played waits. */
  duck(): void
  /** Full level again, from where it waited. */
  unduck(): void
  /** A cut: what is left to render has this level, and what comes after it has the full one. */
  cut(): number
  /** Nothing may be taken from the queue. */
  readonly held: boolean
  /** Multiplies a quantum by the level. */
  apply(output: Float32Array): void
}

/** -14 dB: plainly in the background, and still understood by who listens on. */
export const DUCKED_LEVEL = 0.2
/**
 * As long as a syllable. A cough is often over by then, and quiet speech that long goes unnoticed; beyond it every word would be half lost,
 * so the voice waits.
 */
export const DUCKED_MS = 250
/** A click is a step; ramps this long are none, and still at once. */
const DOWN_MS = 10
const UP_MS = 30

/** A level in the audio thread, so that it moves to the sample and not as the page gets round to it. Nothing is allocated. */
export function createGivingWay({ contextRate }: { contextRate: number }): GivingWay {
  const downStep = 1000 / (DOWN_MS * contextRate)
  const upStep = 1000 / (UP_MS * contextRate)
  const duckedFrames = Math.round(DUCKED_MS * contextRate / 1000)
  let level = 1
  let ducked = false
  let frames = 0

  return {
    get held() { return ducked && frames >= duckedFrames && level === 0 },
    duck() {
      if (ducked) return
      ducked = true
      frames = 0
    },
    unduck() { ducked = false },
    cut() {
      const last = level
      ducked = false
      level = 1
      return last
    },
    apply(output) {
      if (!ducked && level === 1) return
      for (let i = 0; i < output.length; i++) {
        const aim = !ducked ? 1 : frames < duckedFrames ? DUCKED_LEVEL : 0
        level = level > aim ? Math.max(aim, level - downStep) : Math.min(aim, level + upStep)
        output[i]! *= level
        if (ducked) frames++
      }
    },
  }
}
