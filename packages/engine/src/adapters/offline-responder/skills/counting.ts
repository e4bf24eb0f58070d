import { readNumber, sayNumber } from '../number-words.ts'
import type { Intent, Skill } from '../skill.ts'
import type { Utterance } from '../utterance.ts'
import { textsOf } from '../utterance.ts'

/** About three minutes of speech. */
const MAX_NUMBERS = 200
const MAX_VALUE = 999
const DEFAULT_END = 10

interface Count { from: number, to: number, step: number }

/** The number after one of the words; what sounds like a number counts right there ("count to to"). */
function numberAfter(words: readonly string[], markers: readonly string[]): number | undefined {
  for (const [at, word] of words.entries()) {
    if (!markers.includes(word)) continue
    const read = readNumber(words, at + 1) ?? (at + 2 >= words.length ? readNumber(words, at + 1, true) : undefined)
    if (read) return Math.round(read.value)
  }
  return undefined
}

const clamp = (value: number): number => Math.min(MAX_VALUE, Math.max(0, value))

function readCount(words: readonly string[]): Count {
  const plain = words.map(word => /^(?:twos|threes|fives|tens)$/u.test(word) ? word.slice(0, -1) : word)
  const down = words.includes('down') || words.includes('backwards') || words.includes('backward')
  // "count two twenty": the first of two numbers side by side is "to" misheard.
  const misheard = /^(?:two|2|too)$/u.test(plain[plain.findIndex(word => word === 'count') + 1] ?? '') ? ['two', '2', 'too'] : []
  const to = numberAfter(plain, ['to', 'until', 'till', 'up', 'through', 'too', ...misheard])
  const from = numberAfter(plain, ['from', 'at'])
  const lone = plain.map((_, at) => readNumber(plain, at)).find(read => read !== undefined)?.value
  const step = Math.min(100, Math.max(1, numberAfter(plain, ['by', 'in']) ?? 1))
  if (down || (from !== undefined && to !== undefined && from > to)) {
    return { from: clamp(from ?? to ?? lone ?? DEFAULT_END), to: clamp(from === undefined ? 1 : to ?? 1), step: -step }
  }
  return { from: clamp(from ?? step), to: clamp(to ?? lone ?? DEFAULT_END), step }
}

const count: Skill = ({ utterance }) => {
  const { from, to, step } = readCount(textsOf(utterance))
  const said: string[] = []
  for (let value = from; step > 0 ? value <= to : value >= to; value += step) {
    if (said.length >= MAX_NUMBERS) break
    said.push(sayNumber(value))
  }
  const list = (said.length > 0 ? said : [sayNumber(from)]).join(', ')
  const more = said.length >= MAX_NUMBERS ? ' That is as far as I count in one go.' : ''
  return `${list.charAt(0).toUpperCase()}${list.slice(1)}.${more}`
}

/** What PocketSphinx makes of "count" before "to twenty". */
const SOUNDS_LIKE_COUNT = new Set(['come', 'down', 'found', 'them', 'condon', 'counter', 'kind', 'can', 'content', 'country'])

/** "come to twenty", "down from five": one such word, a direction, a number, and nothing else. */
function recogniseMisheard({ words }: Utterance): number {
  const texts = words.map(word => word.text)
  const direction = texts[1] === 'down' || texts[1] === 'up' ? 2 : 1
  if (!SOUNDS_LIKE_COUNT.has(texts[0] ?? '') || !/^(?:to|too|from|two)$/u.test(texts[direction] ?? '')) return 0
  const first = readNumber(texts, direction + 1)
  const last = first && /^(?:to|too|two)$/u.test(texts[first.next] ?? '') ? readNumber(texts, first.next + 1) : first
  return last?.next === texts.length ? 3 : 0
}

export const countingIntents: readonly Intent[] = [
  {
    name: 'count',
    recognise: recogniseMisheard,
    cues: ['^count|counting|counts|account !letters !on !words …', 'could|can|please|you count to|from|up|down|backwards …', '^countdown …', 'count_to|count_from|count_down|count_up|counting_to …', 'say|tell numbers to|from|up …'],
    answer: count,
  },
]
