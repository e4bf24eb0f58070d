import { findSum } from '../arithmetic.ts'
import { coverageOfSpan } from '../cues.ts'
import { showNumber } from '../number-words.ts'
import type { Intent, SkillContext } from '../skill.ts'
import { findConversion, nameFor } from '../units.ts'
import type { Utterance } from '../utterance.ts'
import { textsOf } from '../utterance.ts'

const ASKS = new Set(['what', 'how', 'calculate', 'compute', 'convert', 'work', 'solve', 'add', 'subtract', 'multiply', 'divide'])
/** Beside other words a sum has to be most of what was said, unless it was asked for. */
const MIN_COVERAGE = 0.6
const MIN_COVERAGE_WHEN_ASKED = 0.3
/** Above what cues reach by chance, since a whole expression was read. */
const CERTAIN = 3.5

function scoreOfSpan(words: readonly string[], span: { from: number, to: number } | undefined): number {
  if (!span) return 0
  const coverage = coverageOfSpan(words, span.from, span.to)
  const asked = words.some(word => ASKS.has(word))
  return coverage >= (asked ? MIN_COVERAGE_WHEN_ASKED : MIN_COVERAGE) ? CERTAIN + coverage : 0
}

const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

async function numberFrom(expression: string, { evaluate }: SkillContext): Promise<number | undefined> {
  try {
    const text = await evaluate(expression)
    return Number(/^\s*(-?(?:\d[\d.]*(?:e[+-]?\d+)?|Infinity))(?: [A-Za-z][\w^/ ]*)?$/iu.exec(text)?.[1] ?? Number.NaN)
  } catch {
    return undefined
  }
}

async function answerSum(context: SkillContext): Promise<string> {
  const sum = findSum(textsOf(context.utterance))
  if (!sum) return 'I didn\'t catch the numbers. Say it like this: twelve times seven.'
  const value = await numberFrom(sum.expression, context)
  const said = capitalise(sum.spoken)
  if (value === undefined) return `I heard ${sum.spoken}, but my calculator gave no answer. Please try it once more.`
  if (Number.isNaN(value)) return `${said} has no answer among the ordinary numbers.`
  if (!Number.isFinite(value)) return /[/]\(?-?0(?!\.\d)/u.test(sum.expression) ? `${said} has no answer: it divides by zero.` : `${said} is too large for me.`
  return `${said} is ${showNumber(value)}.`
}

async function answerConversion(context: SkillContext): Promise<string> {
  const conversion = findConversion(textsOf(context.utterance))
  if (!conversion) return 'I didn\'t catch the units. Say it like this: ten miles in kilometers.'
  const { amount, source, target } = conversion
  if (source.measures !== target.measures) return `I can't turn ${source.many} into ${target.many}: one measures ${source.measures}, the other ${target.measures}.`
  const plain = amount.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 12 })
  const value = await numberFrom(`${plain} ${source.symbol} to ${target.symbol}`, context)
  if (value === undefined || !Number.isFinite(value)) return `I heard ${showNumber(amount)} ${nameFor(source, amount)} in ${target.many}, but my calculator gave no answer.`
  return `${capitalise(showNumber(amount))} ${nameFor(source, amount)} is ${showRounded(value)} ${nameFor(target, value)}.`
}

/** Two decimals are enough to hear. */
function showRounded(value: number): string {
  if (Math.abs(value) < 1) return showNumber(value)
  const rounded = Math.round(value * 100) / 100
  return Math.abs(rounded - value) > Math.abs(value) * 1e-9 ? `about ${showNumber(rounded)}` : showNumber(rounded)
}

const recogniseSum = (utterance: Utterance): number => scoreOfSpan(textsOf(utterance), findSum(textsOf(utterance)))
/** A unit needs its counterpart, so it counts for a little more than a sum within it ("three and a half miles in feet"). */
function recogniseConversion(utterance: Utterance): number {
  const words = textsOf(utterance)
  const score = scoreOfSpan(words, findConversion(words))
  return score > 0 ? score + 0.5 : 0
}

export const calculatingIntents: readonly Intent[] = [
  { name: 'conversion', recognise: recogniseConversion, answer: answerConversion },
  { name: 'sum', recognise: recogniseSum, answer: answerSum },
  {
    name: 'sum-missing',
    cues: ['^calculate|calculator', 'what|how is|much times|plus|minus|divided_by|percent|multiplied_by|multiplied …', 'do|work math|maths|arithmetic|sum|sums', 'square_root'],
    answer: () => 'Gladly. Say it like this: twelve times seven, or twenty five percent of eighty.',
  },
]
