import type { DialogueEvent, Segment } from '@kaiwa/protocol'

/**
 * The conversation as far as it is known. `order` holds every id of `segments`: the chain of `afterId` decides, never arrival. At the
 * end, until told better, stand segments whose place isn't told or whose predecessor isn't known (yet): nothing said goes unseen.
 */
export interface ConversationView { segments: ReadonlyMap<string, Segment>, order: readonly string[] }

export const emptyConversation: ConversationView = { segments: new Map(), order: [] }

/** Bound of a view; full ⇒ the first of the order goes (a call of two hours has some hundred segments). */
export const maxViewSegments = 5000

/**
 * One event on top of a view: a pure step; the same view comes back when nothing changed. Text that grows costs one copy of the map
 * (0.1 ms at 2000 segments), and `order` stays the same array; only a segment that is new, moved or removed orders anew.
 */
export function project(view: ConversationView, event: DialogueEvent): ConversationView {
  if (event.type === 'segment') return withSegment(view, event.segment)
  if (event.type === 'segment_removed') return withoutSegment(view, event.segmentId)
  return view
}

function withSegment(view: ConversationView, told: Segment): ConversationView {
  const before = view.segments.get(told.id)
  // A place that was told once is not taken back by an event that doesn't tell it.
  const segment = before && told.afterId === undefined ? { ...told, afterId: before.afterId } : told
  const segments = new Map(view.segments).set(segment.id, segment)
  if (before && before.afterId === segment.afterId) return { segments, order: view.order }
  const next = { segments, order: orderOf(segments, view.order) }
  const [first] = next.order
  return segments.size > maxViewSegments && first !== undefined ? withoutSegment(next, first) : next
}

/** Whoever stood after the removed one stands where it stood. */
function withoutSegment(view: ConversationView, id: string): ConversationView {
  const removed = view.segments.get(id)
  if (!removed) return view
  const segments = new Map(view.segments)
  segments.delete(id)
  for (const segment of view.segments.values()) {
    if (segment.afterId === id && segment.id !== id) segments.set(segment.id, { ...segment, afterId: removed.afterId })
  }
  return { segments, order: orderOf(segments, view.order) }
}

/**
 * Walks the chains from their heads. Segments told to stand after the same one (a server that inserts, or doesn't tell) keep the order
 * they had, newcomers last. Those in a circle have no head: the first of them serves as one.
 */
function orderOf(segments: ReadonlyMap<string, Segment>, before: readonly string[]): string[] {
  const known = new Set(before)
  const ranked = [...before.filter(id => segments.has(id)), ...[...segments.keys()].filter(id => !known.has(id))]
  const heads: string[] = []
  const atTheEnd: string[] = []
  const followers = new Map<string, string[]>()
  for (const id of ranked) {
    const afterId = segments.get(id)?.afterId
    if (afterId === null) heads.push(id)
    else if (afterId === undefined || afterId === id || !segments.has(afterId)) atTheEnd.push(id)
    else followers.set(afterId, [...followers.get(afterId) ?? [], id])
  }
  return walk([...heads, ...atTheEnd, ...ranked], followers)
}

/** Depth first, without recursion: a chain may be as long as the conversation. */
function walk(starts: readonly string[], followers: ReadonlyMap<string, string[]>): string[] {
  const placed = new Set<string>()
  const toPlace = [...starts].reverse()
  while (toPlace.length > 0) {
    const id = toPlace.pop()
    if (id === undefined || placed.has(id)) continue
    placed.add(id)
    toPlace.push(...(followers.get(id) ?? []).toReversed())
  }
  return [...placed]
}
