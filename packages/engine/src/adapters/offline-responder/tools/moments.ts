/** Dates and times as people say them → calendar values. Pure: now and the time zone come in. */
import { readNumber } from '../number-words.ts'
import type { Material, Span } from './material.ts'

export interface Calendar { now: Date, timeZone: string }
export interface DateMention extends Span { /** YYYY-MM-DD */ date: string, /** Days from today. */ days: number }
/** `sure`: morning or evening was said, or the hour leaves no doubt. */
export interface TimeMention extends Span { hour: number, minute: number, sure: boolean, /** "in ten minutes": days from today. */ days?: number }

const DAY_MS = 86_400_000
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december']
const ORDINALS = ['', 'first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth', 'eleventh', 'twelfth', 'thirteenth', 'fourteenth', 'fifteenth',
  'sixteenth', 'seventeenth', 'eighteenth', 'nineteenth', 'twentieth']
const LEADS_TO_A_DAY = new Set(['on', 'for', 'next', 'this', 'coming', 'the', 'by'])

/** The zone's date and time of day, as UTC fields of a Date. */
export function localNow({ now, timeZone }: Calendar): Date {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' }).formatToParts(now)
  const part = (type: string) => Number(parts.find(each => each.type === type)?.value)
  return new Date(Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')))
}

export const isoDate = (calendar: Calendar, days: number): string => new Date(localNow(calendar).getTime() + days * DAY_MS).toISOString().slice(0, 10)

/** "fifth", "twenty first", "5 th", "5". */
function readDay(words: readonly string[], at: number): { day: number, to: number } | undefined {
  const word = words[at] ?? ''
  const plain = ORDINALS.indexOf(word)
  if (plain > 0) return { day: plain, to: at + 1 }
  if (word === 'thirtieth') return { day: 30, to: at + 1 }
  const next = ORDINALS.indexOf(words[at + 1] ?? '')
  if ((word === 'twenty' || word === 'thirty') && next > 0 && next < 10) return { day: (word === 'twenty' ? 20 : 30) + next, to: at + 2 }
  const read = readNumber(words, at)
  if (!read || !Number.isInteger(read.value) || read.value < 1 || read.value > 31) return undefined
  return { day: read.value, to: /^(?:st|nd|rd|th)$/u.test(words[read.next] ?? '') ? read.next + 1 : read.next }
}

/** Years come after the day or not at all; a day that is past is next year's. */
function daysTo(calendar: Calendar, month: number, day: number, year?: number): number | undefined {
  const now = localNow(calendar)
  const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate())
  const in_ = (inYear: number) => Date.UTC(inYear, month, day)
  const at = year !== undefined ? in_(year) : in_(now.getUTCFullYear()) >= today ? in_(now.getUTCFullYear()) : in_(now.getUTCFullYear() + 1)
  return new Date(at).getUTCDate() === day ? Math.round((at - today) / DAY_MS) : undefined
}

type Found = Span & { days: number }

function isoDay(words: readonly string[], at: number, calendar: Calendar): Found | undefined {
  if (!/^\d{4}$/u.test(words[at] ?? '') || words[at + 1] !== '-' || words[at + 3] !== '-') return undefined
  const [month, day] = [Number(words[at + 2]), Number(words[at + 4])]
  const days = month >= 1 && month <= 12 ? daysTo(calendar, month - 1, day, Number(words[at])) : undefined
  return days === undefined ? undefined : { from: at, to: at + 5, days }
}

function relativeDay(words: readonly string[], at: number): Found | undefined {
  const word = words[at]
  if (word === 'tomorrow') {
    const after = words[at - 1] === 'after' && words[at - 2] === 'day'
    return { from: after ? at - (words[at - 3] === 'the' ? 3 : 2) : at, to: at + 1, days: after ? 2 : 1 }
  }
  if (word === 'today' || word === 'tonight') return { from: at, to: at + 1, days: 0 }
  if (word === 'this' && /^(?:morning|afternoon|evening)$/u.test(words[at + 1] ?? '')) return { from: at, to: at + 1, days: 0 }
  if (word === 'next' && words[at + 1] === 'week') return { from: at, to: at + 2, days: 7 }
  if (word !== 'in' && words[at - 1] !== 'in') return undefined
  const amount = readNumber(words, word === 'in' ? at + 1 : at) ?? (/^an?$/u.test(words[at + 1] ?? '') ? { value: 1, next: at + 2 } : undefined)
  const size = amount && ({ day: 1, days: 1, week: 7, weeks: 7 })[words[amount.next] ?? '']
  return size ? { from: word === 'in' ? at : at - 1, to: amount.next + 1, days: Math.round(amount.value * size) } : undefined
}

function weekday(words: readonly string[], at: number, calendar: Calendar): Found | undefined {
  const index = WEEKDAYS.indexOf(words[at] ?? '')
  if (index < 0) return undefined
  const ahead = (index - localNow(calendar).getUTCDay() + 7) % 7 || 7
  return { from: at, to: at + 1, days: ahead }
}

function dayOfMonth(words: readonly string[], at: number, calendar: Calendar): Found | undefined {
  const month = MONTHS.indexOf(words[at] ?? '')
  if (month < 0) return undefined
  const before = words[at - 1] === 'of' ? at - 2 : at - 1
  const behind = readDay(words, words[at + 1] === 'the' ? at + 2 : at + 1)
  const inFront = behind ? undefined : [readDay(words, before - 1), readDay(words, before)].find((read, index) => read?.to === (words[at - 1] === 'of' ? at - 1 : at) && (index === 1 || before > 0))
  const found = behind ?? inFront
  if (!found) return undefined
  const year = /^\d{4}$/u.test(words[behind ? behind.to : at + 1] ?? '') ? Number(words[behind ? behind.to : at + 1]) : undefined
  const days = daysTo(calendar, month, found.day, year)
  const end = (behind ? behind.to : at + 1) + (year === undefined ? 0 : 1)
  return days === undefined ? undefined : { from: behind ? at : before - (found.to - before > 1 ? 1 : 0), to: end, days }
}

/** The first date among the free words. */
export function findDate({ words, isFree }: Material, calendar: Calendar): DateMention | undefined {
  for (let at = 0; at < words.length; at++) {
    if (!isFree(at)) continue
    const found = isoDay(words, at, calendar) ?? relativeDay(words, at) ?? weekday(words, at, calendar) ?? dayOfMonth(words, at, calendar)
    if (!found) continue
    let { from } = found
    while (isFree(from - 1) && LEADS_TO_A_DAY.has(words[from - 1]!)) from--
    return { from, to: found.to, days: found.days, date: isoDate(calendar, found.days) }
  }
  return undefined
}

interface Clock { hour: number, minute: number, to: number }

/** "seven", "seven thirty", "10 30", "half past seven", "quarter to eight", "noon". */
function readClock(words: readonly string[], at: number): Clock | undefined {
  if (words[at] === 'noon' || words[at] === 'midday') return { hour: 12, minute: 0, to: at + 1 }
  if (words[at] === 'midnight') return { hour: 0, minute: 0, to: at + 1 }
  const first = readNumber(words, words[at] === 'a' && words[at + 1] === 'quarter' ? at + 1 : at)
  if (!first) return undefined
  const behind = words[first.next] === 'minutes' ? first.next + 1 : first.next
  if (words[behind] === 'past' || words[behind] === 'after' || words[behind] === 'to' || words[behind] === 'before') {
    const hour = readNumber(words, behind + 1)
    const minutes = first.value < 1 ? first.value * 60 : first.value
    if (hour && hour.value <= 24 && minutes < 60) {
      return /^(?:to|before)$/u.test(words[behind]!) ? { hour: (hour.value + 23) % 24, minute: 60 - minutes, to: hour.next } : { hour: hour.value, minute: minutes, to: hour.next }
    }
  }
  // "ten thirty" reads as a year does: 1030.
  const { value, next: to } = first
  if (value >= 100 && value < 2400 && value % 100 < 60) return { hour: Math.floor(value / 100), minute: value % 100, to }
  if (!Number.isInteger(first.value) || first.value > 23) return undefined
  const minutes = words[first.next] === 'oh' ? readNumber(words, first.next + 1) : readNumber(words, first.next)
  const fits = minutes && Number.isInteger(minutes.value) && minutes.value < 60 && (minutes.value >= 10 || words[first.next] === 'oh')
  return fits ? { hour: first.value, minute: minutes.value, to: minutes.next } : { hour: first.value, minute: 0, to: first.next }
}

/** am, pm, "in the evening"; where it ends. */
function readHalf(words: readonly string[], at: number): { half: 'am' | 'pm', to: number } | undefined {
  const word = words[at] ?? ''
  if (/^[ap]m$/u.test(word)) return { half: word as 'am' | 'pm', to: at + 1 }
  if (/^[ap]$/u.test(word) && words[at + 1] === 'm') return { half: word === 'a' ? 'am' : 'pm', to: at + 2 }
  const part = word === 'in' && words[at + 1] === 'the' ? at + 2 : word === 'this' || word === 'at' ? at + 1 : at
  const half = ({ morning: 'am', afternoon: 'pm', evening: 'pm', night: 'pm', tonight: 'pm' } as const)[words[part] ?? '']
  return half && (part > at || half) ? { half, to: part + 1 } : undefined
}

const LEADS_TO_A_TIME = new Set(['at', 'by', 'around', 'about', 'from', 'until', 'till', 'before', 'after'])
const EARLY = new Set(['wake', 'alarm', 'breakfast', 'morning'])

function inAWhile(words: readonly string[], at: number, calendar: Calendar): TimeMention | undefined {
  if (words[at] !== 'in') return undefined
  const amount = readNumber(words, at + 1) ?? (/^an?$/u.test(words[at + 1] ?? '') ? { value: 1, next: at + 2 } : undefined)
  const minutes = amount && ({ minute: 1, minutes: 1, hour: 60, hours: 60 })[words[amount.next] ?? '']
  if (!minutes) return undefined
  const now = localNow(calendar)
  const then = new Date(now.getTime() + amount.value * minutes * 60_000)
  const days = Math.floor(then.getTime() / DAY_MS) - Math.floor(now.getTime() / DAY_MS)
  return { from: at, to: amount.next + 1, hour: then.getUTCHours(), minute: then.getUTCMinutes(), sure: true, days }
}

/** The first time of day among the free words. `alone`: the number may stand without "at". */
export function findTime(material: Material, calendar: Calendar, { alone = false, days = 0 } = {}): TimeMention | undefined {
  const { words, isFree } = material
  for (let at = 0; at < words.length; at++) {
    if (!isFree(at)) continue
    const later = inAWhile(words, at, calendar)
    if (later) return later
    const clock = readClock(words, at)
    if (!clock || !isFree(clock.to - 1)) continue
    const oclock = words[clock.to] === 'oclock' ? 1 : 0
    const half = readHalf(words, clock.to + oclock)
    const led = LEADS_TO_A_TIME.has(words[at - 1] ?? '')
    const said = /^(?:noon|midday|midnight|half|quarter)$/u.test(words[at]!) || (clock.minute > 0 && clock.to - at > 1)
    if (!alone && !half && !oclock && !led && !said) continue
    return { ...inDay(clock, half?.half ?? partOfDay(words), words, calendar, days), from: led ? at - 1 : at, to: half?.to ?? clock.to + oclock }
  }
  return undefined
}

const partOfDay = (words: readonly string[]) => words.some(word => /^(?:tonight|evening|afternoon|dinner)$/u.test(word)) ? 'pm' as const : words.some(word => EARLY.has(word)) ? 'am' as const : undefined

/** Without a word for it: the next such hour today; on other days 1 to 7 is after noon. */
function inDay({ hour, minute }: Clock, half: 'am' | 'pm' | undefined, words: readonly string[], calendar: Calendar, days: number): Pick<TimeMention, 'hour' | 'minute' | 'sure'> {
  if (half) return { hour: half === 'pm' ? hour % 12 + 12 : hour % 12, minute, sure: true }
  if (hour === 0 || hour >= 12) return { hour, minute, sure: true }
  const now = localNow(calendar)
  const isPast = hour * 60 + minute <= now.getUTCHours() * 60 + now.getUTCMinutes()
  return { hour: (days === 0 ? isPast : hour <= 7) ? hour + 12 : hour, minute, sure: false }
}

const two = (value: number) => String(value).padStart(2, '0')
export const clock24 = ({ hour, minute }: Pick<TimeMention, 'hour' | 'minute'>): string => `${two(hour)}:${two(minute)}`
export const clock12 = ({ hour, minute }: Pick<TimeMention, 'hour' | 'minute'>): string => `${hour % 12 || 12}:${two(minute)} ${hour < 12 ? 'AM' : 'PM'}`

/** RFC 3339, with the zone's offset on that day. */
export function isoMoment(date: string, time: Pick<TimeMention, 'hour' | 'minute'>, timeZone: string): string {
  const wall = `${date}T${clock24(time)}:00`
  const asUtc = new Date(`${wall}Z`)
  const offsetMinutes = Math.round((localNow({ now: asUtc, timeZone }).getTime() - asUtc.getTime()) / 60_000)
  if (offsetMinutes === 0) return `${wall}Z`
  const size = Math.abs(offsetMinutes)
  return `${wall}${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}
