import type { ServerEventFacts } from '../relay/gate.ts'
import type { Span, StoredItem } from '../store/journal-entry.ts'
import { readItem, textOfItem, type WireItem } from './wire-item.ts'
import { withoutSound } from './wire-payload.ts'

/** Items that may still change. Full ⇒ the oldest is let go of: it stays as it was last kept. */
const MAX_ITEMS = 200
/** Responses beside the conversation, and items that were there before it went on. */
const MAX_ASIDE = 64

/** What became of items: each to be kept, or no more. `final`: the page shows it as settled. */
export interface ItemChange { item: StoredItem, final: boolean }

/** What a call's items are by now, from the model's events. Holds no time of its own. */
export interface ItemBook {
  /** It was said while so much of the call had passed. */
  spoken(itemId: string, span: Span): void
  /** The same of an item that may be settled already. */
  played(itemId: string, span: Span): ItemChange[]
  /** A piece of the model's words that nobody has called final. */
  words(itemId: string, piece: string): void
  committed(event: ServerEventFacts, transcribes: boolean): ItemChange[]
  /** `conversation.item.added`, `.created`, `.done`; `response.output_item.done`. */
  item(event: ServerEventFacts): ItemChange[]
  /** `response.output_audio_transcript.done`, `response.output_text.done`. */
  text(event: ServerEventFacts): ItemChange[]
  /** A transcript, or that there will be none. */
  transcribed(itemId: unknown, transcript: string | undefined): ItemChange[]
  truncated(itemId: unknown, heardMs: unknown): ItemChange[]
  /** Returns its id where the conversation had it. */
  deleted(itemId: unknown): string | undefined
  responseBegan(responseId: string, isAside: boolean): void
  /** What of it isn't closed yet. */
  responseEnded(responseId: string): ItemChange[]
}

interface Tracked { item: StoredItem, /** Words of which the whole isn't known. */ partial: string, /** As it was last given to be kept. */ kept?: ItemChange }

const isSame = (one: StoredItem, other: StoredItem) => (Object.keys(one) as (keyof StoredItem)[]).every(key => one[key] === other[key])

/**
 * @param earlier items that were put into the session anew: they are kept already
 * @param endsWith the last item of the conversation that goes on, which may be none of those: what comes next stands after it
 */
export function createItemBook(earlier: readonly string[] = [], endsWith = earlier.at(-1)): ItemBook {
  const items = new Map<string, Tracked>()
  const known = new Set(earlier)
  const aside = new Set<string>()
  /** Said before the item was told of. */
  const spans = new Map<string, Span>()
  const responseOf = new Map<string, string>()
  let lastId: string | null = null

  const remember = <V>(map: Map<string, V>, key: string, value: V, most: number) => {
    if (!map.has(key) && map.size >= most) map.delete(map.keys().next().value!)
    map.set(key, value)
  }
  const change = (tracked: Tracked, final: boolean): ItemChange[] => {
    const { item, kept } = tracked
    // Servers tell the same twice, as the response's and as the conversation's.
    const isNews = !kept || (final && !kept.final) || !isSame(kept.item, item)
    remember(items, item.id, isNews ? { ...tracked, kept: { item, final } } : tracked, MAX_ITEMS)
    return isNews ? [{ item, final }] : []
  }
  const placeOf = (previousId: string | null) => previousId !== null && previousId === earlier.at(-1) ? endsWith ?? previousId : previousId
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

  function begin(id: string, previousId: unknown): Tracked {
    const responseId = responseOf.get(id) ?? null
    const item: StoredItem = {
      id, afterId: placeOf(previousId === null || isText(previousId) ? previousId : lastId), kind: 'message', role: null, text: '', textState: 'pending', medium: 'voice',
      status: 'in_progress', cutAtMs: null, span: spans.get(id) ?? null, responseId, name: null, toolCallId: null, wire: '{}',
    }
    lastId = id
    return { item, partial: '' }
  }

  /** The event's own word on where it stands; what isn't told takes nothing back. */
  const placed = (tracked: Tracked, previousId: unknown): Tracked =>
    previousId === null || isText(previousId) ? { ...tracked, item: { ...tracked.item, afterId: placeOf(previousId) } } : tracked

  function committed({ item_id: id, previous_item_id: previousId }: ServerEventFacts, transcribes: boolean): ItemChange[] {
    if (!isText(id) || known.has(id) || items.has(id)) return []
    const tracked = begin(id, previousId)
    return change({ ...tracked, item: { ...tracked.item, role: 'user', status: 'completed', textState: transcribes ? 'pending' : 'unavailable' } }, false)
  }

  function item(event: ServerEventFacts): ItemChange[] {
    const read = readItem(event.item)
    if (!read) return []
    const { response_id: responseId } = event
    if (isText(responseId)) {
      if (aside.has(responseId)) return []
      remember(responseOf, read.id, responseId, MAX_ITEMS)
    }
    if (known.has(read.id)) {
      lastId = read.id
      return []
    }
    const before = items.get(read.id)
    // The conversation's own word on an item's place comes apart from the response's.
    if (!before && event.type === 'response.output_item.added') return []
    const tracked = placed(before ?? begin(read.id, event.previous_item_id), event.previous_item_id)
    const isDone = event.type.endsWith('.done') || read.status === 'completed'
    return change(withWire(tracked, read, isDone, isText(responseId) ? responseId : undefined), isDone)
  }

  function withWire({ item: before, ...rest }: Tracked, read: WireItem, isDone: boolean, responseId: string | undefined): Tracked {
    const said = textOfItem(read)
    const keepsText = said.text === '' && before.text !== ''
    const textState = keepsText || before.textState === 'final' ? 'final' : stateOf(read.role, said, isDone, before.textState)
    return {
      ...rest,
      item: {
        ...before, kind: read.kind, role: read.role, name: read.name, toolCallId: read.toolCallId, medium: said.medium ?? before.medium,
        text: keepsText ? before.text : said.text, textState, status: isDone && read.status === 'in_progress' ? 'completed' : read.status,
        responseId: responseId ?? before.responseId ?? responseOf.get(read.id) ?? null,
        span: before.span ?? spans.get(read.id) ?? null, wire: withoutSound(read.wire),
      },
    }
  }

  function text({ item_id: id, response_id: responseId, transcript, text: words }: ServerEventFacts): ItemChange[] {
    if (!isText(id) || known.has(id) || (isText(responseId) && aside.has(responseId))) return []
    const whole = isText(transcript) ? transcript : isText(words) ? words : ''
    const before = items.get(id)
    if (!before || whole === '') return []
    // Of several parts: each adds to those before.
    const joined = before.item.textState === 'final' ? before.item.text + whole : whole
    return change({ ...before, partial: '', item: { ...before.item, text: joined, textState: 'final' } }, true)
  }

  function transcribed(id: unknown, transcript: string | undefined): ItemChange[] {
    const before = isText(id) ? items.get(id) : undefined
    if (!before) return []
    const item: StoredItem = transcript === undefined ? { ...before.item, textState: 'unavailable' } : { ...before.item, text: transcript, textState: 'final' }
    return change({ ...before, item }, true)
  }

  function truncated(id: unknown, heardMs: unknown): ItemChange[] {
    const before = isText(id) ? items.get(id) : undefined
    if (!before || typeof heardMs !== 'number' || !Number.isFinite(heardMs)) return []
    return change({ ...before, item: { ...before.item, cutAtMs: Math.max(0, Math.floor(heardMs)) } }, true)
  }

  function deleted(id: unknown): string | undefined {
    if (!isText(id)) return undefined
    const stoodAfter = items.get(id)?.item.afterId
    if (lastId === id) lastId = stoodAfter ?? null
    items.delete(id)
    return id
  }

  /** The model will say no more of it: what there is of its words is all there will be. */
  function responseEnded(responseId: string): ItemChange[] {
    aside.delete(responseId)
    const unfinished = [...items.values()].filter(({ item: { responseId: of, status } }) => of === responseId && status === 'in_progress')
    return unfinished.flatMap(tracked => {
      const { item: open, partial } = tracked
      const words = open.textState === 'final' ? open.text : partial
      return change({ ...tracked, partial: '', item: { ...open, text: words, textState: words === '' ? 'unavailable' : 'final', status: 'incomplete' } }, true)
    })
  }

  return {
    spoken(id, span) {
      remember(spans, id, span, MAX_ITEMS)
      const tracked = items.get(id)
      if (tracked) items.set(id, { ...tracked, item: { ...tracked.item, span } })
    },
    played(id, span) {
      const tracked = items.get(id)
      return tracked ? change({ ...tracked, item: { ...tracked.item, span } }, true) : []
    },
    words(id, piece) {
      const tracked = items.get(id)
      if (tracked) items.set(id, { ...tracked, partial: tracked.partial + piece })
    },
    committed,
    item,
    text,
    transcribed,
    truncated,
    deleted,
    responseBegan(responseId, isAside) {
      if (!isAside) return
      if (aside.size >= MAX_ASIDE) aside.delete(aside.values().next().value!)
      aside.add(responseId)
    },
    responseEnded,
  }
}

/** A voice's words may come later; what is typed, called or answered is there with the item. */
function stateOf(role: StoredItem['role'], said: { text: string, medium: 'voice' | 'text' | undefined }, isDone: boolean, before: StoredItem['textState']): StoredItem['textState'] {
  if (said.text !== '') return 'final'
  if (role === 'user' && said.medium === 'voice') return before
  return isDone ? said.medium === 'text' || role === null ? 'final' : 'unavailable' : 'pending'
}
