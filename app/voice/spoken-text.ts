import type { Heard } from './call.ts'

/** `chars` of a segment's text had arrived when `receivedMs` of its audio had. */
export interface TextMark { chars: number, receivedMs: number }

/** Marks kept of one segment; full ⇒ every second one goes, so the grid gets coarser, not shorter. */
export const maxTextMarks = 256

/** Speaking pace assumed until the whole answer is there, ms per character: measured averages of read speech, rounded. */
const latinMsPerChar = 65
const wideMsPerChar = 140
const wideChars = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]/g

/** Notes the length of the text at this point of the audio. Marks only grow: text doesn't get shorter by being heard. */
export function markText(marks: readonly TextMark[], mark: TextMark): readonly TextMark[] {
  const last = marks.at(-1)
  if (last && mark.chars <= last.chars) return marks
  const kept = last?.receivedMs === mark.receivedMs ? marks.slice(0, -1) : marks
  const thinned = kept.length < maxTextMarks ? kept : kept.filter((_, at) => at % 2 === 1)
  return [...thinned, mark]
}

/**
 * How many characters of `text` had been spoken when `heard.heardMs` of its audio had been heard, down to the end of a whole word
 * (a word half said counts as unheard). Approximations: no protocol says when a word is spoken, so the text is spread over the audio at an
 * even pace, where no piece of text is spoken before it had arrived. Of a finished answer the pace is fitted so that the text ends
 * with the audio; of one still arriving it is assumed, but never so fast that the audio would outrun the text. Pauses are not known.
 */
export function spokenChars(marks: readonly TextMark[], heard: Heard, text: string): number {
  const { heardMs, receivedMs, complete } = heard
  if (text === '' || !(heardMs > 0)) return 0
  if (complete && heardMs >= receivedMs) return text.length
  const pieces = piecesOf(marks, text.length)
  const pace = paceOf(pieces, text, receivedMs, complete)
  return wholeWords(text, Math.floor(charsAt(pieces, pace, Math.min(heardMs, receivedMs))))
}

interface Piece { fromChar: number, toChar: number, arrivedMs: number }

function piecesOf(marks: readonly TextMark[], textLength: number): Piece[] {
  const pieces: Piece[] = []
  for (const { chars, receivedMs } of marks) {
    const fromChar = pieces.at(-1)?.toChar ?? 0
    const toChar = Math.min(chars, textLength)
    if (toChar > fromChar) pieces.push({ fromChar, toChar, arrivedMs: receivedMs })
  }
  const last = pieces.at(-1)
  if ((last?.toChar ?? 0) < textLength) pieces.push({ fromChar: last?.toChar ?? 0, toChar: textLength, arrivedMs: last?.arrivedMs ?? 0 })
  return pieces
}

/** When the last character would be spoken at this pace: each piece waits for its arrival and for the one before. */
function endMs(pieces: readonly Piece[], msPerChar: number): number {
  return pieces.reduce((atMs, { fromChar, toChar, arrivedMs }) => Math.max(atMs, arrivedMs) + (toChar - fromChar) * msPerChar, 0)
}

function paceOf(pieces: readonly Piece[], text: string, receivedMs: number, complete: boolean): number {
  const wide = text.match(wideChars)?.length ?? 0
  const assumed = (wide * wideMsPerChar + (text.length - wide) * latinMsPerChar) / text.length
  if (!complete && endMs(pieces, assumed) >= receivedMs) return assumed
  // The end grows with the pace: halve the interval until it is known to well under a millisecond per word.
  let [slowest, fastest] = [receivedMs / text.length, 0]
  for (let round = 0; round < 20; round++) {
    const middle = (slowest + fastest) / 2
    if (endMs(pieces, middle) > receivedMs) slowest = middle
    else fastest = middle
  }
  return slowest
}

function charsAt(pieces: readonly Piece[], msPerChar: number, atMs: number): number {
  let clockMs = 0
  for (const { fromChar, toChar, arrivedMs } of pieces) {
    const startMs = Math.max(clockMs, arrivedMs)
    if (atMs <= startMs) return fromChar
    clockMs = startMs + (toChar - fromChar) * msPerChar
    if (atMs < clockMs) return fromChar + (atMs - startMs) / msPerChar
  }
  return pieces.at(-1)?.toChar ?? 0
}

const words = typeof Intl !== 'undefined' && 'Segmenter' in Intl ? new Intl.Segmenter(undefined, { granularity: 'word' }) : undefined
const space = /\s/u

/** The end of the last word that lies wholly within the first `chars`, with the punctuation that follows it. */
function wholeWords(text: string, chars: number): number {
  if (chars >= text.length) return text.length
  const inside = wordAt(text, chars)
  if (inside.from < chars && inside.isWord) return spaceTrimmed(text, inside.from)
  let end = Math.max(chars, inside.isWord ? 0 : inside.to)
  for (let next = wordAt(text, end); end < text.length && !next.isWord && !space.test(text.charAt(end)); next = wordAt(text, end)) end = next.to
  return spaceTrimmed(text, end)
}

function spaceTrimmed(text: string, end: number): number {
  return text.slice(0, end).trimEnd().length
}

function wordAt(text: string, at: number): { from: number, to: number, isWord: boolean } {
  const segment = at < text.length ? words?.segment(text).containing(at) : undefined
  if (segment) return { from: segment.index, to: segment.index + segment.segment.length, isWord: segment.isWordLike ?? false }
  if (space.test(text.charAt(at)) || at >= text.length) return { from: at, to: Math.min(at + 1, text.length), isWord: false }
  // Without a segmenter (older browsers): words are what spaces divide.
  const from = text.slice(0, at).search(/\S+$/u)
  const to = text.slice(at).search(/\s|$/u)
  return { from: from < 0 ? at : from, to: at + to, isWord: true }
}
