import type { CaptureFrame } from '@kaiwa/audio'

/** An `<audio>` element whose clock the test moves, and an ear on what it plays. */
export function createFakeElement() {
  const element = {
    currentTime: 0, volume: 1, muted: false, srcObject: null as unknown, paused: true, refuses: false,
    async play() {
      if (element.refuses) throw new Error('NotAllowedError')
      element.paused = false
    },
    pause() { element.paused = true },
  }
  return element
}

/** So many ms of a voice, all at once, as frames of 40 ms. */
export function framesOf(ms: number, level = 0.2): CaptureFrame[] {
  return Array.from({ length: ms / 40 }, (_, i) => ({ samples: new Int16Array(960).fill(level * 32_767), level, firstSample: i * 960 }))
}
