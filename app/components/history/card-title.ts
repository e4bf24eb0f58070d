import type { ConversationCard } from '../../../shared/history.ts'

/** Signs that turn the direction of what stands around them, or can't be seen: a title may not rearrange the page. */
const unseen = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/** A conversation's title in one line; undefined: nothing was said that could give one. */
export function titleOf({ title }: Pick<ConversationCard, 'title'>): string | undefined {
  const shown = title?.replace(/\s+/gu, ' ').replace(unseen, '').trim()
  return shown || undefined
}
