/**
 * What a tool gave back → words. The output is data from outside: its values are read aloud, never acted on, cleaned and
 * bounded.
 */
import { toSpeakable } from '../utterance.ts'

const MAX_TOLD_CHARACTERS = 600
const MAX_FIELDS = 6
const MAX_LISTED = 5
const MAX_DEPTH = 3

/** Fields that hold the answer itself, best first. */
const ANSWER_FIELDS = ['message', 'answer', 'summary', 'text', 'speech', 'result', 'response', 'output', 'content', 'data', 'value', 'translation', 'description', 'results', 'items']
/** Say nothing to a listener. */
const SILENT_FIELDS = /^(?:ok|success|status_?code|code|id|uuid|.*_id|.*Id|url|.*_url|href|link|icon|image|timestamp|created_?at|updated_?at|type|object|lat|lon|lng|latitude|longitude)$/u
const FAILED = /^(?:error|failed|failure|rejected|denied)$/iu
const NAME_FIELDS = ['name', 'title', 'label', 'summary', 'product', 'item', 'description']
/** The unit that a field's name ends with. */
const UNITS: ReadonlyMap<string, string> = new Map(Object.entries({
  c: 'degrees Celsius', celsius: 'degrees Celsius', f: 'degrees Fahrenheit', fahrenheit: 'degrees Fahrenheit', percent: 'percent', pct: 'percent', kmh: 'kilometers per hour', kph: 'kilometers per hour',
  mph: 'miles per hour', km: 'kilometers', miles: 'miles', minutes: 'minutes', min: 'minutes', seconds: 'seconds', hours: 'hours', days: 'days', usd: 'dollars', eur: 'euros', gbp: 'pounds', jpy: 'yen', mm: 'millimeters',
}))

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

function parsed(output: string): unknown {
  const text = output.trim()
  if (!/^[[{"\d\-tfn]/u.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const spoken = (text: string) => toSpeakable(text, MAX_TOLD_CHARACTERS)
const sentence = (text: string): string => {
  const said = spoken(text)
  if (said === '') return ''
  const whole = said.charAt(0).toUpperCase() + said.slice(1)
  return /[.!?…]$/u.test(whole) ? whole : `${whole}.`
}

/** One or more sentences; never empty. */
export function tellOutput(output: string): string {
  const value = parsed(output)
  return tellFailure(value) ?? (tell(value, 0) || 'Done.')
}

function tellFailure(value: unknown): string | undefined {
  if (typeof value === 'string' && /^(?:error\b|an error occurred)/iu.test(value.trim())) return sentence(`That didn't work: ${value.trim().replace(/^(?:an )?error(?: occurred)?[:\s-]*(?:while running (?:the )?tool[.:\s]*)?(?:please try again[.:\s]*)?(?:error:)?\s*/iu, '') || 'there was an error'}`)
  if (!isObject(value)) return undefined
  const { error } = value
  const failed = (error !== undefined && error !== null && error !== false && error !== '') || value.success === false || value.ok === false || value.isError === true
    || (typeof value.status === 'string' && FAILED.test(value.status))
  if (!failed) return undefined
  const why = [error, isObject(error) ? error.message : undefined, value.message, value.reason, value.detail, contentText(value.content)].find(each => typeof each === 'string' && each.trim() !== '')
  return why === undefined ? 'That didn\'t work.' : sentence(`That didn't work: ${String(why).trim()}`)
}

function contentText(content: unknown): string | undefined {
  if (!Array.isArray(content) || !content.every(part => isObject(part) && part.type === 'text')) return undefined
  return content.flatMap(part => isObject(part) && typeof part.text === 'string' ? [part.text] : []).join(' ') || undefined
}

function tell(value: unknown, depth: number): string {
  if (value === null || value === undefined || value === true) return ''
  if (value === false) return 'The answer is no.'
  if (typeof value === 'string') return sentence(value)
  if (typeof value === 'number') return `It's ${show(value)}.`
  if (Array.isArray(value)) return contentText(value) !== undefined ? sentence(contentText(value)!) : tellList(value)
  return isObject(value) && depth < MAX_DEPTH ? tellObject(value, depth) : ''
}

function tellObject(object: Json, depth: number): string {
  const scalars = Object.entries(object).filter(([key, value]) => !SILENT_FIELDS.test(key) && isScalar(value))
  for (const key of ANSWER_FIELDS) {
    const value = object[key]
    // A bare number among others ("value": 3) needs its neighbours to make sense.
    if (value === undefined || value === null || value === '' || (typeof value === 'number' && scalars.length > 1)) continue
    if (typeof value === 'string' && !/\s/u.test(value.trim()) && scalars.length > 1) continue
    const told = tell(value, depth + 1)
    if (told) return told
  }
  const told = tellScalars(scalars)
  if (told) return told
  return Object.values(object).filter(value => typeof value === 'object').map(value => tell(value, depth + 1)).find(Boolean) ?? ''
}

const isScalar = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value) && value !== ''

const show = (value: unknown): string => typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 2 }) : value === true ? 'yes' : value === false ? 'no' : String(value)

function tellScalars(scalars: readonly (readonly [string, unknown])[]): string {
  const said = scalars.slice(0, MAX_FIELDS).map(([key, value]) => tellField(key, value))
  if (said.length === 0) return ''
  return sentence(said.length > 1 ? `${said.slice(0, -1).join(', ')} and ${said.at(-1)}` : said[0]!)
}

function tellField(key: string, value: unknown): string {
  const words = key.replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2').replace(/[_-]+/gu, ' ').toLowerCase().trim().split(' ')
  const unit = typeof value === 'number' && words.length > 1 ? UNITS.get(words.at(-1)!) : undefined
  const name = (unit ? words.slice(0, -1) : words).join(' ')
  return `the ${name} is ${spoken(show(value))}${unit ? ` ${unit}` : ''}`
}

function tellList(list: readonly unknown[]): string {
  if (list.length === 0) return 'I found nothing.'
  const names = list.slice(0, MAX_LISTED).map(nameOf).filter(Boolean)
  if (names.length === 0) return `I found ${list.length}.`
  const rest = list.length - names.length
  const said = rest > 0 ? `${names.join(', ')} and ${rest} more` : names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names[0]!
  return sentence(list.length === 1 ? `I found one: ${said}` : `I found ${list.length}: ${said}`)
}

/** What an entry is called, and one fact about it. */
function nameOf(entry: unknown): string {
  if (isScalar(entry)) return spoken(show(entry))
  if (!isObject(entry)) return ''
  const key = NAME_FIELDS.find(field => typeof entry[field] === 'string')
  const facts = Object.entries(entry)
    .flatMap(([field, value]) => field !== key && !SILENT_FIELDS.test(field) && isScalar(value) ? [spoken(show(value))] : [])
  return [key ? spoken(String(entry[key])) : '', ...facts.slice(0, key ? 1 : 2)].filter(Boolean).join(', ')
}
