import type { ConversationCard } from '../../shared/history.ts'
import type { HistoryClient, HistoryTrouble } from './history-client.ts'

/** The list of conversations as far as it has been asked for. Plain data; replaced, never changed. */
export interface Shelf {
  query: string
  cards: readonly ConversationCard[]
  /** More can be asked for. */
  more: boolean
  busy: boolean
  /** Why the last answer wasn't one. What is there stays. */
  trouble: HistoryTrouble | undefined
  /** There was an answer to this query. */
  answered: boolean
}

export interface ConversationShelf {
  readonly shelf: Shelf
  /** @returns the way out */
  subscribe(listener: (shelf: Shelf) => void): () => void
  /** From the newest on; an answer that is still on its way to another query is dropped. */
  search(query: string): Promise<void>
  more(): Promise<void>
  /** What may have changed at the top: a call was held, or ended. */
  refresh(): Promise<void>
  /** @returns what stood in the way */
  rename(card: ConversationCard, title: string): Promise<HistoryTrouble | undefined>
  remove(card: ConversationCard): Promise<HistoryTrouble | undefined>
  close(): void
}

const empty: Shelf = { query: '', cards: [], more: false, busy: false, trouble: undefined, answered: false }

/** Cards held; full ⇒ no more are asked for, a search finds the others. */
export const maxCards = 2000

/** Keeps the list in step with the server: pages, searches, renames, removals. */
export function createConversationShelf(client: Pick<HistoryClient, 'list' | 'rename' | 'remove'>): ConversationShelf {
  const listeners = new Set<(shelf: Shelf) => void>()
  let shelf = empty
  let next: string | null = null
  let asking = new AbortController()

  function put(change: Partial<Shelf>) {
    shelf = { ...shelf, ...change }
    for (const listener of listeners) listener(shelf)
  }
  const replace = (card: ConversationCard) => put({ cards: shelf.cards.map(one => one.id === card.id ? { ...card, found: one.found } : one) })

  async function ask(query: string, after: string | null, join: (cards: readonly ConversationCard[]) => readonly ConversationCard[], fresh: boolean) {
    asking.abort()
    const own = asking = new AbortController()
    put({ query, busy: true, trouble: undefined, ...query === shelf.query ? {} : { answered: false } })
    const answer = await client.list({ query, after }, own.signal)
    if (own.signal.aborted) return
    if (!answer.ok) return put({ busy: false, trouble: answer.trouble === 'again' ? undefined : answer.trouble })
    const cards = join(answer.value.conversations).slice(0, maxCards)
    if (fresh) next = answer.value.next
    put({ cards, busy: false, answered: true, more: next !== null && cards.length < maxCards })
  }

  return {
    get shelf() { return shelf },
    subscribe(listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
    search: query => ask(query.trim(), null, cards => cards, true),
    async more() {
      if (!shelf.busy && shelf.more && next !== null) await ask(shelf.query, next, cards => merged(shelf.cards, cards), true)
    },
    refresh: () => ask(shelf.query, null, cards => refreshed(shelf.cards, cards), shelf.cards.length === 0),
    async rename(card, title) {
      const answer = await client.rename(card.id, title, card.version)
      if (answer.ok) replace(answer.value)
      else if (answer.trouble === 'gone') put({ cards: shelf.cards.filter(({ id }) => id !== card.id) })
      return answer.ok || answer.trouble === 'again' ? undefined : answer.trouble
    },
    async remove(card) {
      const answer = await client.remove(card.id)
      if (!answer.ok && answer.trouble !== 'gone') return answer.trouble === 'again' ? undefined : answer.trouble
      put({ cards: shelf.cards.filter(({ id }) => id !== card.id) })
      return undefined
    },
    close() {
      asking.abort()
      listeners.clear()
    },
  }
}

/** One that came up while pages were turned is there once. */
function merged(before: readonly ConversationCard[], after: readonly ConversationCard[]): ConversationCard[] {
  const known = new Set(before.map(({ id }) => id))
  return [...before, ...after.filter(({ id }) => !known.has(id))]
}

/** The first page anew: what it has is as it is now; of the others those that are older stay. */
function refreshed(before: readonly ConversationCard[], top: readonly ConversationCard[]): ConversationCard[] {
  const oldest = top.at(-1)
  const known = new Set(top.map(({ id }) => id))
  return [...top, ...oldest ? before.filter(({ id, last_at_ms }) => !known.has(id) && last_at_ms <= oldest.last_at_ms) : []]
}
