/** What the person has told in this call: read from the turns each time, so nothing is kept anywhere. */

import type { SpokenTurn } from '../../stages.ts'
import { meaningfulWords } from './cues.ts'
import type { Utterance, Word } from './utterance.ts'
import { endOfPhrase, readUtterance, textsOf } from './utterance.ts'

const NAME_PHRASES = ['my name is', 'my names', 'i am called', 'they call me', 'people call me', 'you can call me', 'call me', 'you may call me']
/** What follows "call me" or "my name is" and is no name. */
const NO_NAMES = new Set(['back', 'later', 'maybe', 'not', 'what', 'when', 'if', 'a', 'an', 'the', 'tomorrow', 'again', 'and', 'is', 'hard', 'too', 'in', 'on'])
const NOTE_PHRASES = ['remember that', 'remember this', 'remember', 'do not forget that', 'do not forget', 'keep in mind that', 'keep in mind', 'note that',
  'make a note that', 'make a note', 'take a note that', 'take a note']
const QUESTION_WORDS = new Set(['what', 'where', 'who', 'when', 'which', 'how', 'why', 'is', 'are', 'do', 'does', 'did', 'can', 'could', 'would', 'will', 'tell', 'spell', 'repeat'])
/** Things asked of the responder itself, not told to it. */
const ASKED_OF_ME = /^(?:to |you |me |my (?:name|names)\b|what |when |where |who |how |i said|the time when)/u
const SWAPS: ReadonlyMap<string, string> = new Map(Object.entries({ my: 'your', mine: 'yours', i: 'you', me: 'you', am: 'are', myself: 'yourself', our: 'your' }))
const MAX_FACT_WORDS = 30
const MAX_FACTS = 20

/** A fact as it is said back, and the words to find it by. */
export interface Fact { said: string, words: readonly string[] }

const show = (words: readonly Word[]): string => words.map(word => SWAPS.get(word.text) ?? word.shown).join(' ')

const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** "my name is aya" → Aya; a second word only when it was typed with a capital. */
export function nameToldIn({ words }: Utterance): string | undefined {
  const isQuestion = QUESTION_WORDS.has(words[0]?.text ?? '') && words[0]?.text !== 'is'
  if (isQuestion) return undefined
  const end = NAME_PHRASES.map(phrase => endOfPhrase(words, phrase)).find(at => at > 0) ?? introducedAt(words)
  const first = words[end]
  if (end < 0 || !first || NO_NAMES.has(first.text) || !/^\p{L}/u.test(first.text)) return undefined
  const second = words[end + 1]
  const whole = second && /^\p{Lu}/u.test(second.shown) && /^\p{Lu}/u.test(first.shown) ? `${first.shown} ${second.shown}` : first.shown
  return capitalise(whole).slice(0, 40)
}

/** "I'm Aya" counts only as typed, with a capital and nothing behind: "i am tired" is no name. */
function introducedAt(words: readonly Word[]): number {
  const at = endOfPhrase(words, 'i am')
  const word = words[at]
  return at > 0 && word && /^\p{Lu}\p{Ll}+$/u.test(word.shown) && at === words.length - 1 ? at : -1
}

function noteIn(words: readonly Word[]): Word[] | undefined {
  if (words.slice(0, 3).some(word => word.text === 'what' || word.text === 'did')) return undefined
  for (const phrase of NOTE_PHRASES) {
    const end = endOfPhrase(words.slice(0, 12), phrase)
    if (end > 0) return words.slice(end)
  }
  return undefined
}

/** "my car is on level three", without being asked to keep it. */
function statementIn(words: readonly Word[]): Word[] | undefined {
  const start = words.findIndex(word => word.text === 'my')
  if (start < 0 || start > 2 || words.some(word => word.text === 'not') || words.slice(0, start + 1).some(word => QUESTION_WORDS.has(word.text))) return undefined
  const verb = words.findIndex((word, index) => index > start + 1 && index < start + 6 && ['is', 'are', 'was', 'lives', 'starts', 'begins'].includes(word.text))
  return verb > 0 && verb < words.length - 1 ? words.slice(start) : undefined
}

/** The fact in one utterance, if it tells one. */
export function factToldIn(utterance: Utterance): Fact | undefined {
  if (nameToldIn(utterance)) return undefined
  const told = (noteIn(utterance.words) ?? statementIn(utterance.words))?.slice(0, MAX_FACT_WORDS)
  if (!told || told.length < 2) return undefined
  const texts = told.map(word => word.text)
  if (ASKED_OF_ME.test(texts.join(' '))) return undefined
  return { said: show(told), words: meaningfulWords(texts) }
}

const FORGET = /\bforget (?:everything|all|what i (?:said|told)|my name|that|it|about)/u
const forgets = (utterance: Utterance): boolean => {
  const said = textsOf(utterance).join(' ')
  return FORGET.test(said) && !said.includes('not forget')
}

/** The user's turns since the last "forget everything". */
function rememberedTurns(turns: readonly SpokenTurn[]): Utterance[] {
  const read = turns.filter(turn => turn.role === 'user').map(turn => readUtterance(turn.text))
  return read.slice(read.findLastIndex(forgets) + 1)
}

export function nameIn(turns: readonly SpokenTurn[]): string | undefined {
  return rememberedTurns(turns).map(nameToldIn).findLast(name => name !== undefined)
}

/** Latest last. */
export function factsIn(turns: readonly SpokenTurn[]): Fact[] {
  return rememberedTurns(turns).map(factToldIn).filter(fact => fact !== undefined).slice(-MAX_FACTS)
}

/** The fact that shares most words with the question; the latest of equals. */
export function findFact(facts: readonly Fact[], asked: readonly string[]): Fact | undefined {
  const wanted = asked.filter(word => !QUESTION_WORDS.has(word))
  const isSame = (word: string, known: string): boolean => known === word || (word.length > 3 && known.startsWith(word.slice(0, -1)))
  const shared = (fact: Fact): number => wanted.filter(word => fact.words.some(known => isSame(word, known))).length
  const best = Math.max(0, ...facts.map(shared))
  return best === 0 || best * 2 < wanted.length ? undefined : facts.findLast(fact => shared(fact) === best)
}
