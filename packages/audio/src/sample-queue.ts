/** 200 ms at 24 kHz: small enough that a short answer stays small. */
const PAGE_SAMPLES = 4800
/** Emptied pages kept for reuse (150 kB); the rest goes back to the collector. */
const MAX_SPARE_PAGES = 16

export interface SampleQueue {
  readonly length: number
  /** Copies what fits. Full ⇒ the newest is refused: what is queued will be heard. @returns how many samples were taken */
  push(samples: Int16Array): number
  /** Moves the oldest `count` samples (at most `length`) to `output` as floats. Allocates nothing. */
  readInto(output: Float32Array, count: number): void
  clear(): void
}

/** First in, first out, PCM16, at most `maxSamples`. Memory follows the content, in pages. */
export function createSampleQueue(maxSamples: number): SampleQueue {
  let pages: Int16Array[] = []
  const spare: Int16Array[] = []
  let readAt = 0
  let length = 0

  function release(page: Int16Array): void {
    if (spare.length < MAX_SPARE_PAGES) spare.push(page)
  }

  function push(samples: Int16Array): number {
    const count = Math.min(samples.length, maxSamples - length)
    for (let taken = 0; taken < count;) {
      const writeAt = readAt + length
      const pageIndex = Math.floor(writeAt / PAGE_SAMPLES)
      if (pageIndex === pages.length) pages.push(spare.pop() ?? new Int16Array(PAGE_SAMPLES))
      const offset = writeAt % PAGE_SAMPLES
      const piece = Math.min(count - taken, PAGE_SAMPLES - offset)
      pages[pageIndex]!.set(samples.subarray(taken, taken + piece), offset)
      length += piece
      taken += piece
    }
    return count
  }

  function readInto(output: Float32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      output[i] = pages[0]![readAt++]! / 32_768
      if (readAt < PAGE_SAMPLES) continue
      readAt = 0
      release(pages.shift()!)
    }
    length -= count
  }

  return {
    get length() { return length },
    push,
    readInto,
    clear() {
      pages.forEach(release)
      pages = []
      readAt = 0
      length = 0
    },
  }
}
