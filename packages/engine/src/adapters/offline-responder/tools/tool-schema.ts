/** A tool's JSON schema as slots to fill. Pure; an odd schema gives text slots, never an error. */
import { wordsOfName } from './vocabulary.ts'

export interface Choice { value: string | number, /** Ways to say it, each a list of words. */ said: readonly (readonly string[])[] }

export type SlotKind
  = | { kind: 'boolean' }
    | { kind: 'choice', choices: readonly Choice[] }
  /** `secondsEach`: a duration in that unit. */
    | { kind: 'number', whole: boolean, min?: number, max?: number, secondsEach?: number }
  /** `iso`: as in `PT5M`; else in words. */
    | { kind: 'duration', iso: boolean }
    | { kind: 'date' } | { kind: 'moment' }
    | { kind: 'time', twelveHours: boolean }
    | { kind: 'currency' } | { kind: 'place' } | { kind: 'code' } | { kind: 'email' } | { kind: 'text' }
    | { kind: 'list', of: Slot }
    | { kind: 'group', slots: readonly Slot[] }

export interface Slot { name: string, words: readonly string[], description: string, required: boolean, fallback?: unknown, value: SlotKind }

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const MAX_DEPTH = 3
const MAX_SLOTS = 40
const MAX_CHOICES = 200

/** The properties of a tool's parameters. */
export function slotsOf(parameters: Record<string, unknown> | undefined): Slot[] {
  return parameters ? slotsIn(parameters, parameters, 0) : []
}

function slotsIn(schema: Json, root: Json, depth: number): Slot[] {
  const required = new Set(Array.isArray(schema.required) ? schema.required : [])
  return Object.entries(isObject(schema.properties) ? schema.properties : {}).slice(0, MAX_SLOTS)
    .map(([name, property]) => slotOf(name, property, { required: required.has(name), root, depth }))
}

function slotOf(name: string, property: unknown, { required, root, depth }: { required: boolean, root: Json, depth: number }): Slot {
  const schema = resolve(property, root)
  const description = typeof schema.description === 'string' ? schema.description.slice(0, 500) : ''
  const slot = { name, words: wordsOfName(name), description, required, ...('default' in schema && { fallback: schema.default }) }
  return { ...slot, value: kindOf(slot, schema, root, depth) }
}

/** The first way that isn't `null`, references followed within the schema. */
function resolve(property: unknown, root: Json): Json {
  let schema = isObject(property) ? property : {}
  for (let step = 0; step < 5; step++) {
    if (typeof schema.$ref === 'string' && schema.$ref.startsWith('#/')) {
      const target = schema.$ref.slice(2).split('/').reduce<unknown>((value, key) => isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined, root)
      schema = { ...(isObject(target) ? target : {}), ...(typeof schema.description === 'string' && { description: schema.description }) }
      continue
    }
    const ways = [schema.anyOf, schema.oneOf, schema.allOf].find(Array.isArray) as unknown[] | undefined
    const way = ways?.find(candidate => isObject(candidate) && candidate.type !== 'null')
    if (!isObject(way)) break
    const { anyOf, oneOf, allOf, ...rest } = schema
    schema = { ...way, ...rest }
  }
  return schema
}

function kindOf(slot: Omit<Slot, 'value'>, schema: Json, root: Json, depth: number): SlotKind {
  const type = Array.isArray(schema.type) ? schema.type.find(each => each !== 'null') : schema.type
  const values = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : []
  const options = values.filter((value): value is string | number => typeof value === 'string' || typeof value === 'number').slice(0, MAX_CHOICES)
  if (options.length > 0) return { kind: 'choice', choices: options.map(value => choiceOf(value, slot.description)) }
  if (type === 'boolean') return { kind: 'boolean' }
  if (type === 'number' || type === 'integer') return numberKind(slot, schema, type === 'integer')
  if (depth < MAX_DEPTH && type === 'array') {
    return { kind: 'list', of: slotOf(slot.name, { description: slot.description, ...resolve(schema.items, root) }, { required: true, root, depth: depth + 1 }) }
  }
  if (depth < MAX_DEPTH && (type === 'object' || isObject(schema.properties))) return { kind: 'group', slots: slotsIn(schema, root, depth + 1) }
  return textKind(slot, schema)
}

const UNIT_SECONDS: readonly [RegExp, number][] = [[/\b(?:milliseconds?|ms)\b/u, 0.001], [/\b(?:seconds?|secs?)\b/u, 1], [/\b(?:minutes?|mins?)\b/u, 60], [/\b(?:hours?|hrs?)\b/u, 3600], [/\bdays?\b/u, 86_400]]

function numberKind({ words, description }: Omit<Slot, 'value'>, schema: Json, whole: boolean): SlotKind {
  const number = (value: unknown) => typeof value === 'number' ? value : undefined
  const range = { whole, min: number(schema.minimum), max: number(schema.maximum) }
  const inName = UNIT_SECONDS.find(([unit]) => unit.test(words.join(' ')))
  const lasts = words.some(word => ['duration', 'length', 'time', 'delay', 'timeout', 'after'].includes(word))
  const unit = inName ?? (lasts ? UNIT_SECONDS.find(([each]) => each.test(description.toLowerCase())) : undefined)
  return { kind: 'number', ...range, ...(unit && { secondsEach: unit[1] }) }
}

const has = (words: readonly string[], ...wanted: string[]) => wanted.some(word => words.includes(word))

function textKind({ words, description }: Omit<Slot, 'value'>, { format, pattern }: Json): SlotKind {
  const about = description.toLowerCase()
  if (format === 'date-time' || has(words, 'datetime', 'timestamp') || /date[- ]time|date and time|\b\d{4}-\d\d-\d\dt|yyyy-mm-ddt/u.test(about)) return { kind: 'moment' }
  if (format === 'date' || has(words, 'date', 'day', 'deadline', 'birthday') || /yyyy-mm-dd|iso[- ]8601 date/u.test(about)) return { kind: 'date' }
  if (format === 'duration' || has(words, 'duration')) return { kind: 'duration', iso: format === 'duration' || /iso|pt\d/u.test(about) }
  if (format === 'time' || has(words, 'time', 'hour') || /hh:mm/u.test(about)) return { kind: 'time', twelveHours: /\b(?:am|pm|12[- ]hour)\b/u.test(about) }
  if (format === 'email' || has(words, 'email')) return { kind: 'email' }
  if (has(words, 'currency') || /iso 4217|currency code/u.test(about)) return { kind: 'currency' }
  if (has(words, 'city', 'location', 'place', 'town', 'country', 'destination', 'origin', 'region', 'address', 'room', 'area', 'zone', 'where', 'state')) return { kind: 'place' }
  if (has(words, 'id', 'code', 'number', 'sku', 'zip', 'postcode', 'reference') || (typeof pattern === 'string' && /\\d|0-9/u.test(pattern))) return { kind: 'code' }
  return { kind: 'text' }
}

/** Beside its own words: what stands behind it in the description, as in "dim (low light), bright: full light". */
function choiceOf(value: string | number, description: string): Choice {
  const own = wordsOfName(String(value))
  const quoted = String(value).replace(/[.*+?^${}()|[\]\\]/gu, '\\$&')
  const behind = new RegExp(`(?<![\\p{L}\\p{N}])["'\`]?${quoted}["'\`]?\\s*(?:\\(([^)]{1,60})\\)|(?::|=|for|means|-|–)\\s*([^,;.|()]{1,60}))`, 'iu').exec(description)
  const ways = (behind?.[1] ?? behind?.[2] ?? '').split(/,|;|\/|\bor\b/iu).map(wordsOfName).filter(way => way.length > 0)
  return { value, said: [own, ...ways, ...(SAID_FOR.get(own.join(' ')) ?? [])] }
}

const SAID_FOR: ReadonlyMap<string, readonly string[][]> = new Map(Object.entries({
  celsius: 'centigrade|metric', c: 'celsius|centigrade', fahrenheit: 'imperial|far in height|foreign height', f: 'fahrenheit', metric: 'celsius|kilometers', imperial: 'fahrenheit|miles',
  small: 'little|tiny', large: 'big|huge', medium: 'middle|regular', high: 'bright|maximum|full', low: 'dim|minimum', asc: 'ascending|lowest first', desc: 'descending|highest first',
  en: 'english', ja: 'japanese', de: 'german', fr: 'french', es: 'spanish', it: 'italian', cancelled: 'canceled', shipped: 'sent|on its way', pending: 'open|waiting', delivered: 'arrived',
}).map(([value, said]) => [value, said.split('|').map(way => way.split(' '))]))
