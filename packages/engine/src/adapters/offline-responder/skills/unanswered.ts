/** When no skill fits. The words heard are said back, so that a mishearing shows. */

import type { SkillContext } from '../skill.ts'
import { MAX_READ_WORDS } from '../utterance.ts'
import { OFFERS } from './identity.ts'

const MAX_QUOTED_CHARACTERS = 120
/** A share of letters above which the text is not English, whatever else is in it. */
const FOREIGN_SHARE = 0.3

const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0

/** What to say to text in a script that the embedded voice can't speak; undefined for Latin text. */
export function answerToForeignText(text: string): string | undefined {
  const read = text.slice(0, 600).normalize('NFKC')
  const letters = countOf(read, /\p{L}/gu)
  if (letters === 0 || countOf(read, /\p{Script=Latin}/gu) > letters * (1 - FOREIGN_SHARE)) return undefined
  const isJapanese = countOf(read, /[\p{Script=Hiragana}\p{Script=Katakana}]/gu) > 0
  const language = isJapanese ? 'That looks like Japanese. ' : ''
  return `${language}I'm the offline responder of Kaiwa, and the embedded voice speaks English only, yet. Please try it in English.`
}

/** Times in a row, up to now, that nothing was understood. */
export function answerToSilence(turns: SkillContext['turns']): string {
  const lastSpoken = turns.findLast(turn => turn.role === 'assistant')?.text ?? ''
  return lastSpoken.startsWith('I didn\'t catch that') ? 'I still didn\'t catch that. You can also type it.' : 'I didn\'t catch that. Please say it again.'
}

/** When nobody has said anything for a while. */
export function askIfThere(turns: SkillContext['turns']): string {
  const lastSpoken = turns.findLast(turn => turn.role === 'assistant')?.text ?? ''
  return lastSpoken.startsWith('Are you still there') ? 'I\'ll be here when you need me.' : 'Are you still there?'
}

function quoted(shown: string): string {
  const bare = shown.replace(/[.!?,;:\s]+$/u, '').slice(0, MAX_QUOTED_CHARACTERS + 1)
  if (bare.length <= MAX_QUOTED_CHARACTERS) return bare
  const cut = bare.slice(0, MAX_QUOTED_CHARACTERS)
  return `${(cut.includes(' ') ? cut.slice(0, cut.lastIndexOf(' ')) : cut).trimEnd()} and so on`
}

export function answerToUnknown({ utterance, turns }: SkillContext): string {
  const heard = quoted(utterance.shown)
  const misses = turns.filter(turn => turn.role === 'assistant' && turn.text.startsWith('I heard "')).length
  const offer = OFFERS[misses % OFFERS.length]!
  if (heard === '' || utterance.words.length === 0) return `I found no words in that. I'm the offline responder of Kaiwa. ${offer}`
  if (utterance.words.length >= MAX_READ_WORDS) return `I heard "${heard}". That is more than I, the offline responder of Kaiwa, can take in. ${offer}`
  if (misses > 0) return `I heard "${heard}". As the offline responder I can't help with that. ${offer}`
  return `I heard "${heard}". I'm the offline responder of Kaiwa, without a language model, so I can't help with that. ${offer}`
}
