/** Pace of read speech, ms a character: measured averages, rounded. A sign of Han, Kana or Hangul is about a syllable. */
const LATIN_MS = 65
const WIDE_MS = 140
const isWide = (sign: string) => /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]/.test(sign)
const isGap = (sign: string) => /[\s、。，．！？…,.!?;:]/.test(sign)

/**
 * What of a text had been spoken after so much of its audio, as an estimate at an even pace, down to a whole word: no protocol says
 * when a word is spoken, and how long the whole would have been isn't kept.
 */
export function heardText(text: string, heardMs: number): string {
  let spentMs = 0
  let whole = 0
  let at = 0
  for (const sign of text) {
    const wide = isWide(sign)
    if (wide || isGap(sign)) whole = at
    spentMs += wide ? WIDE_MS : LATIN_MS
    if (spentMs > heardMs) return text.slice(0, whole).trimEnd()
    at += sign.length
    if (wide) whole = at
  }
  return text
}
