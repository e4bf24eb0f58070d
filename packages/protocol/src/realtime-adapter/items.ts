import type { Segment } from '../dialogue.ts'
import { change, maxContentParts, maxItems, maxSegmentChars, setBounded } from './state.ts'
import type { RealtimeAdapterState, Step, TrackedSegment } from './state.ts'

/** Where an item stands, as the server said: after another's id, first (`null`), or not told. */
export type Position = string | null | undefined

export function segmentOf(state: RealtimeAdapterState, itemId: string): TrackedSegment | undefined {
  const item = state.items.get(itemId)
  return item?.kind === 'segment' ? item : undefined
}

/** A place in the chain that shows nothing; whatever comes for it later stays unseen. */
export function isHidden(state: RealtimeAdapterState, itemId: string): boolean {
  return state.items.get(itemId)?.kind === 'hidden'
}

/** The nearest predecessor that has a segment, past hidden items. An id we don't know stays as it is: it may still come. */
function visiblePredecessor(state: RealtimeAdapterState, itemId: string, previousId: Position): Position {
  let position = previousId
  for (let hops = 0; typeof position === 'string' && hops <= maxItems; hops++) {
    if (position === itemId) return undefined
    const item = state.items.get(position)
    if (item?.kind !== 'hidden') return position
    position = item.previousId
  }
  return typeof position === 'string' ? undefined : position
}

function sameSegment(a: Segment, b: Segment): boolean {
  return a.speaker === b.speaker && a.afterId === b.afterId && a.medium === b.medium && a.text === b.text && a.textState === b.textState
    && a.open === b.open && a.cut?.by === b.cut?.by && a.cut?.heardMs === b.cut?.heardMs
}

/** Remembers the segment and tells it, unless nothing about it changed. */
export function putSegment(step: Step, next: TrackedSegment): void {
  const { id } = next.segment
  const segment = { ...next.segment, afterId: visiblePredecessor(step.state, id, next.previousId) }
  const before = segmentOf(step.state, id)
  change(step, { items: setBounded(step.state.items, id, { ...next, segment }, maxItems) })
  if (!before || !sameSegment(before.segment, segment)) step.events.push({ type: 'segment', segment })
}

/** Changes a segment that is tracked; does nothing for any other id. */
export function amendSegment(step: Step, itemId: string, amend: (tracked: TrackedSegment) => TrackedSegment): void {
  const tracked = segmentOf(step.state, itemId)
  if (tracked) putSegment(step, amend(tracked))
}

export function newSegment(id: string, speaker: Segment['speaker'], medium: Segment['medium']): TrackedSegment {
  const segment: Segment = { id, speaker, afterId: undefined, medium, text: '', textState: 'pending', open: true }
  return { kind: 'segment', segment, previousId: undefined, parts: [], responseId: null, audio: null, reserved: false }
}

/** What is told later counts, but "not told" never takes back what was told. */
export function told(previousId: Position, before: Position): Position {
  return previousId === undefined ? before : previousId
}

/** Makes an item a place without a segment, and moves those that stood after it. */
export function hideItem(step: Step, itemId: string, previousId?: Position): void {
  const before = step.state.items.get(itemId)
  const hidden = { kind: 'hidden', previousId: told(previousId, before?.previousId) } as const
  if (before?.kind === 'hidden' && before.previousId === hidden.previousId) return
  change(step, { items: setBounded(step.state.items, itemId, hidden, maxItems) })
  if (before?.kind === 'segment') step.events.push({ type: 'segment_removed', segmentId: itemId })
  for (const item of step.state.items.values()) {
    if (item.kind === 'segment' && typeof item.previousId === 'string') putSegment(step, item)
  }
}

/** Forgets a segment that never became an item: should its id come up again, it starts anew. */
export function forgetItem(step: Step, itemId: string): void {
  const items = new Map(step.state.items)
  if (items.delete(itemId)) {
    change(step, { items })
    step.events.push({ type: 'segment_removed', segmentId: itemId })
  }
}

/** Whatever the wire says, an index that we have a place for. */
function partIndex(contentIndex: number): number {
  return Number.isInteger(contentIndex) ? Math.min(Math.max(contentIndex, 0), maxContentParts - 1) : 0
}

function withPart(tracked: TrackedSegment, index: number, text: string): TrackedSegment {
  const parts = Array.from({ length: Math.max(tracked.parts.length, index + 1) }, (_, at) => tracked.parts[at] ?? '')
  const room = maxSegmentChars - (tracked.segment.text.length - (parts[index] ?? '').length)
  parts[index] = text.slice(0, Math.max(0, room))
  return { ...tracked, parts, segment: { ...tracked.segment, text: parts.join('') } }
}

/** A piece of text for a segment whose text is not final yet; a piece that comes after that is late and ignored. */
export function withTextDelta(tracked: TrackedSegment, contentIndex: number, delta: string): TrackedSegment {
  if (tracked.segment.textState === 'final' || delta === '') return tracked
  const index = partIndex(contentIndex)
  const next = withPart(tracked, index, (tracked.parts[index] ?? '') + delta)
  return { ...next, segment: { ...next.segment, textState: 'partial' } }
}

/**
 * The whole text of a part. An empty one never wipes what we have: the server blanks the transcript of an item that was cut, and we
 * keep it, because the page shows which words were not heard.
 */
export function withWholeText(tracked: TrackedSegment, contentIndex: number, text: string): TrackedSegment {
  const next = text === '' && tracked.segment.text !== '' ? tracked : withPart(tracked, partIndex(contentIndex), text)
  return { ...next, segment: { ...next.segment, textState: 'final' } }
}

/** No more comes of anything: what has no words yet stays without, and what was only announced never was. */
export function closeItems(step: Step): void {
  for (const [itemId, item] of step.state.items) {
    if (item.kind === 'hidden') continue
    const { segment } = item
    const textState = segment.textState === 'partial' ? 'final' : segment.textState === 'pending' ? 'unavailable' : segment.textState
    if (item.reserved || (segment.speaker === 'assistant' && segment.text === '' && segment.open)) forgetItem(step, itemId)
    else putSegment(step, { ...item, segment: { ...segment, open: false, textState } })
  }
}
