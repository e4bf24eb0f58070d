/** Places, currencies, codes and free text among the words that no other slot has taken. */
import { readNumber } from '../number-words.ts'
import type { Material, Span } from './material.ts'
import type { Slot } from './tool-schema.ts'

export type Mention<T> = Span & { value: T }

const PLACE_PREPOSITIONS = new Set(['in', 'for', 'at', 'near', 'around', 'to', 'from', 'of', 'into', 'inside'])
/** What ends the name of a place, or of a thing. */
const STOPS = new Set(('in for at near around to from of on and or with by please today tomorrow tonight now is are be like this next the a an my our your at about into until till if when '
  + 'right then would will should can could it me morning afternoon evening week').split(' '))
const LEADING = new Set(['the', 'a', 'an', 'my', 'our', 'your', 'some'])
/** No place although a preposition stands before it. */
const NO_PLACES = new Set(['me', 'us', 'you', 'it', 'today', 'tomorrow', 'tonight', 'now', 'moment', 'minute', 'second', 'while', 'hour', 'later', 'what', 'that', 'this', 'degrees', 'celsius', 'fahrenheit'])
const MAX_PLACE_WORDS = 4

const capitals = (words: readonly string[]) => words.map(word => word === word.toLowerCase() ? word.charAt(0).toUpperCase() + word.slice(1) : word).join(' ')
/** Rooms are things of the house; towns are names. */
export const isIndoors = (slot: Slot): boolean => slot.words.some(word => ['room', 'area', 'zone'].includes(word))

/** "in Tokyo", "from New York", "for the kitchen". A slot for an origin wants "from", one for a destination "to". */
export function findPlace({ words, shown, isFree }: Material, slot: Slot, triggers: ReadonlySet<number>): Mention<string> | undefined {
  const isCalled = (pattern: RegExp) => slot.words.some(word => pattern.test(word))
  const wants = isCalled(/^(?:origin|from|departure|source|start)$/u) ? ['from'] : isCalled(/^(?:destination|to|arrival|end|target)$/u) ? ['to', 'for', 'into'] : undefined
  for (let at = 0; at < words.length; at++) {
    const preposition = words[at]!
    if (!PLACE_PREPOSITIONS.has(preposition) || (wants && !wants.includes(preposition)) || (!wants && preposition === 'of')) continue
    let from = at + 1
    while (LEADING.has(words[from] ?? '')) from++
    let to = from
    const belongs = (index: number) => isFree(index) && !STOPS.has(words[index]!) && !NO_PLACES.has(words[index]!) && readNumber(words, index) === undefined
      && (!triggers.has(index) || (isIndoors(slot) && index === from))
    while (to < words.length && to - from < MAX_PLACE_WORDS && belongs(to)) to++
    if (to === from || !/^\p{L}/u.test(words[from]!)) continue
    return { from: at, to, value: isIndoors(slot) ? words.slice(from, to).join(' ') : capitals(shown.slice(from, to)) }
  }
  return undefined
}

const CURRENCIES: ReadonlyMap<string, string> = new Map(Object.entries({
  USD: 'dollars dollar bucks usd us_dollars american_dollars', EUR: 'euros euro eur year_rose', GBP: 'pounds pound sterling gbp british_pounds quid', JPY: 'yen jpy japanese_yen again', CHF: 'francs franc chf swiss_francs',
  CAD: 'canadian_dollars cad', AUD: 'australian_dollars aud', CNY: 'yuan renminbi cny', INR: 'rupees rupee inr', KRW: 'won krw', MXN: 'pesos peso mxn', SEK: 'kronor krona sek', BRL: 'reais real brl',
}).flatMap(([code, said]) => said.split(' ').map(way => [way, code] as const)))

/** Every currency named, in order. */
export function findCurrencies({ words, isFree }: Material): Mention<string>[] {
  const found: Mention<string>[] = []
  for (let at = 0; at < words.length; at++) {
    if (!isFree(at)) continue
    const pair = CURRENCIES.get(`${words[at]}_${words[at + 1]}`)
    const one = pair ?? CURRENCIES.get(words[at]!)
    if (!one) continue
    found.push({ from: at, to: at + (pair ? 2 : 1), value: one })
    if (pair) at++
  }
  return found
}

/** "order number 1 2 3 4", "order A1234": digits said one by one are joined. */
export function findCode({ words, shown, raw, isFree }: Material, { words: slotWords }: Slot): Mention<string> | undefined {
  const mixed = shown.findIndex((_, at) => isFree(at) && /\d/u.test(words[at]!))
  const token = /(?<![\p{L}\p{N}])(?=[\p{L}\p{N}-]*\d)[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*/u.exec(raw)?.[0]
  if (mixed >= 0 && token && token.length > 1) {
    const parts = token.match(/\d+|\p{L}+|-/gu)?.length ?? 1
    return { from: Math.max(0, /^\d/u.test(token) ? mixed : mixed - 1), to: Math.min(words.length, mixed + parts), value: token }
  }
  for (let at = 0; at < words.length; at++) {
    let digits = ''
    let to = at
    const next = () => isFree(to) ? readNumber(words, to) : undefined
    for (let read = next(); read && Number.isInteger(read.value); read = next()) {
      digits += String(read.value)
      to = read.next
    }
    if (digits.length >= 2 || (digits && slotWords.includes(words[at - 1] ?? ''))) return { from: at, to, value: digits }
  }
  return undefined
}

/** As typed, or as said: "anna at example dot com". */
export function findEmail({ raw, words }: Material): Mention<string> | undefined {
  const typed = /[^\s@<>"]+@[^\s@<>"]+\.\p{L}{2,}/u.exec(raw)?.[0]
  if (typed) {
    const parts = typed.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
    const from = words.findIndex((word, at) => word === parts[0] && words[at + 1] === parts[1])
    return { from: Math.max(0, from), to: from < 0 ? 0 : from + parts.length, value: typed }
  }
  const dot = words.indexOf('dot')
  const at = words.lastIndexOf('at', dot)
  if (at < 1 || dot < at + 2 || !words[dot + 1]) return undefined
  return { from: at - 1, to: dot + 2, value: `${words[at - 1]}@${words.slice(at + 1, dot).join('')}.${words[dot + 1]}` }
}

/** What follows one of these is said by the talker, word for word. */
const MESSAGE_MARKERS = ['saying that', 'saying', 'that says', 'to say that', 'to say', 'that', 'about', 'because', 'to']
/** Words before a free text, by what the slot is for. */
const MARKERS: readonly { slot: RegExp, markers: readonly string[] }[] = [
  { slot: /^(?:message|body|text|content|note|reminder|comment|description|reason|details?)$/u, markers: MESSAGE_MARKERS },
  { slot: /^(?:title|name|label|summary|subject|called)$/u, markers: ['called', 'named', 'titled', 'labeled', 'labelled', 'under the name', 'under', 'with the subject', 'with the title', 'about'] },
  { slot: /^(?:query|search|keywords?|term|topic|question)$/u, markers: ['for', 'about', 'on', 'containing', 'with'] },
  { slot: /^(?:recipient|to|contact|person|attendees?|guests?)$/u, markers: ['to', 'with', 'for', 'invite'] },
]
const ENDS_OF_NAMES = new Set(['the', 'a', 'an', 'my', 'our', 'some', 'please', 'for', 'on', 'in', 'at', 'to'])
/** Say nothing of their own at the ends of a text. */
const TRIMMED = new Set(('a an the my our me i you us please kindly could can would will do to of for in on at and so well then now just it is are some any this that with from like want need let hey ok okay '
  + 'want wanna give get put by up us about am there what how where when which who tell show find').split(' '))

export interface TextSearch { triggers: ReadonlySet<number>, /** Any words will do: a text has to be found. */ anything: boolean }

/** Quoted text, what follows the slot's marker, or the longest stretch of words that nothing else has used. */
export function findText(material: Material, slot: Slot, { triggers, anything }: TextSearch): Mention<string> | undefined {
  return markedText(material, slot) ?? (anything ? leftOver(material, triggers) : undefined)
}

function markedText({ words, shown, isFree }: Material, slot: Slot): Mention<string> | undefined {
  const markers = MARKERS.find(({ slot: pattern }) => slot.words.some(word => pattern.test(word)))?.markers ?? []
  for (const marker of markers) {
    const parts = marker.split(' ')
    const at = words.findIndex((_, index) => parts.every((part, offset) => words[index + offset] === part && isFree(index + offset)))
    if (at < 0) continue
    const isMessage = markers === MESSAGE_MARKERS
    const to = endOfFree(words, isFree, at + parts.length, !isMessage)
    const span = isMessage ? { from: at + parts.length, to } : trimmed(words, { from: at + parts.length, to }, ENDS_OF_NAMES)
    if (span.to > span.from) return { from: at, to: span.to, value: shown.slice(span.from, span.to).join(' ') }
  }
  return undefined
}

/** A name ends before "in my calendar"; a message doesn't. */
function endOfFree(words: readonly string[], isFree: Material['isFree'], from: number, isName: boolean): number {
  let to = from
  const ends = (at: number) => isName && at > from && /^(?:in|to|on|at|for|from|with)$/u.test(words[at]!) && /^(?:my|the|our|your)$/u.test(words[at + 1] ?? '')
  while (to < words.length && isFree(to) && !ends(to)) to++
  return to
}

function trimmed(words: readonly string[], { from, to }: Span, ends = TRIMMED): Span {
  while (from < to && ends.has(words[from]!)) from++
  while (from < to && ends.has(words[to - 1]!)) to--
  return { from, to }
}

function leftOver({ words, shown, isFree }: Material, triggers: ReadonlySet<number>): Mention<string> | undefined {
  let best: Span = { from: 0, to: 0 }
  for (let from = 0; from < words.length; from++) {
    let to = from
    while (to < words.length && isFree(to) && !triggers.has(to)) to++
    const span = trimmed(words, { from, to })
    if (span.to - span.from > best.to - best.from) best = span
    from = to
  }
  return best.to > best.from ? { ...best, value: shown.slice(best.from, best.to).join(' ') } : undefined
}

/** The text between quotation marks, when there is one. */
export function quotedText(raw: string): string | undefined {
  return /["“«]([^"”»]{1,300})["”»]/u.exec(raw)?.[1]?.trim() || undefined
}
