/** 10 minutes at 24 kHz, as the processor keeps (29 MB). Full ⇒ the newest isn't kept: the processor refuses it as well. */
const MAX_KEPT_SAMPLES = 600_000 * 24

/** The samples that were given to a device and not heard yet, so that another device can go on where the first one died. */
export interface UnheardAudio {
  keep(segmentId: string, samples: Int16Array): void
  /** The processor had no room for the newest so many. */
  refuse(segmentId: string, samples: number): void
  /** So many samples of the segment were heard, from its beginning. */
  heard(segmentId: string, samples: number): void
  /** Nothing of it will be wanted any more. */
  forget(segmentId: string): void
  /** What follows the first `fromSample` samples of the segment. */
  rest(segmentId: string, fromSample: number): Int16Array[]
  clear(): void
}

interface Kept { firstSample: number, endSample: number, pieces: Int16Array[] }

/** Holds the pieces themselves, not copies: nobody may write to them afterwards. */
export function createUnheardAudio(maxSamples: number = MAX_KEPT_SAMPLES): UnheardAudio {
  const segments = new Map<string, Kept>()
  let total = 0

  return {
    keep(segmentId, samples) {
      const kept = segments.get(segmentId) ?? { firstSample: 0, endSample: 0, pieces: [] }
      segments.set(segmentId, kept)
      const taken = samples.subarray(0, Math.max(0, maxSamples - total))
      if (taken.length === 0) return
      kept.pieces.push(taken)
      kept.endSample += taken.length
      total += taken.length
    },
    refuse(segmentId, samples) {
      const kept = segments.get(segmentId)
      for (let left = samples; kept && left > 0;) {
        const last = kept.pieces.pop()
        if (!last) return
        const stays = last.subarray(0, Math.max(0, last.length - left))
        const gone = last.length - stays.length
        if (stays.length > 0) kept.pieces.push(stays)
        kept.endSample -= gone
        total -= gone
        left -= gone
      }
    },
    heard(segmentId, samples) {
      const kept = segments.get(segmentId)
      for (let first = kept?.pieces[0]; kept && first && kept.firstSample + first.length <= samples; first = kept.pieces[0]) {
        kept.pieces.shift()
        kept.firstSample += first.length
        total -= first.length
      }
    },
    forget(segmentId) {
      const kept = segments.get(segmentId)
      if (kept) total -= kept.endSample - kept.firstSample
      segments.delete(segmentId)
    },
    rest(segmentId, fromSample) {
      const kept = segments.get(segmentId)
      if (!kept) return []
      const skip = Math.max(0, fromSample - kept.firstSample)
      const rest: Int16Array[] = []
      let at = 0
      for (const piece of kept.pieces) {
        const from = Math.min(piece.length, Math.max(0, skip - at))
        if (from < piece.length) rest.push(piece.subarray(from))
        at += piece.length
      }
      return rest
    },
    clear() {
      segments.clear()
      total = 0
    },
  }
}
