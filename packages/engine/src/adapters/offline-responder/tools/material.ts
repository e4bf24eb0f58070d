/** What was said, and which of its words have been used already: a word fills one slot only. */
import { readNumber } from '../number-words.ts'
import type { Utterance } from '../utterance.ts'

export interface Span { from: number, to: number }

export interface Material {
  readonly raw: string
  readonly words: readonly string[]
  readonly shown: readonly string[]
  isFree(at: number): boolean
  /** The words fill a slot now. */
  take(span: Span): void
}

export function createMaterial({ shown: raw, words }: Utterance): Material {
  const taken = new Set<number>()
  return {
    raw,
    words: words.map(word => word.text),
    shown: words.map(word => word.shown),
    isFree: at => at >= 0 && at < words.length && !taken.has(at),
    take({ from, to }) { for (let at = from; at < to; at++) taken.add(at) },
  }
}

export interface NumberMention extends Span { value: number }

/** Numbers among the free words, in order: "two", "21.5", "minus five". */
export function freeNumbers({ words, isFree }: Material): NumberMention[] {
  const mentions: NumberMention[] = []
  for (let at = 0; at < words.length; at++) {
    // "a" alone is no number; "a hundred" and "a dozen" are.
    const read = isFree(at) ? readNumber(words, at) : undefined
    if (!read) continue
    const negative = /^(?:minus|negative|-)$/u.test(words[at - 1] ?? '')
    mentions.push({ value: negative ? -read.value : read.value, from: negative ? at - 1 : at, to: read.next })
    at = read.next - 1
  }
  return mentions
}
