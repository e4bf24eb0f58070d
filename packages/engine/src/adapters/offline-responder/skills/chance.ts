import { readNumber } from '../number-words.ts'
import type { Intent, Skill } from '../skill.ts'
import { pick } from '../skill.ts'
import { textsOf } from '../utterance.ts'

const MAX_DICE = 6
const MAX_SIDES = 1000

const flipCoin: Skill = ({ random }) => pick(['Heads.', 'Tails.'], random)

function sidesOf(words: readonly string[]): number {
  const d = words.findIndex((word, index) => word === 'd' && /^\d+$/u.test(words[index + 1] ?? ''))
  if (d >= 0) return Number(words[d + 1])
  const sided = words.findIndex(word => word === 'sided' || word === 'sides')
  for (let start = Math.max(0, sided - 3); start < sided; start++) {
    const read = readNumber(words, start)
    if (read?.next === sided) return read.value
  }
  return 6
}

function diceOf(words: readonly string[]): number {
  const at = words.findIndex(word => word === 'dice' || word === 'dies')
  for (let start = Math.max(0, at - 2); start < at; start++) {
    const read = readNumber(words, start)
    if (read?.next === at) return read.value
  }
  return 1
}

const rollDice: Skill = ({ utterance, random }) => {
  const words = textsOf(utterance)
  const sides = Math.min(MAX_SIDES, Math.max(2, Math.floor(sidesOf(words))))
  const dice = Math.min(MAX_DICE, Math.max(1, Math.floor(diceOf(words))))
  const rolls = Array.from({ length: dice }, () => 1 + Math.min(sides - 1, Math.floor(random() * sides)))
  if (rolls.length === 1) return `It's ${rolls[0]}.`
  return `You rolled ${rolls.slice(0, -1).join(', ')} and ${rolls.at(-1)}: ${rolls.reduce((sum, roll) => sum + roll, 0)} in all.`
}

/** Every whole number said, in order. */
function numbersIn(words: readonly string[]): number[] {
  const numbers: number[] = []
  for (let at = 0; at < words.length; at++) {
    const read = readNumber(words, at)
    if (!read) continue
    numbers.push(Math.round(read.value))
    at = read.next - 1
  }
  return numbers
}

const pickNumber: Skill = ({ utterance, random }) => {
  const [first, second] = numbersIn(textsOf(utterance).filter(word => word !== 'a')).slice(-2)
  const from = second === undefined ? 1 : Math.min(first ?? 1, second)
  const to = second === undefined ? Math.max(first ?? 10, 2) : Math.max(first ?? 10, second)
  return `I pick ${from + Math.min(to - from, Math.floor(random() * (to - from + 1)))}.`
}

export const chanceIntents: readonly Intent[] = [
  { name: 'coin', cues: ['flip|toss|throw|flipped|flick|through|flickr|flicker coin|coins|quarter|corn|coy|going', 'heads tails', '^coin', 'coin toss|flip'], answer: flipCoin },
  { name: 'dice', cues: ['roll|throw|role|rolled|wrote|row|rule|rally|bro die|dice|dye|d|day|dies|died|dying', 'sided die|dice|dye …', '^dice'], answer: rollDice },
  { name: 'pick-number', cues: ['pick|choose|give|think|random number between|from …', 'random number', '^number|numbers between …', 'number between and …', 'pick|choose number'], answer: pickNumber },
]
