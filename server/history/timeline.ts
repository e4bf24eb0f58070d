import type { StoredAudio, StoredConversation } from '../store/store.ts'

/** One call's place in a recording of all of them, one after the other. */
export interface CallTimeline {
  callId: string
  /** Where it begins in the whole, ms. */
  startMs: number
  /** What of its own clock that is: 0, or below, where something was said while the line was being made. */
  fromMs: number
  durationMs: number
  stretches: StoredAudio[]
}

/** A clock that went wrong makes no file that fills the disk of whoever loads it. */
const LONGEST_MS = 24 * 3_600_000
const EARLIEST_MS = -60_000

/** Calls of which something was spoken, each as long as that took. What stands in a caption is at the same place in the sound. */
export function timelineOf({ callsOf, itemsOf }: Pick<StoredConversation, 'callsOf' | 'itemsOf'>, audio: readonly StoredAudio[]): CallTimeline[] {
  let startMs = 0
  return callsOf.flatMap(({ id: callId }): CallTimeline[] => {
    const stretches = audio.filter(stretch => stretch.callId === callId)
    const spans = [...stretches, ...itemsOf.flatMap(({ callId: of, span }) => of === callId && span ? [span] : [])]
    if (spans.length === 0) return []
    const fromMs = spans.reduce((first, span) => Math.min(first, span.fromMs), 0)
    const toMs = spans.reduce((last, span) => Math.max(last, span.toMs), 0)
    const began = Math.max(EARLIEST_MS, Math.floor(fromMs))
    const timeline = { callId, startMs, fromMs: began, durationMs: Math.min(LONGEST_MS, Math.ceil(toMs) - began), stretches }
    startMs += timeline.durationMs
    return [timeline]
  })
}
