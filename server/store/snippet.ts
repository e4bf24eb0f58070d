import { holdsPhrase, wordRuns, type SearchPhrase } from './search-words.ts'

const BEFORE = 40
const AFTER = 100

/** How well a text answers: how often its runs hold one of the phrases, and where the first does; undefined: nowhere. */
export function hitIn(text: string, query: readonly SearchPhrase[]): { at: number, hits: number } | undefined {
  let at: number | undefined
  let hits = 0
  for (const run of wordRuns(text)) {
    const phrase = query.find(sought => holdsPhrase(run.words, sought))
    if (!phrase) continue
    hits++
    at ??= run.at + Math.max(0, offsetOf(run.words, phrase))
  }
  return at === undefined ? undefined : { at, hits }
}

/** Within a run of unspaced signs every word begins one sign further on. */
const offsetOf = (words: readonly string[], { words: [first], isPrefix }: SearchPhrase) =>
  words.length === 1 ? 0 : words.findIndex(word => isPrefix ? word.startsWith(first!) : word === first)

/** Never through the middle of a character of two units. */
const isInside = (text: string, at: number) => at > 0 && at < text.length && /[\udc00-\udfff]/.test(text[at]!)

/** A few words of the original text around the first hit, on one line; where nothing is hit, its beginning. */
export function snippetOf(text: string, query: readonly SearchPhrase[]): string {
  const hit = hitIn(text, query)?.at ?? 0
  let from = hit <= BEFORE ? 0 : hit - BEFORE
  // A word is not begun in its middle where a space is near.
  const space = text.slice(from, from + 15).search(/\s/)
  if (from > 0 && space >= 0 && from + space < hit) from += space + 1
  if (isInside(text, from)) from--
  let to = Math.min(text.length, hit + AFTER)
  const lastSpace = text.slice(to - 15, to).search(/\s\S*$/)
  if (to < text.length && lastSpace > 0) to = to - 15 + lastSpace
  if (isInside(text, to)) to--
  const words = text.slice(from, to).replace(/[\p{C}\s]+/gu, ' ').trim()
  return `${from > 0 ? '…' : ''}${words}${to < text.length ? '…' : ''}`
}
