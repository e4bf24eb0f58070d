/** Which segment sounds, and how many of its samples have been played. Positions are samples since the clock was made. */
export interface PlayoutClock {
  /** Sounding or next to sound, with what has been played of it. */
  readonly current: PlayedSegment | undefined
  readonly empty: boolean
  /** Whether no more samples of the newest segment will come (true when there is none). */
  readonly ended: boolean
  /** Sample position after the last sample that was given. */
  readonly endPosition: number
  /** Whether `segmentId` may still get samples: it is the newest, or new. Samples that come after a later segment's are late. */
  accepts(segmentId: string): boolean
  /** `samples` more of a segment. A new segment ends the one before it. */
  append(segmentId: string, samples: number): void
  end(segmentId: string): void
  /** Everything before `position` has been played. @returns the segments that are done by that, oldest first; usually none */
  moveTo(position: number): readonly PlayedSegment[]
  /** Forgets all. @returns the segment that sounded, and those that were waiting */
  clear(): { current: PlayedSegment | undefined, waiting: string[] }
}

export interface PlayedSegment { segmentId: string, playedSamples: number }

interface Span { segmentId: string, start: number, end: number, ended: boolean }

const none: readonly PlayedSegment[] = []

export function createPlayoutClock(): PlayoutClock {
  let spans: Span[] = []
  let position = 0
  let endPosition = 0
  const newest = () => spans.at(-1)
  const head = () => {
    const span = spans[0]
    return span && { segmentId: span.segmentId, playedSamples: Math.max(0, position - span.start) }
  }

  function moveTo(to: number): readonly PlayedSegment[] {
    position = to
    let done: PlayedSegment[] | undefined
    for (let span = spans[0]; span?.ended && span.end <= position; span = spans[0]) {
      done ??= []
      done.push({ segmentId: span.segmentId, playedSamples: span.end - span.start })
      spans.shift()
    }
    return done ?? none
  }

  return {
    get current() { return head() },
    get empty() { return spans.length === 0 },
    get ended() { return newest()?.ended ?? true },
    get endPosition() { return endPosition },
    accepts(segmentId) {
      const last = newest()
      if (last?.segmentId === segmentId) return !last.ended
      return !spans.some(span => span.segmentId === segmentId)
    },
    append(segmentId, samples) {
      let last = newest()
      if (last?.segmentId !== segmentId) {
        if (last) last.ended = true
        last = { segmentId, start: endPosition, end: endPosition, ended: false }
        spans.push(last)
      }
      last.end += samples
      endPosition += samples
    },
    end(segmentId) {
      const span = spans.find(candidate => candidate.segmentId === segmentId)
      if (span) span.ended = true
    },
    moveTo,
    clear() {
      const current = head()
      const waiting = spans.slice(1).map(span => span.segmentId)
      spans = []
      position = endPosition
      return { current, waiting }
    },
  }
}
