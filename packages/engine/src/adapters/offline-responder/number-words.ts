/** Numbers as people say and type them, in English. */

const SMALL = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve',
  'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen']
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety']
const SCALES: ReadonlyMap<string, number> = new Map(Object.entries({ thousand: 1e3, million: 1e6, billion: 1e9, trillion: 1e12 }))
/** What PocketSphinx writes for the last number after a sign ("divided by it"). */
const AFTER_A_SIGN: ReadonlyMap<string, number> = new Map(Object.entries({
  it: 8, age: 8, a: 8, hate: 8, fall: 4, floor: 4, then: 10, sick: 6, heaven: 7, mine: 9,
}))
/** What a recogniser writes for a number when it hears no arithmetic. */
const HOMOPHONES: ReadonlyMap<string, number> = new Map(Object.entries({ to: 2, too: 2, for: 4, fore: 4, won: 1, ate: 8, tree: 3 }))
const SPELLINGS: ReadonlyMap<string, number> = new Map(Object.entries({ oh: 0, nought: 0, naught: 0, fourty: 40, fivety: 50, ninty: 90, forteen: 14 }))

const VALUES = new Map<string, number>([
  ...SMALL.map((word, value) => [word, value] as const),
  ...TENS.flatMap((word, tens) => word ? [[word, tens * 10] as const] : []),
  ...[...SPELLINGS].filter(([word]) => word !== 'oh'),
])

export interface NumberRead { value: number, /** Index after the last word read. */ next: number }

const isDigits = (word: string | undefined): word is string => word !== undefined && /^\d+(?:\.\d+)?$/u.test(word)
const isScale = (word: string | undefined): word is string => word !== undefined && (word === 'hundred' || SCALES.has(word))

/** "point one four", read digit by digit. */
function readDecimals(words: readonly string[], at: number): { digits: string, next: number } | undefined {
  if (words[at] !== 'point' && words[at] !== 'dot') return undefined
  let digits = ''
  let next = at + 1
  for (; next < words.length && digits.length < 12; next++) {
    const word = words[next]!
    const value = SPELLINGS.get(word) ?? VALUES.get(word)
    if (value === undefined && !/^\d+$/u.test(word)) break
    digits += value === undefined ? word : String(value)
  }
  return digits ? { digits, next } : undefined
}

/** "and a half", "and three quarters". */
function readFraction(words: readonly string[], at: number): NumberRead | undefined {
  const start = words[at] === 'and' ? at + 1 : -1
  if (start < 0) return undefined
  const count = words[start] === 'a' || words[start] === 'one' ? 1 : words[start] === 'three' ? 3 : undefined
  if (count === 1 && words[start + 1] === 'half') return { value: 0.5, next: start + 2 }
  if (count !== undefined && /^quarters?$/u.test(words[start + 1] ?? '')) return { value: count / 4, next: start + 2 }
  return undefined
}

type Last = 'start' | 'unit' | 'teen' | 'ten' | 'hundred' | 'scale'

interface Reading { total: number, group: number, last: Last, next: number }

/** One more number word, or undefined when it begins something else. "nineteen eighty four" reads as a year does. */
function takeValue(reading: Reading, value: number): Reading | undefined {
  const { total, group, last, next } = reading
  const kind: Last = value < 10 ? 'unit' : value < 20 ? 'teen' : 'ten'
  const opens = last === 'start' || last === 'hundred' || last === 'scale'
  if (opens || (last === 'ten' && kind === 'unit' && value > 0)) return { total, group: group + value, last: kind, next: next + 1 }
  if (kind !== 'unit' && total === 0 && group >= 10 && group < 100) {
    return { total, group: group * 100 + value, last: kind === 'ten' ? 'ten' : 'teen', next: next + 1 }
  }
  return undefined
}

function takeScale(reading: Reading, word: string): Reading | undefined {
  const { total, group, last, next } = reading
  if (last === 'scale') return undefined
  if (word === 'hundred') return last === 'hundred' ? undefined : { total, group: (group || 1) * 100, last: 'hundred', next: next + 1 }
  return { total: total + (group || 1) * SCALES.get(word)!, group: 0, last: 'scale', next: next + 1 }
}

function readWhole(words: readonly string[], start: number, loose: boolean): Reading | undefined {
  let reading: Reading = { total: 0, group: 0, last: 'start', next: start }
  if ((words[start] === 'a' || words[start] === 'an') && isScale(words[start + 1])) reading.next++
  for (;;) {
    const { next, last } = reading
    const word = words[next]
    if (word === undefined) break
    let taken: Reading | undefined
    if (isDigits(word)) taken = last === 'start' ? { ...reading, group: Number(word), last: 'unit', next: next + 1 } : undefined
    else if (VALUES.has(word)) taken = takeValue(reading, VALUES.get(word)!)
    else if (isScale(word)) taken = takeScale(reading, word)
    else if (word === 'and' && (last === 'hundred' || last === 'scale') && VALUES.has(words[next + 1] ?? '')) taken = { ...reading, next: next + 1 }
    else if (loose && last === 'start' && HOMOPHONES.has(word)) taken = { ...reading, group: HOMOPHONES.get(word)!, last: 'unit', next: next + 1 }
    if (!taken) break
    reading = taken
  }
  return reading.last === 'start' ? undefined : reading
}

/** "half", "a quarter", "a dozen": amounts that are no count. */
function readAmount(words: readonly string[], start: number): NumberRead | undefined {
  const at = words[start] === 'a' || words[start] === 'an' || words[start] === 'one' ? start + 1 : start
  if (words[at] === 'half') return { value: 0.5, next: words[at + 1] === 'a' || words[at + 1] === 'an' ? at + 2 : at + 1 }
  if (words[at] === 'quarter') return { value: 0.25, next: words[at + 1] === 'of' && /^an?$/u.test(words[at + 2] ?? '') ? at + 3 : at + 1 }
  if (words[at] === 'dozen') return { value: 12, next: at + 1 }
  return undefined
}

/**
 * The number that begins at `start`, as far as it goes, or undefined. `loose` also takes what sounds like a number ("to", "for"):
 * ask for it only where a number has to stand.
 */
export function readNumber(words: readonly string[], start: number, loose = false): NumberRead | undefined {
  const amount = readAmount(words, start)
  if (amount) return amount
  const whole = readWhole(words, start, loose)
  if (!whole) {
    const decimals = readDecimals(words, start)
    return decimals && { value: Number(`0.${decimals.digits}`), next: decimals.next }
  }
  let value = whole.total + whole.group
  let next = whole.next
  const decimals = Number.isInteger(value) ? readDecimals(words, next) : undefined
  const fraction = decimals ? undefined : readFraction(words, next)
  if (decimals) { value = Number(`${value}.${decimals.digits}`); next = decimals.next }
  if (fraction) { value += fraction.value; next = fraction.next }
  if (words[next] === 'dozen') { value *= 12; next++ }
  return Number.isFinite(value) ? { value, next } : undefined
}

/** For the very end of a sum only. */
export function readLastNumber(words: readonly string[], at: number): NumberRead | undefined {
  const value = at === words.length - 1 ? AFTER_A_SIGN.get(words[at] ?? '') : undefined
  return value === undefined ? undefined : { value, next: at + 1 }
}

/** 0 to 999, in words: "one hundred and five". */
export function sayNumber(value: number): string {
  if (value < 20) return SMALL[value]!
  if (value < 100) return TENS[Math.floor(value / 10)]! + (value % 10 ? `-${SMALL[value % 10]}` : '')
  const rest = value % 100
  return `${SMALL[Math.floor(value / 100)]} hundred${rest ? ` and ${sayNumber(rest)}` : ''}`
}

/** A result as text for eye and ear: at most four decimals, "about" when that is not the whole of it. */
export function showNumber(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e15) {
    const exponent = Math.floor(Math.log10(size))
    return `about ${Number((value / 10 ** exponent).toFixed(3))} times 10 to the power of ${exponent}`
  }
  const digits = size > 0 && size < 0.01 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 4 }
  const rounded = Number(value.toLocaleString('en-US', { ...digits, useGrouping: false }))
  const exact = Math.abs(rounded - value) <= size * 1e-9
  if (size > 0 && size < 1e-6) return `about ${value.toExponential(2).replace('e-', ' times 10 to the power of minus ')}`
  return `${exact ? '' : 'about '}${value.toLocaleString('en-US', digits)}`
}
