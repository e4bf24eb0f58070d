/**
 * Streaming text → pieces that can be spoken. Nothing is lost: the clauses joined are the text. The first clause is kept
 * short, because the first audio can't come before it is whole; later ones are whole sentences, for their melody.
 */
export interface ClauseSplitter {
  /** More text; returns the clauses that are whole now. */
  push(text: string): string[]
  /** The text is over: the rest. */
  flush(): string[]
}

export interface ClauseSplitterOptions {
  /** A comma ends the first clause from this length on. @default 12 */
  firstClauseChars: number
  /** A comma ends a later clause from this length on. @default 120 */
  longClauseChars: number
  /** Cut at a space, or anywhere, at this length: text without punctuation is spoken too. @default 240 */
  maxClauseChars: number
}

export const clauseSplitterDefaults = { firstClauseChars: 12, longClauseChars: 120, maxClauseChars: 240 } as const satisfies ClauseSplitterOptions

const abbreviations = new Set('mr mrs ms dr prof st jr sr vs etc e.g i.e no vol fig approx dept inc ltd co mt ave a.m p.m u.s u.k'.split(' '))
const closers = '"\'”’)]」』）'

export function createClauseSplitter(options: ClauseSplitterOptions = clauseSplitterDefaults): ClauseSplitter {
  let pending = ''
  let first = true

  function take(length: number): string {
    const clause = pending.slice(0, length)
    pending = pending.slice(length)
    first = false
    return clause
  }

  function cut(): string[] {
    const clauses: string[] = []
    for (let end = clauseEnd(pending, first, options); end > 0; end = clauseEnd(pending, first, options)) clauses.push(take(end))
    return clauses
  }

  return {
    push(text) {
      pending += text
      return cut()
    },
    flush() {
      const clauses = cut()
      if (pending) clauses.push(take(pending.length))
      return clauses
    },
  }
}

/** Length of the first whole clause, its trailing space included; 0: none yet. */
function clauseEnd(text: string, first: boolean, options: ClauseSplitterOptions): number {
  const commaFrom = first ? options.firstClauseChars : options.longClauseChars
  for (let at = 0; at < text.length; at++) {
    const end = boundaryAt(text, at, commaFrom)
    if (end > 0 && text.slice(0, end).trim()) return end
    if (at + 1 >= options.maxClauseChars) return forcedEnd(text, options.maxClauseChars)
  }
  return 0
}

/** Where the clause ends when the character at `at` ends one; 0 when it doesn't, or when the next character has to tell. */
function boundaryAt(text: string, at: number, commaFrom: number): number {
  const char = text[at] ?? ''
  if (char === '\n') return at + 1
  if ('。！？｡'.includes(char)) return afterClosers(text, at + 1)
  if ('、，；'.includes(char)) return at + 1 >= commaFrom / 2 ? at + 1 : 0
  if ('.!?…'.includes(char)) return char === '.' && isInnerDot(text, at) ? 0 : afterSpace(text, at + 1)
  if (',;:—'.includes(char)) return at + 1 >= commaFrom ? afterSpace(text, at + 1) : 0
  return 0
}

function afterClosers(text: string, from: number): number {
  let end = from
  while (end < text.length && (closers.includes(text[end] ?? '') || '。！？'.includes(text[end] ?? ''))) end++
  return end === text.length && opensQuote(text) ? 0 : end
}

/** A Japanese quotation is still open: its bracket belongs to the clause that it closes. */
function opensQuote(text: string): boolean {
  return (text.match(/[「『（]/g)?.length ?? 0) > (text.match(/[」』）]/g)?.length ?? 0)
}

/** A Latin mark ends a clause only before white space: "3.14", "12:30" and "example.org" go on. */
function afterSpace(text: string, from: number): number {
  let end = from
  while (end < text.length && (closers.includes(text[end] ?? '') || '.!?…'.includes(text[end] ?? ''))) end++
  const space = end
  while (end < text.length && /\s/.test(text[end] ?? '')) end++
  return end > space ? end : 0
}

/** An abbreviation's dot, an initial's ("J. Smith"), or a list number's ("1. Open the door"). */
function isInnerDot(text: string, at: number): boolean {
  const word = /[\p{L}\p{N}.]*$/u.exec(text.slice(0, at))?.[0] ?? ''
  if (abbreviations.has(word.toLowerCase())) return true
  if (/^\p{Lu}$/u.test(word) && word !== 'I') return true
  return /^\d{1,2}$/.test(word) && text.slice(0, at - word.length).trim() === ''
}

function forcedEnd(text: string, maxChars: number): number {
  const space = text.lastIndexOf(' ', maxChars - 1)
  return space > maxChars / 2 ? space + 1 : maxChars
}
