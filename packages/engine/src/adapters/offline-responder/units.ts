/** Units people ask to convert, as data: the calculator's symbol, how it is said, what it measures, and how it is heard. */

import { readNumber } from './number-words.ts'

export interface Unit {
  symbol: string
  one: string
  many: string
  measures: 'length' | 'mass' | 'volume' | 'temperature' | 'time' | 'speed' | 'area' | 'data'
  heard: readonly string[]
}

const unit = (measures: Unit['measures'], symbol: string, one: string, many: string, heard = ''): Unit =>
  ({ measures, symbol, one, many, heard: [...new Set([one, many, ...heard.split('|').filter(Boolean)])] })

/** Longer names before their beginnings: "miles per hour" before "miles". */
const UNITS: readonly Unit[] = [
  unit('speed', 'mile/hour', 'mile per hour', 'miles per hour', 'mph|miles an hour|mile an hour'),
  unit('speed', 'km/hour', 'kilometer per hour', 'kilometers per hour', 'kph|kmh|km h|kilometres per hour|kilometers an hour|kilometres an hour|km per hour|km / h'),
  unit('speed', 'm/s', 'meter per second', 'meters per second', 'metres per second|m / s'),
  unit('area', 'sqft', 'square foot', 'square feet'),
  unit('area', 'm^2', 'square meter', 'square meters', 'square metre|square metres'),
  unit('area', 'acre', 'acre', 'acres'),
  unit('area', 'hectare', 'hectare', 'hectares'),
  unit('length', 'mile', 'mile', 'miles', 'mi|mild|michael|model'),
  unit('length', 'km', 'kilometer', 'kilometers', 'km|kms|kilometre|kilometres|kilo meters|kilo meter|killer meters|klicks'),
  unit('length', 'm', 'meter', 'meters', 'metre|metres'),
  unit('length', 'cm', 'centimeter', 'centimeters', 'cm|cms|centimetre|centimetres|centi meters'),
  unit('length', 'mm', 'millimeter', 'millimeters', 'mm|millimetre|millimetres'),
  unit('length', 'foot', 'foot', 'feet', 'ft|feat'),
  unit('length', 'inch', 'inch', 'inches'),
  unit('length', 'yard', 'yard', 'yards', 'yd'),
  unit('mass', 'kg', 'kilogram', 'kilograms', 'kg|kgs|kilo|kilos|kilogramme|kilogrammes'),
  unit('mass', 'g', 'gram', 'grams', 'gramme|grammes|grahams'),
  unit('mass', 'lbm', 'pound', 'pounds', 'lb|lbs'),
  unit('mass', 'oz', 'ounce', 'ounces', 'oz'),
  unit('mass', 'stone', 'stone', 'stones'),
  unit('mass', 'tonne', 'tonne', 'tonnes', 'ton|tons'),
  unit('volume', 'l', 'liter', 'liters', 'litre|litres|leader|leaders'),
  unit('volume', 'ml', 'milliliter', 'milliliters', 'ml|millilitre|millilitres'),
  unit('volume', 'gallon', 'gallon', 'gallons'),
  unit('volume', 'quart', 'quart', 'quarts'),
  unit('volume', 'pint', 'pint', 'pints'),
  unit('volume', 'cup', 'cup', 'cups'),
  unit('volume', 'tablespoon', 'tablespoon', 'tablespoons', 'tbsp'),
  unit('volume', 'teaspoon', 'teaspoon', 'teaspoons', 'tsp'),
  unit('temperature', 'degC', 'degree Celsius', 'degrees Celsius', 'degrees celsius|degree celsius|celsius|degrees centigrade|centigrade|degrees c'),
  unit('temperature', 'degF', 'degree Fahrenheit', 'degrees Fahrenheit', 'degrees fahrenheit|degree fahrenheit|fahrenheit|degrees f'),
  unit('temperature', 'K', 'kelvin', 'kelvins'),
  unit('time', 's', 'second', 'seconds', 'secs|sec'),
  unit('time', 'minute', 'minute', 'minutes', 'mins|min|minuets|minutes\''),
  unit('time', 'hour', 'hour', 'hours', 'hrs|hr|our|ours'),
  unit('time', 'day', 'day', 'days', 'daze'),
  unit('time', 'week', 'week', 'weeks', 'weak'),
  unit('time', 'year', 'year', 'years'),
  unit('data', 'MB', 'megabyte', 'megabytes', 'mb'),
  unit('data', 'GB', 'gigabyte', 'gigabytes', 'gb'),
  unit('data', 'kB', 'kilobyte', 'kilobytes', 'kb'),
]

export interface UnitMention { unit: Unit, from: number, to: number, /** The number right before it. */ amount?: number }

type Words = readonly string[]

function unitAt(words: Words, at: number): { unit: Unit, to: number } | undefined {
  for (const candidate of UNITS) {
    for (const name of candidate.heard) {
      const parts = name.toLowerCase().split(' ')
      if (parts.every((part, offset) => words[at + offset] === part)) return { unit: candidate, to: at + parts.length }
    }
  }
  return undefined
}

/** The number that ends just before `at`; `loose` lets "to" and "for" be one. */
function numberBefore(words: Words, at: number, loose: boolean): { value: number, from: number } | undefined {
  let best: { value: number, from: number } | undefined
  for (let from = at - 1; from >= Math.max(0, at - 12); from--) {
    const read = readNumber(words, from) ?? (loose && from === at - 1 ? readNumber(words, from, true) : undefined)
    if (read?.next === at) best = { value: read.value, from }
  }
  const article = words[at - 1]
  if (!best && (article === 'a' || article === 'an')) return { value: 1, from: at - 1 }
  if (best && /^(?:minus|negative|-)$/u.test(words[best.from - 1] ?? '')) return { value: -best.value, from: best.from - 1 }
  return best
}

/** Every unit named, in order, with its number. "for" before a unit is a number only after another "for" or a verb. */
export function findUnits(words: Words, isNumber: (word: string, before: string | undefined) => boolean = () => false): UnitMention[] {
  const mentions: UnitMention[] = []
  for (let at = 0; at < words.length; at++) {
    const found = unitAt(words, at)
    if (!found) continue
    const number = numberBefore(words, at, isNumber(words[at - 1] ?? '', words[at - 2]))
    mentions.push({ unit: found.unit, from: number?.from ?? at, to: found.to, amount: number?.value })
    at = found.to - 1
  }
  return mentions
}

export interface Conversion { amount: number, source: Unit, target: Unit, from: number, to: number }

/** "convert ten miles to kilometers", "how many feet in a mile", "72 fahrenheit in celsius". */
export function findConversion(words: Words): Conversion | undefined {
  const mentions = findUnits(words, (word, before) => /^(?:to|too|for|fore|won|ate)$/u.test(word)
    && (before === undefined || ['convert', 'is', 'are', 'in', 'many', 'much', 'what', 'of'].includes(before)))
  const [first, second] = mentions
  if (!first || !second || first.unit === second.unit) return undefined
  const asked = endOfHowMany(words)
  const targetFirst = asked === first.from || (first.amount === undefined && second.amount !== undefined)
  // "two" between the units is "to" misheard: it belongs to no unit when the first has its number.
  const [source, target] = targetFirst ? [second, first] : [first, second]
  return { amount: source.amount ?? 1, source: source.unit, target: target.unit, from: Math.min(first.from, second.from), to: Math.max(first.to, second.to) }
}

function endOfHowMany(words: Words): number {
  const at = words.findIndex((word, index) => word === 'how' && (words[index + 1] === 'many' || words[index + 1] === 'much'))
  return at < 0 ? -1 : at + 2
}

export const nameFor = (unit: Unit, amount: number): string => Math.abs(amount) === 1 ? unit.one : unit.many
