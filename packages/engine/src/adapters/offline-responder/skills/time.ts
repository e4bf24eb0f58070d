import type { Intent, Skill, SkillContext } from '../skill.ts'
import { textsOf } from '../utterance.ts'

const DAY_MS = 86_400_000

/** Node writes a narrow no-break space before AM and PM, which voices stumble over. */
function format(date: Date, timeZone: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat('en-US', { ...options, timeZone }).format(date).replace(/[\u202F\u00A0]/gu, ' ')
}

export const clockTime = (date: Date, timeZone: string): string => format(date, timeZone, { hour: 'numeric', minute: '2-digit', hour12: true })
export const clockTimeWithSeconds = (date: Date, timeZone: string): string =>
  format(date, timeZone, { hour: 'numeric', minute: '2-digit', second: '2-digit', hour12: true })

const longDate = (date: Date, timeZone: string): string => format(date, timeZone, { weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' })

/** The zone's calendar day as noon UTC of the same date, in ms. */
function noonOfDay(date: Date, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, year: 'numeric', month: 'numeric', day: 'numeric' }).formatToParts(date)
  const part = (type: string): number => Number(parts.find(candidate => candidate.type === type)?.value)
  return Date.UTC(part('year'), part('month') - 1, part('day'), 12)
}

/** Places people ask about. */
const PLACES: Readonly<Record<string, string>> = {
  tokyo: 'Asia/Tokyo', japan: 'Asia/Tokyo', osaka: 'Asia/Tokyo', london: 'Europe/London', england: 'Europe/London', paris: 'Europe/Paris',
  berlin: 'Europe/Berlin', germany: 'Europe/Berlin', madrid: 'Europe/Madrid', rome: 'Europe/Rome', moscow: 'Europe/Moscow', beijing: 'Asia/Shanghai',
  shanghai: 'Asia/Shanghai', china: 'Asia/Shanghai', delhi: 'Asia/Kolkata', india: 'Asia/Kolkata', mumbai: 'Asia/Kolkata', singapore: 'Asia/Singapore',
  sydney: 'Australia/Sydney', chicago: 'America/Chicago', denver: 'America/Denver', seattle: 'America/Los_Angeles', california: 'America/Los_Angeles',
  boston: 'America/New_York', toronto: 'America/Toronto', dubai: 'Asia/Dubai', seoul: 'Asia/Seoul', korea: 'Asia/Seoul', lisbon: 'Europe/Lisbon',
  'new york': 'America/New_York', 'los angeles': 'America/Los_Angeles', 'san francisco': 'America/Los_Angeles', 'hong kong': 'Asia/Hong_Kong',
  'sao paulo': 'America/Sao_Paulo', 'mexico city': 'America/Mexico_City', utc: 'UTC', greenwich: 'UTC',
}
const CUE_PLACES = Object.keys(PLACES).map(place => place.replaceAll(' ', '_')).join('|')

const title = (place: string): string => place === 'utc' ? 'UTC' : place.replace(/\b\p{L}/gu, letter => letter.toUpperCase())

const timeHere: Skill = ({ now, timeZone }) => `It's ${clockTime(now(), timeZone)}.`

const timeElsewhere: Skill = ({ now, utterance }) => {
  const said = ` ${textsOf(utterance).join(' ')} `
  const place = Object.keys(PLACES).find(name => said.includes(` ${name} `)) ?? 'utc'
  const zone = PLACES[place] ?? 'UTC'
  return `In ${title(place)} it's ${clockTime(now(), zone)} on ${format(now(), zone, { weekday: 'long' })}.`
}

function dayOffset(words: readonly string[]): { name: string, days: number } {
  if (words.includes('tomorrow')) return words.includes('after') ? { name: 'The day after tomorrow', days: 2 } : { name: 'Tomorrow', days: 1 }
  if (words.includes('yesterday')) return { name: 'Yesterday', days: -1 }
  return { name: 'Today', days: 0 }
}

const dateOfDay: Skill = ({ now, timeZone, utterance }) => {
  const { name, days } = dayOffset(textsOf(utterance))
  return `${name} ${days < 0 ? 'was' : 'is'} ${longDate(new Date(noonOfDay(now(), timeZone) + days * DAY_MS), 'UTC')}.`
}

const FEASTS: readonly { heard: string, name: string, month: number, day: number }[] = [
  { heard: 'christmas', name: 'Christmas Day', month: 12, day: 25 },
  { heard: 'new', name: 'New Year\'s Day', month: 1, day: 1 },
  { heard: 'halloween', name: 'Halloween', month: 10, day: 31 },
]

/** Whole calendar days in the zone: both dates are taken at noon UTC, so that no change of clocks counts. */
function daysUntil({ now, timeZone }: SkillContext, month: number, day: number): number {
  const today = noonOfDay(now(), timeZone)
  const year = new Date(today).getUTCFullYear()
  const thisYear = Date.UTC(year, month - 1, day, 12)
  return Math.round(((thisYear >= today ? thisYear : Date.UTC(year + 1, month - 1, day, 12)) - today) / DAY_MS)
}

const daysUntilFeast: Skill = context => {
  const words = textsOf(context.utterance)
  const feast = FEASTS.find(({ heard }) => words.includes(heard)) ?? FEASTS[0]!
  const days = daysUntil(context, feast.month, feast.day)
  if (days === 0) return `${feast.name} is today.`
  return `There ${days === 1 ? 'is one day' : `are ${days} days`} until ${feast.name}.`
}

export const timeIntents: readonly Intent[] = [
  { name: 'time-elsewhere', cues: [`time|clock|hour ${CUE_PLACES}`, `what time ${CUE_PLACES}`], answer: timeElsewhere },
  { name: 'days-until', cues: ['days|sleeps until|till|before|to christmas|halloween', 'how_many days christmas|halloween', 'days until|till|before|to new_year|new_years', 'when christmas|halloween', 'how_long until|till christmas|halloween'], answer: daysUntilFeast },
  {
    name: 'time',
    cues: ['what|tell|know|got|have|current time|thyme !zone !timer !my !i !weather', 'time|thyme now', 'time_is_it', '^time|thyme !i', '^clock', 'what hour', 'how late is_it', 'time please', 'wet time', 'one time_is_it'],
    answer: timeHere,
  },
  {
    name: 'date',
    cues: [
      'what|which|tell day|date !timer !my !weather|whether', 'one day|days today', 'what|which day|date today|tomorrow|yesterday', 'what|which year|month !my', '^date', 'date today', 'day today', 'what_is today|tomorrow|today_date', 'what today',
      'day|date tomorrow|yesterday', 'day of_the_week', 'what weekday', 'is today monday|tuesday|wednesday|thursday|friday|saturday|sunday',
    ],
    answer: dateOfDay,
  },
  { name: 'zone', cues: ['what|which time_zone|timezone|zone'], answer: ({ timeZone }) => `I go by the time zone ${timeZone.replace('/', ', ').replaceAll('_', ' ')}.` },
]
