export interface Framer {
  /** Takes `count` samples; calls `onFrame` for each full frame. The frame's array is reused: copy what outlives the call. */
  write(samples: Int16Array, count: number): void
  /** Samples of the frame that is being filled. */
  readonly pendingSamples: number
  reset(): void
}

/** Cuts a stream of any pieces (a quantum has 128 samples) into frames of `frameSamples`. Allocates nothing after creation. */
export function createFramer(frameSamples: number, onFrame: (frame: Int16Array, firstSample: number) => void): Framer {
  if (!Number.isInteger(frameSamples) || frameSamples < 1) throw new RangeError(`a frame has a whole number of samples, got ${frameSamples}`)
  const frame = new Int16Array(frameSamples)
  let filled = 0
  let firstSample = 0

  return {
    get pendingSamples() { return filled },
    write(samples, count) {
      for (let i = 0; i < count; i++) {
        frame[filled++] = samples[i]!
        if (filled < frameSamples) continue
        filled = 0
        onFrame(frame, firstSample)
        firstSample += frameSamples
      }
    },
    reset() {
      filled = 0
      firstSample = 0
    },
  }
}
