import type { StoredItem } from '../store/journal-entry.ts'

/** A line of the rail. */
const MAX_CHARS = 60

/** The beginning of what was said, as a title: to the end of its first sentence where that is near, else of a word. Undefined: there are no words in it. */
export function firstWords(text: string): string | undefined {
  const line = text.toWellFormed().replace(/[\p{C}\s]+/gu, ' ').trim()
  if (!/[\p{L}\p{N}]/u.test(line)) return undefined
  const sentence = /^.{1,60}?[.!?。！？](?=\s|$|[^\s\d])/u.exec(line)?.[0]
  if (sentence !== undefined && /[\p{L}\p{N}]/u.test(sentence)) return sentence.replace(/[.。]$/u, '')
  const signs = [...line]
  if (signs.length <= MAX_CHARS) return line
  const cut = signs.slice(0, MAX_CHARS - 1).join('')
  const space = cut.lastIndexOf(' ')
  return `${space > MAX_CHARS / 2 ? cut.slice(0, space) : cut}…`
}

/** Of a conversation: what its person said first; where they said nothing that is known, the other side. */
export function firstWordsTitle(items: readonly Pick<StoredItem, 'role' | 'kind' | 'text'>[]): string | undefined {
  for (const role of ['user', 'assistant'] as const) {
    for (const item of items) {
      const words = item.kind === 'message' && item.role === role ? firstWords(item.text) : undefined
      if (words !== undefined) return words
    }
  }
  return undefined
}
