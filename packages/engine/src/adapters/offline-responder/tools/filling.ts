/** Arguments of a call from the words of an utterance, by the tool's schema. */
import { findUnits } from '../units.ts'
import { durationSeconds, sayDuration } from '../skills/timers.ts'
import { meaningfulWords, nearlySame } from '../cues.ts'
import { findCode, findCurrencies, findEmail, findPlace, findText, isIndoors, quotedText } from './mentions.ts'
import type { TextSearch } from './mentions.ts'
import { clock12, clock24, findDate, findTime, isoDate, isoMoment } from './moments.ts'
import type { Calendar } from './moments.ts'
import { freeNumbers } from './material.ts'
import type { Material, NumberMention, Span } from './material.ts'
import type { Choice, Slot, SlotKind } from './tool-schema.ts'
import { stem } from './vocabulary.ts'

export type Arguments = Record<string, unknown>

export interface Filling extends Calendar {
  triggers: ReadonlySet<number>
  /** The utterance answers a question for this slot: all of it may be the value. */
  asked?: string
}

/** What is surest is filled first, so that free text gets only what is left. */
const ORDER: readonly SlotKind['kind'][] = ['email', 'choice', 'currency', 'moment', 'date', 'time', 'duration', 'number', 'code', 'boolean', 'place', 'list', 'text', 'group']

const urgency = (slot: Slot, { asked }: Filling) => slot.name === asked ? 2 : slot.required ? 1 : 0

/** Fills what it finds; `known` stays. Slots that nothing was said for are left out. */
export function fillSlots(slots: readonly Slot[], material: Material, filling: Filling, known: Arguments = {}): Arguments {
  const found: Arguments = { ...known }
  const inOrder = slots.filter(slot => !(slot.name in found))
    .toSorted((a, b) => ORDER.indexOf(a.value.kind) - ORDER.indexOf(b.value.kind) || urgency(b, filling) - urgency(a, filling))
  for (const slot of inOrder) {
    const value = fillSlot(slot, material, filling, slots)
    if (value !== undefined) found[slot.name] = value
  }
  // As the schema has them: easier to read, and the same in every run.
  return Object.fromEntries(slots.flatMap(({ name }) => name in found ? [[name, found[name]]] : []))
}

function taking<T>(material: Material, mention: (Span & { value: T }) | undefined): T | undefined {
  if (!mention) return undefined
  material.take(mention)
  return mention.value
}

function fillSlot(slot: Slot, material: Material, filling: Filling, slots: readonly Slot[]): unknown {
  const { value } = slot
  const asked = slot.name === filling.asked
  switch (value.kind) {
    case 'choice': return taking(material, findChoice(material, value.choices))
    case 'boolean': return findBoolean(material, slot, asked)
    case 'number': return findNumber(slot, value, material, slots, asked)
    case 'duration': return findDuration(material, value.iso)
    case 'date': return taking(material, dated(findDate(material, filling)))
    case 'time': return findClock(material, filling, value.twelveHours, asked)
    case 'moment': return findMoment(material, filling, asked)
    case 'currency': return taking(material, ownCurrency(material, slot, asked))
    case 'place': return taking(material, findPlace(material, slot, filling.triggers)) ?? whenNeeded(slot, material, filling, asked)
    case 'code': return taking(material, findCode(material, slot))
    case 'email': return taking(material, findEmail(material))
    case 'text': return quotedText(material.raw) ?? whenNeeded(slot, material, filling, asked)
    case 'list': return findList(value.of, slot, material, filling, slots)
    case 'group': return findGroup(value.slots, material, filling)
  }
}

const dated = <T extends Span & { date: string }>(found: T | undefined) => found && { ...found, value: found.date }

/** Stand for a thing without naming it. */
const NOTHING_NAMED = new Set(['something', 'anything', 'some things', 'things', 'stuff', 'thing', 'one', 'someone', 'somebody', 'somewhere'])

/** Free words serve a slot that has to be filled; another one only when its marker is said. */
function whenNeeded(slot: Slot, material: Material, { triggers }: Filling, asked: boolean): string | undefined {
  // "The living room light": the slot's own word belongs to its value.
  const others = new Set(asked ? [] : [...triggers].filter(at => !isIndoors(slot) || !slot.words.includes(material.words[at] ?? '')))
  const search: TextSearch = { triggers: others, anything: slot.required || asked }
  const found = findText(material, slot, search)
  const text = found && NOTHING_NAMED.has(found.value.toLowerCase()) ? undefined : taking(material, found)
  return text !== undefined && slot.value.kind === 'place' && !isIndoors(slot) ? text.replace(/(?<=^|\s)\p{Ll}/gu, letter => letter.toUpperCase()) : text
}

function findChoice({ words, isFree }: Material, choices: readonly Choice[]): (Span & { value: string | number }) | undefined {
  for (const same of [(a: string, b: string) => a === b, (a: string, b: string) => stem(a) === stem(b) || nearlySame(a, b)]) {
    for (let at = 0; at < words.length; at++) {
      for (const { value, said } of choices) {
        const way = said.find(each => each.length > 0 && each.every((part, offset) => isFree(at + offset) && same(words[at + offset] ?? '', part)))
        if (way) return { from: at, to: at + way.length, value }
      }
    }
  }
  return undefined
}

const YES = new Set(['yes', 'yeah', 'yep', 'sure', 'on', 'true', 'please', 'okay', 'ok', 'enable', 'enabled', 'right', 'correct'])
const NO = new Set(['no', 'not', 'off', 'false', 'without', 'disable', 'disabled', 'nope', 'never'])

function findBoolean({ words }: Material, slot: Slot, asked: boolean): boolean | undefined {
  const isSwitch = slot.words.some(word => ['on', 'state', 'enabled', 'enable', 'power', 'active'].includes(word))
  if (asked || isSwitch) {
    if (words.some(word => NO.has(word))) return false
    if (words.some(word => YES.has(word))) return true
  }
  const at = words.findIndex(word => slot.words.some(name => name.length > 2 && !['include', 'with', 'is', 'has', 'use', 'needs'].includes(name) && stem(name) === stem(word)))
  if (at >= 0) return !words.slice(Math.max(0, at - 2), at).some(word => NO.has(word))
  return undefined
}

/** Words that stand with a number of this slot. */
const COUNTED: readonly { slot: RegExp, words: readonly string[] }[] = [
  { slot: /^(?:party|people|guests?|persons?|passengers?|travell?ers|adults|attendees|seats|size)$/u, words: ['people', 'persons', 'guests', 'of', 'person', 'passengers', 'adults', 'seats', 'us', 'travelers'] },
  { slot: /^(?:temperature|degrees)$/u, words: ['degrees', 'degree'] },
  { slot: /^(?:brightness|volume|percent|percentage|level)$/u, words: ['percent', '%'] },
  { slot: /^(?:amount|price|cost|value|budget|max|min)$/u, words: ['dollars', 'euros', 'pounds', 'yen', 'bucks', 'dollar', 'euro', 'pound'] },
  { slot: /^(?:nights?|days?|weeks?|rooms?)$/u, words: ['nights', 'night', 'days', 'day', 'weeks', 'week', 'rooms', 'room'] },
]

function affinity(slot: Slot, { from, to }: NumberMention, words: readonly string[]): number {
  const around = [words[from - 1], words[to], words[to + 1]].filter(word => word !== undefined)
  const own = slot.words.some(name => name.length > 2 && around.some(word => stem(word) === stem(name)))
  const counted = COUNTED.some(({ slot: pattern, words: said }) => slot.words.some(word => pattern.test(word)) && said.some(word => word === words[to] || (word !== 'of' && words[to + 1] === word)))
  return own ? 2 : counted ? 1 : 0
}

function findNumber(slot: Slot, { whole, min, max, secondsEach }: SlotKind & { kind: 'number' }, material: Material, slots: readonly Slot[], asked: boolean): number | undefined {
  const { words } = material
  const seconds = secondsEach ? durationSeconds(words) : 0
  if (secondsEach && seconds > 0) {
    takeDuration(material)
    const amount = seconds / secondsEach
    return whole ? Math.round(amount) : amount
  }
  const rivals = slots.filter(other => other !== slot && other.value.kind === 'number')
  const fits = ({ value }: NumberMention) => (!whole || Number.isInteger(value)) && (min === undefined || value >= min) && (max === undefined || value <= max)
  const candidates = freeNumbers(material).filter(fits)
    .filter(mention => affinity(slot, mention, words) > 0 || !rivals.some(rival => affinity(rival, mention, words) > 0))
    // "one" without a thing to count is rarely a number.
    .filter(mention => (asked && meaningfulWords(words).length <= 1) || (slot.required && !asked) || affinity(slot, mention, words) > 0 || words[mention.from] !== 'one')
  const best = candidates.toSorted((a, b) => affinity(slot, b, words) - affinity(slot, a, words))[0]
  if (best) material.take(best)
  return best?.value
}

function takeDuration(material: Material): void {
  for (const { from, to } of findUnits(material.words, word => /^(?:to|too|for)$/u.test(word))) material.take({ from, to })
}

function findDuration(material: Material, iso: boolean): string | undefined {
  const seconds = durationSeconds(material.words)
  if (seconds <= 0) return undefined
  takeDuration(material)
  if (!iso) return sayDuration(seconds)
  const parts = [[Math.floor(seconds / 3600), 'H'], [Math.floor(seconds % 3600 / 60), 'M'], [seconds % 60, 'S']] as const
  return `PT${parts.filter(([amount]) => amount > 0).map(([amount, unit]) => `${amount}${unit}`).join('')}`
}

function findClock(material: Material, calendar: Calendar, twelveHours: boolean, asked: boolean): string | undefined {
  const days = findDate(material, calendar)?.days
  const time = findTime(material, calendar, { alone: asked, days })
  return time && taking(material, { ...time, value: twelveHours ? clock12(time) : clock24(time) })
}

/** A day and a time; without a day the next such time, and without a time none. */
function findMoment(material: Material, calendar: Calendar, asked: boolean): string | undefined {
  const day = findDate(material, calendar)
  if (day) material.take(day)
  const time = findTime(material, calendar, { alone: asked || day !== undefined, days: day?.days })
  if (!time) return undefined
  material.take(time)
  return isoMoment(day?.date ?? isoDate(calendar, time.days ?? 0), time, calendar.timeZone)
}

/** "from dollars to euros": the one after "to" or "in" is the target; the other slot takes the first. */
function ownCurrency(material: Material, slot: Slot, asked: boolean): (Span & { value: string }) | undefined {
  const found = findCurrencies(material)
  if (asked && found.length === 1) return found[0]
  const isTarget = slot.words.some(word => /^(?:to|target|into|destination|quote|output)$/u.test(word))
  const isSource = slot.words.some(word => /^(?:from|source|base|input)$/u.test(word))
  const target = found.find(({ from }) => /^(?:to|two|in|into)$/u.test(material.words[from - 1] ?? '') && found.length > 1) ?? (found.length > 1 ? found[1] : undefined)
  if (isTarget) return target ?? found.find(({ from }) => /^(?:to|into|in)$/u.test(material.words[from - 1] ?? ''))
  return isSource ? found.find(mention => mention !== target) : found[0]
}

const MAX_LISTED = 20

function findList(of: Slot, slot: Slot, material: Material, filling: Filling, slots: readonly Slot[]): unknown[] | undefined {
  const values: unknown[] = []
  if (of.value.kind === 'text' || of.value.kind === 'place') {
    const text = quotedText(material.raw) ?? listedText(slot, material, filling)
    const parts = text?.split(/\s*,\s*|\s+and\s+|\s*&\s*/u).map(part => part.replace(/^(?:and|a|an|the|some)\s+/u, '').trim()).filter(Boolean) ?? []
    return parts.length > 0 ? parts.slice(0, MAX_LISTED) : undefined
  }
  while (values.length < MAX_LISTED) {
    const value = fillSlot({ ...of, name: slot.name }, material, filling, slots)
    if (value === undefined || of.value.kind === 'group' || of.value.kind === 'boolean') {
      if (value !== undefined) values.push(value)
      break
    }
    values.push(value)
  }
  return values.length > 0 ? values : undefined
}

/** Commas aren't words: pieces that were typed with them are joined again from the raw text. */
function listedText(slot: Slot, material: Material, filling: Filling): string | undefined {
  const found = findText(material, slot, { triggers: filling.triggers, anything: slot.required || slot.name === filling.asked })
  if (!found || NOTHING_NAMED.has(found.value.toLowerCase())) return undefined
  material.take(found)
  const from = material.raw.indexOf(found.value.split(' ')[0] ?? '')
  const last = found.value.split(' ').at(-1) ?? ''
  const to = material.raw.lastIndexOf(last) + last.length
  return from >= 0 && to > from && material.raw.slice(from, to).includes(',') ? material.raw.slice(from, to) : found.value
}

function findGroup(slots: readonly Slot[], material: Material, filling: Filling): Arguments | undefined {
  const found = fillSlots(slots, material, filling)
  return Object.keys(found).length > 0 && missingSlots(slots, found).length === 0 ? found : undefined
}

/** Required slots without a value, but for those that have one of their own. */
export function missingSlots(slots: readonly Slot[], found: Arguments): Slot[] {
  return slots.filter(slot => slot.required && !(slot.name in found) && slot.fallback === undefined && slot.value.kind !== 'boolean')
}

/** What a call has to have although nobody said it. `forced`: the caller insists on a call, so that anything will do. */
export function withFallbacks(slots: readonly Slot[], found: Arguments, forced?: { said: string }): Arguments {
  return Object.fromEntries(slots.flatMap(slot => {
    if (slot.name in found) return [[slot.name, found[slot.name]]]
    if (!slot.required) return []
    if (slot.fallback !== undefined) return [[slot.name, slot.fallback]]
    if (slot.value.kind === 'boolean') return [[slot.name, false]]
    return forced ? [[slot.name, anyValue(slot, forced.said)]] : []
  }))
}

function anyValue({ value }: Slot, said: string): unknown {
  switch (value.kind) {
    case 'choice': return value.choices[0]?.value ?? ''
    case 'number': return value.min ?? 0
    case 'list': return []
    case 'group': return withFallbacks(value.slots, {}, { said })
    case 'boolean': return false
    case 'text': return said
    default: return ''
  }
}
