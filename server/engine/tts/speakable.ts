/** What of a text an English voice with a Latin alphabet can say, and in which parts. Pure. */

const SPELLED: Record<string, string> = {
  '€': ' euros ', '£': ' pounds ', '¥': ' yen ', '°': ' degrees ', '×': ' times ', '÷': ' divided by ', '=': ' equals ', '≈': ' about ', '&': ' and ',
  '…': '.', '—': ', ', '–': ', ', '’': '\'', '‘': '\'', '“': '', '”': '', '«': '', '»': '', '"': '', '。': '. ', '、': ', ', '，': ', ', '？': '? ', '！': '! ',
  ß: 'ss', æ: 'ae', Æ: 'Ae', œ: 'oe', Œ: 'Oe', ø: 'o', Ø: 'O', ł: 'l', Ł: 'L', đ: 'd', ð: 'd', þ: 'th', ı: 'i',
}

export interface Speakable {
  /** Printable ASCII, single spaces. Empty when nothing can be said. */
  text: string
  /** Letters of other scripts that were left out, each once, in order. */
  skipped: string[]
}

/** Accents fall away, symbols are spelled, other scripts and pictures are left out. */
export function speakable(text: string): Speakable {
  const skipped = new Set<string>()
  let plain = ''
  for (const character of text) {
    const spelled = SPELLED[character] ?? character.normalize('NFKD').replace(/\p{M}/gu, '')
    for (const part of spelled) {
      const sayable = part >= ' ' && part <= '~'
      if (!sayable && /\p{L}|\p{N}/u.test(part)) skipped.add(character)
      plain += sayable ? part : ' '
    }
  }
  plain = plain.replace(/[*_`#~|<>[\]{}\\^]/g, ' ').replace(/\s+/g, ' ').replace(/ ([.,!?;:])/g, '$1').trim()
  return { text: /[a-z0-9]/i.test(plain) ? plain : '', skipped: [...skipped] }
}

/** Longer than this a sentence is cut at a comma, so that its sound doesn't wait for its end. */
const LONG_SENTENCE = 120
/** No part is longer: bounds the time and memory of one run. A sentence without a comma is cut between words. */
const MAX_PART = 400

/** Not after a title or "e.g.": only where the next word begins like a sentence. */
const SENTENCE_END = /(?<=[.!?])(?<!\b(?:Mr|Mrs|Ms|Dr|St|Prof|vs|e\.g|i\.e)\.)\s+(?=[A-Z0-9'])/

/** Sentences, and the clauses of long ones, in order; joined by spaces they are the text. */
export function partsToSpeak(text: string): string[] {
  return text.split(SENTENCE_END).map(sentence => sentence.trim()).filter(sentence => /[a-z0-9]/i.test(sentence)).flatMap(cutLong)
}

function cutLong(sentence: string): string[] {
  if (sentence.length <= LONG_SENTENCE) return [sentence]
  const parts: string[] = []
  let rest = sentence
  while (rest.length > LONG_SENTENCE) {
    const comma = rest.slice(40, MAX_PART).search(/[,;:] /)
    const space = rest.lastIndexOf(' ', MAX_PART)
    const cut = comma >= 0 ? 40 + comma + 1 : rest.length > MAX_PART ? (space > 0 ? space : MAX_PART) : rest.length
    parts.push(rest.slice(0, cut).trim())
    rest = rest.slice(cut).trim()
  }
  return rest ? [...parts, rest] : parts
}
