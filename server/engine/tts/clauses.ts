/** A text in any script, in parts that a voice says at once. Pure. */

/** No part is longer: bounds the time of one run. */
const MAX_CLAUSE_CHARACTERS = 200
/** After a sentence's end in Latin or East Asian writing. */
const SENTENCE_END = /(?<=[.!?…])\s+|(?<=[。！？])\s*/u
/** After a comma, within a sentence that is too long. */
const CLAUSE_END = /(?<=[,;:])\s+|(?<=[、，；：])\s*/u

/** Marks and pictures that are for the eye are left out; parts without a letter or digit, too. */
export function clausesOf(text: string): string[] {
  const plain = text.replace(/[*_`#~|<>[\]{}\\^]|\p{Extended_Pictographic}|\u200d|\ufe0f/gu, ' ').replace(/\s+/g, ' ').trim()
  return plain.split(SENTENCE_END).flatMap(sentence => sentence.length > MAX_CLAUSE_CHARACTERS ? cutLong(sentence) : [sentence])
    .map(clause => clause.trim()).filter(clause => /[\p{L}\p{N}]/u.test(clause))
}

/** Clauses put together again up to the bound; one that is longer by itself is cut between words, or anywhere. */
function cutLong(sentence: string): string[] {
  const parts: string[] = ['']
  for (const clause of sentence.split(CLAUSE_END).flatMap(cutBetweenWords)) {
    const joined = [parts.at(-1)!, clause].filter(Boolean).join(' ')
    if (joined.length <= MAX_CLAUSE_CHARACTERS) parts[parts.length - 1] = joined
    else parts.push(clause)
  }
  return parts
}

function cutBetweenWords(clause: string): string[] {
  const parts: string[] = []
  let rest = clause
  while (rest.length > MAX_CLAUSE_CHARACTERS) {
    const space = rest.lastIndexOf(' ', MAX_CLAUSE_CHARACTERS)
    // Not through the middle of a surrogate pair.
    const anywhere = /[\ud800-\udbff]/.test(rest[MAX_CLAUSE_CHARACTERS - 1]!) ? MAX_CLAUSE_CHARACTERS - 1 : MAX_CLAUSE_CHARACTERS
    const cut = space > 0 ? space : anywhere
    parts.push(rest.slice(0, cut))
    rest = rest.slice(cut).trimStart()
  }
  return [...parts, rest]
}
