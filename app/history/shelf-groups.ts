import type { ConversationCard } from '../../shared/history.ts'

export interface ShelfGroup { when: 'today' | 'week' | 'earlier' | 'found', cards: ConversationCard[] }

const DAY_MS = 86_400_000

/** Cards by when somebody last spoke in them, as days go at `nowMs`'s place on earth; what a search found stays in its order. */
export function shelfGroups(cards: readonly ConversationCard[], { searched, nowMs }: { searched: boolean, nowMs: number }): ShelfGroup[] {
  if (searched) return cards.length === 0 ? [] : [{ when: 'found', cards: [...cards] }]
  const midnight = new Date(nowMs).setHours(0, 0, 0, 0)
  const groups: ShelfGroup[] = [{ when: 'today', cards: [] }, { when: 'week', cards: [] }, { when: 'earlier', cards: [] }]
  for (const card of cards) groups[card.last_at_ms >= midnight ? 0 : card.last_at_ms >= midnight - 6 * DAY_MS ? 1 : 2]!.cards.push(card)
  return groups.filter(group => group.cards.length > 0)
}

/** A snippet in pieces; `hit`: a word of the query stands there. */
export interface SnippetPiece { text: string, hit: boolean }

/** Marks the query's words in a snippet. The server found it by words of its own; what can't be marked stays plain. */
export function snippetPieces(snippet: string, query: string): SnippetPiece[] {
  const words = query.normalize('NFKC').split(/[\s"'“”「」()*:^]+/u).filter(word => /[\p{L}\p{N}]/u.test(word))
  if (words.length === 0) return [{ text: snippet, hit: false }]
  const any = new RegExp(`(${words.sort((a, b) => b.length - a.length).map(word => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`, 'giu')
  return snippet.split(any).map((text, index) => ({ text, hit: index % 2 === 1 })).filter(({ text }) => text !== '')
}
