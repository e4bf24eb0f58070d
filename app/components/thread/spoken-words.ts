import type { Turn } from '../../voice/call.ts'

/** A turn's text by what became of its words. */
export interface SpokenWords {
  heard: string
  /** The word that is sounding. */
  current: string
  /** Will be heard. */
  ahead: string
  /** Never will: the turn was cut. */
  lost: string
}

const cjk = /[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]/
const segmenter = typeof Intl.Segmenter === 'function' ? new Intl.Segmenter(undefined, { granularity: 'word' }) : undefined

/** Where the word at `index` begins and ends. Scripts without spaces are segmented by the browser where it can. */
export function wordAt(text: string, index: number): { from: number, to: number } {
  let from = Math.min(Math.max(0, index), text.length)
  while (from > 0 && !/\s/.test(text[from - 1]!)) from -= 1
  let to = Math.min(Math.max(0, index), text.length)
  while (to < text.length && !/\s/.test(text[to]!)) to += 1
  const run = text.slice(from, to)
  if (!segmenter || !cjk.test(run)) return { from, to }
  for (const { index: at, segment } of segmenter.segment(run)) {
    if (from + at + segment.length > index) return { from: from + at, to: from + at + segment.length }
  }
  return { from: to, to }
}

/** Splits a turn's text. `sounding`: its audio is playing, so that one word is current. */
export function spokenWords(turn: Turn, sounding: boolean): SpokenWords {
  const { segment: { text, speaker, medium, cut }, heardChars } = turn
  if (speaker === 'user' || medium === 'text' || heardChars === undefined) return { heard: text, current: '', ahead: '', lost: '' }
  if (heardChars >= text.length) return { heard: text, current: '', ahead: '', lost: '' }
  const { from, to } = wordAt(text, heardChars)
  if (cut) {
    const at = heardChars - from > (to - from) / 2 ? to : from
    return { heard: text.slice(0, at).trimEnd(), current: '', ahead: '', lost: text.slice(at).trimStart() }
  }
  if (!sounding || heardChars === 0) return { heard: text.slice(0, from), current: '', ahead: text.slice(from), lost: '' }
  return { heard: text.slice(0, from), current: text.slice(from, to), ahead: text.slice(to), lost: '' }
}

export function countWords(text: string): number {
  if (!segmenter) return text.split(/\s+/).filter(Boolean).length
  let count = 0
  for (const { isWordLike } of segmenter.segment(text)) if (isWordLike) count += 1
  return count
}

/** `ja` for text with kana, so that faces, line breaks and a screen reader's voice fit; otherwise the page's own language. */
export function languageOf(text: string): 'ja' | undefined {
  return /[\u3040-\u30ff]/.test(text) ? 'ja' : undefined
}

/** Nothing about the turn's words will change any more: a screen reader may read them. */
export function isSettled(turn: Turn, sounding: boolean): boolean {
  const { segment: { open, cut, text }, heardChars } = turn
  if (open) return false
  return !sounding || !!cut || heardChars === undefined || heardChars >= text.length
}
