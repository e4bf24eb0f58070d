/** What a person said or typed, as words that the rest can compare. Pure; never throws. */

/** `text` is lower case, contractions apart; `shown` keeps the letters as they came. */
export interface Word { text: string, shown: string }

export interface Utterance {
  /** Safe to quote and to speak: one line, no control characters, no emoji, bounded. */
  shown: string
  words: readonly Word[]
}

/** Longer input is read up to here: nothing that a skill understands is longer. */
export const MAX_READ_CHARACTERS = 600
export const MAX_READ_WORDS = 100

const CONTRACTIONS: ReadonlyMap<string, readonly string[]> = new Map(Object.entries({
  whats: ['what', 'is'], wats: ['what', 'is'], wheres: ['where', 'is'], whens: ['when', 'is'], whos: ['who', 'is'], hows: ['how', 'is'],
  thats: ['that', 'is'], its: ['it', 'is'], theres: ['there', 'is'], im: ['i', 'am'], ive: ['i', 'have'], ill: ['ill'],
  youre: ['you', 'are'], lets: ['let', 'us'], dont: ['do', 'not'], didnt: ['did', 'not'], doesnt: ['does', 'not'],
  cant: ['can', 'not'], cannot: ['can', 'not'], wont: ['will', 'not'], isnt: ['is', 'not'], gonna: ['going', 'to'],
  wanna: ['want', 'to'], gimme: ['give', 'me'], lemme: ['let', 'me'],
}))
const SUFFIXES: ReadonlyMap<string, string> = new Map(Object.entries({ re: 'are', ll: 'will', ve: 'have', d: 'would', m: 'am' }))
/** After these, `'s` is "is"; after other words it is a genitive. */
const TAKES_IS = new Set(['what', 'where', 'when', 'who', 'how', 'that', 'it', 'there', 'he', 'she', 'here', 'name'])

const TOKEN = /\d+(?:[.,]\d+)*(?:e[+-]?\d+)?|\p{L}[\p{L}\p{M}]*(?:['’][\p{L}]+)*|(?<![\p{L}])[-−–](?=[\s\d(]|$)|[+*×÷/^%()√]/gu

/** Only what can be quoted and spoken: letters, digits, punctuation and arithmetic signs, on one line. */
export function toSpeakable(text: string, maxCharacters = MAX_READ_CHARACTERS): string {
  return text.slice(0, maxCharacters).normalize('NFKC')
    .replace(/\p{M}{2,}/gu, '')
    .replace(/[^\p{L}\p{M}\p{N}\p{P}+×÷=√^%$€£ ]/gu, ' ')
    .replace(/[{}[\]\\"“”„«»*_#]/gu, ' ')
    .replace(/\s+/gu, ' ')
    .slice(0, maxCharacters)
    .trim()
}

/** Arithmetic signs must survive for reading, although `*` is not spoken. */
function toReadable(text: string): string {
  return text.slice(0, MAX_READ_CHARACTERS).normalize('NFKC').slice(0, MAX_READ_CHARACTERS)
}

function splitNumber(token: string): Word[] {
  if (/^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/u.test(token)) return [{ text: token.replaceAll(',', ''), shown: token }]
  if (/^\d+(?:\.\d+)?$/u.test(token)) return [{ text: token, shown: token }]
  return token.split(/[.,]/u).filter(Boolean).map(part => ({ text: part, shown: part }))
}

function expand(token: string): Word[] {
  const lower = token.toLowerCase().replaceAll('’', '\'')
  const known = CONTRACTIONS.get(lower.replaceAll('\'', ''))
  if (known && (lower !== 'ill' && lower !== 'its')) {
    return known.map((text, index) => ({ text, shown: index === 0 ? token.slice(0, text.length) : text }))
  }
  const [stem = '', suffix] = lower.split('\'')
  const shown = token.slice(0, stem.length)
  if (suffix === 's' && TAKES_IS.has(stem)) return [{ text: stem, shown }, { text: 'is', shown: 'is' }]
  if (suffix === 's') return [{ text: stem, shown: token }]
  const rest = SUFFIXES.get(suffix ?? '')
  return rest ? [{ text: stem, shown }, { text: rest, shown: rest }] : [{ text: lower.replaceAll('\'', ''), shown: token }]
}

export function readUtterance(text: string): Utterance {
  const words: Word[] = []
  for (const [token] of toReadable(text).matchAll(TOKEN)) {
    if (words.length >= MAX_READ_WORDS) break
    if (/^\d/u.test(token)) words.push(...splitNumber(token))
    else if (/^\p{L}/u.test(token)) words.push(...expand(token))
    else words.push({ text: /[−–]/u.test(token) ? '-' : token, shown: token })
  }
  return { shown: toSpeakable(text), words }
}

/** Index just after the phrase (words apart by blanks), or -1. */
export function endOfPhrase(words: readonly Word[], phrase: string, from = 0): number {
  const wanted = phrase.split(' ')
  for (let start = from; start + wanted.length <= words.length; start++) {
    if (wanted.every((text, offset) => words[start + offset]?.text === text)) return start + wanted.length
  }
  return -1
}

export const textsOf = (utterance: Utterance): string[] => utterance.words.map(word => word.text)
