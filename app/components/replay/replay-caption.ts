import { charsAt } from '../../replay/replay-score.ts'
import type { ScoreTurn } from '../../replay/replay-score.ts'
import { captionChunks } from '../stage/caption.ts'
import { wordAt } from '../thread/spoken-words.ts'
import type { SpokenWords } from '../thread/spoken-words.ts'

/** A turn's words by what became of them at a moment of the replay. */
export function wordsAt(turn: ScoreTurn, atMs: number): SpokenWords {
  const { turn: { segment: { text } }, heardText, fromMs, toMs } = turn
  const lost = text.slice(heardText.length)
  if (toMs <= fromMs || atMs >= toMs) return { heard: heardText, current: '', ahead: '', lost }
  if (atMs < fromMs) return { heard: '', current: '', ahead: heardText, lost }
  const said = charsAt(turn, atMs)
  // The word after those that are said is the one that sounds.
  const start = said + (heardText.slice(said).match(/^\s+/u)?.[0].length ?? 0)
  const word = wordAt(heardText, start)
  return { heard: heardText.slice(0, word.from), current: heardText.slice(word.from, word.to), ahead: heardText.slice(word.to), lost }
}

/** About three lines around the word that sounds. */
export function captionWords(words: SpokenWords): SpokenWords {
  const whole = words.heard + words.current + words.ahead + words.lost
  const focus = words.current || words.ahead ? words.heard.length : Math.max(0, words.heard.length - 1)
  const { from, to } = captionChunks(whole).find(chunk => focus < chunk.to) ?? { from: 0, to: whole.length }
  let at = 0
  const part = (text: string) => {
    const piece = text.slice(Math.max(0, from - at), Math.max(0, to - at))
    at += text.length
    return piece
  }
  return { heard: part(words.heard), current: part(words.current), ahead: part(words.ahead), lost: part(words.lost) }
}
