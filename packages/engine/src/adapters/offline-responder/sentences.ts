/** Answers are streamed, resumed and slowed down by sentences. Pure. */

/** Sentences with the blank that follows them: joined, they are the text again. */
export function splitSentences(text: string): string[] {
  return text.match(/.*?[.!?]["')]*(?:\s+|$)|.+$/gsu) ?? []
}

const splitClauses = (sentence: string): string[] => sentence.match(/.*?[,;:](?:\s+|$)|.+$/gsu) ?? []

interface Piece { text: string, words: string[] }

const wordsIn = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []

/** Where one may take up again: a sentence; within a list ("one, two, three"), an entry. */
function piecesOf(text: string): Piece[] {
  return splitSentences(text).flatMap(sentence => {
    const clauses = splitClauses(sentence)
    const isList = clauses.length > 3 && wordsIn(sentence).length / clauses.length <= 3
    return isList ? clauses : [sentence]
  }).map(piece => ({ text: piece, words: wordsIn(piece) }))
}

/**
 * What is left of `whole` when `heard` was heard of it, from the start of the sentence that was cut.
 * `''`: all was heard. `undefined`: `heard` is not the beginning of `whole`.
 */
export function restAfter(whole: string, heard: string): string | undefined {
  const pieces = piecesOf(whole)
  const all = pieces.flatMap(piece => piece.words)
  const known = wordsIn(heard)
  for (const [index, word] of known.entries()) {
    const isLast = index === known.length - 1
    if (all[index] !== word && !(isLast && all[index]?.startsWith(word))) return undefined
  }
  let next = known.length
  if (next > 0 && all[next - 1] !== known[next - 1]) next--
  let before = 0
  for (const [index, piece] of pieces.entries()) {
    before += piece.words.length
    if (before > next) return pieces.slice(index).map(({ text }) => text).join('')
  }
  return ''
}

const MIN_WORDS_OF_A_PIECE = 2

function closed(clause: string): string {
  const bare = clause.trim().replace(/[,;:]+$/u, '')
  const text = /[.!?]["')]*$/u.test(bare) ? bare : `${bare}.`
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** The same words in short sentences, which the voice sets apart with pauses. */
export function inShortSentences(text: string): string {
  return splitSentences(text).flatMap(sentence => {
    const clauses = splitClauses(sentence.trim()).flatMap(clause => clause.split(/\s+(?=(?:and|but|because|so that|which|while)\s)/u))
    const isList = clauses.length > 3 && wordsIn(sentence).length / clauses.length <= 3
    const pieces: string[] = []
    for (const clause of clauses) {
      const short = wordsIn(clause).length < MIN_WORDS_OF_A_PIECE || wordsIn(pieces.at(-1) ?? 'a a a').length < MIN_WORDS_OF_A_PIECE
      if (!isList && short && pieces.length > 0) pieces.push(`${pieces.pop()!.trimEnd()} ${clause}`)
      else pieces.push(clause)
    }
    return pieces.map(closed)
  }).join(' ')
}
