/**
 * How text becomes words that can be searched, for both databases. Theirs cut Japanese where there are no spaces into nothing useful, and
 * each in its own way. So the databases get words that are cut already, and a query goes the same way: nothing a person types is ever
 * an operator.
 */

/** Letters, digits and the marks on them; an apostrophe between two of them is inside a word (`don't`). */
const RUN = /[\p{L}\p{N}\p{M}]+(?:['’][\p{L}\p{N}\p{M}]+)*/gu
/** Scripts without spaces between words. */
const UNSPACED = /(?:(?=[\p{L}\p{N}\p{M}])[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}])+/gu
const APOSTROPHES = /['’]/g

/** UTF-16 units of one word; the rest is cut, in text and query alike. */
const MAX_WORD = 64
/** PostgreSQL holds 1 MiB of words a row; of a longer text the beginning is found. */
const MAX_TEXT_BYTES = 400_000

/** A stretch of one script: spaced letters are one word, unspaced ones are cut into overlapping pairs. */
interface Stretch { text: string, isUnspaced: boolean }

const plain = (text: string) => text.toWellFormed().normalize('NFKC').toLowerCase().normalize('NFKC')

function stretchesOf(run: string): Stretch[] {
  const stretches: Stretch[] = []
  let at = 0
  for (const match of run.matchAll(UNSPACED)) {
    if (match.index > at) stretches.push({ text: run.slice(at, match.index), isUnspaced: false })
    stretches.push({ text: match[0], isUnspaced: true })
    at = match.index + match[0].length
  }
  if (at < run.length) stretches.push({ text: run.slice(at), isUnspaced: false })
  return stretches
}

const cut = (word: string) => word.length <= MAX_WORD ? word : word.slice(0, MAX_WORD).replace(/[\ud800-\udbff]$/u, '')

/** 会議室 → 会議 議室. */
function pairsOf(signs: string[]): string[] {
  return signs.length < 2 ? signs : signs.slice(1).map((sign, at) => signs[at]! + sign)
}

function* stretchesIn(text: string): Generator<Stretch> {
  for (const [run] of plain(text).matchAll(RUN)) yield* stretchesOf(run.replace(APOSTROPHES, ''))
}

/**
 * The words of a text, in order: lower case, NFKC. Runs of Han, Kana and Hangul become overlapping pairs and, at last, their last sign
 * alone, so that every single sign begins a word, too. Words hold letters, digits and marks only; never a space, a quote, an operator.
 */
export function searchWords(text: string): string[] {
  const words: string[] = []
  let bytes = 0
  for (const stretch of stretchesIn(text)) {
    const signs = [...stretch.text]
    for (const word of stretch.isUnspaced ? [...pairsOf(signs), ...(signs.length > 1 ? signs.slice(-1) : [])] : [cut(stretch.text)]) {
      bytes += Buffer.byteLength(word) + 8
      if (bytes > MAX_TEXT_BYTES) return words
      words.push(word)
    }
  }
  return words
}

/** Words that stand one after the other; the last may be the beginning of a longer one. */
export interface SearchPhrase { words: string[], isPrefix: boolean }

/** More than this is passed over: nobody remembers so much of what was said. */
const MAX_PHRASES = 16
const MAX_PHRASE_WORDS = 64

/**
 * What a person looks for: all of the phrases, anywhere in one text. The last word may be unfinished, since people look at what they get
 * while they type; a single sign is what a pair begins with. Empty: nothing to look for.
 */
export function searchQuery(query: string): SearchPhrase[] {
  const stretches = [...stretchesIn(query.slice(0, 1000))].slice(0, MAX_PHRASES)
  return stretches.map((stretch, at) => {
    if (!stretch.isUnspaced) return { words: [cut(stretch.text)], isPrefix: at === stretches.length - 1 && !/[\s\p{P}]$/u.test(query) }
    const signs = [...stretch.text]
    return { words: pairsOf(signs).slice(0, MAX_PHRASE_WORDS), isPrefix: signs.length === 1 }
  })
}

/** Where in a text its runs stand, with the words of each. */
export function* wordRuns(text: string): Generator<{ at: number, words: string[] }> {
  for (const match of text.matchAll(RUN)) yield { at: match.index, words: searchWords(match[0]) }
}

/** What the index would say. */
export function holdsPhrase(words: readonly string[], { words: sought, isPrefix }: SearchPhrase): boolean {
  const fits = (word: string | undefined, at: number) => isPrefix && at === sought.length - 1 ? word?.startsWith(sought[at]!) : word === sought[at]
  return words.some((_, from) => sought.every((_, at) => fits(words[from + at], at)))
}
