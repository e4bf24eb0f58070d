/** Words → an expression for the calculator. Reads the longest stretch that makes arithmetic sense and ignores the rest. */

import { readLastNumber, readNumber, showNumber } from './number-words.ts'

export interface Sum {
  /** Digits, `+ - * / ^ mod ( )`, `sqrt`, `cbrt`: nothing else ever gets in. */
  expression: string
  /** The same, to be said. */
  spoken: string
  from: number
  to: number
}

interface Node { expression: string, spoken: string, next: number, operators: number, isPercent?: boolean }

interface Operator { phrases: readonly string[], sign: string, spoken: string, binds: number }

/** In order: longer phrases first. A recogniser's slips stand beside the word. */
const OPERATORS: readonly Operator[] = [
  { phrases: ['to the power of', 'too the power of', 'raised to the power of', 'raised to', 'to the power', 'power', '^'], sign: '^', spoken: 'to the power of', binds: 30 },
  { phrases: ['multiplied by', 'multiplied with', 'multiply by', 'times', 'time is', 'thymes', '*', '×', 'x'], sign: '*', spoken: 'times', binds: 20 },
  { phrases: ['divided by', 'divided buy', 'divide by', 'divided bye', 'divided', 'over', '/', '÷'], sign: '/', spoken: 'divided by', binds: 20 },
  { phrases: ['modulo', 'mod'], sign: ' mod ', spoken: 'modulo', binds: 20 },
  { phrases: ['plus', 'pulse', 'plusses', 'added to', '+'], sign: '+', spoken: 'plus', binds: 10 },
  { phrases: ['minus', 'minors', 'miners', 'less', 'take away', 'takeaway', '-'], sign: '-', spoken: 'minus', binds: 10 },
]

const FUNCTIONS: readonly { phrases: readonly string[], name: string, spoken: string }[] = [
  { phrases: ['the square root of', 'square root of', 'the square root', 'square root', 'square route of', 'square root off', '√', 'sqrt'], name: 'sqrt', spoken: 'the square root of' },
  { phrases: ['the cube root of', 'cube root of', 'cube root'], name: 'cbrt', spoken: 'the cube root of' },
]

/** "add two and three": the sign, and the words that may stand between. */
const PREFIXED: readonly { phrases: readonly string[], between: readonly string[], sign: string, spoken: string, swapped?: boolean }[] = [
  { phrases: ['the sum of', 'sum of', 'add'], between: ['and', 'to', 'plus', 'with'], sign: '+', spoken: 'plus' },
  { phrases: ['the product of', 'product of', 'multiply'], between: ['and', 'by', 'with', 'times'], sign: '*', spoken: 'times' },
  { phrases: ['the difference between', 'difference between', 'the difference of', 'difference of'], between: ['and'], sign: '-', spoken: 'minus' },
  { phrases: ['subtract', 'take'], between: ['from'], sign: '-', spoken: 'minus', swapped: true },
  { phrases: ['divide'], between: ['by', 'buy'], sign: '/', spoken: 'divided by' },
]

const FACTORS: readonly { phrases: readonly string[], by: string, spoken: string }[] = [
  { phrases: ['half of', 'a half of', 'half off'], by: '0.5*', spoken: 'half of' },
  { phrases: ['a third of', 'one third of'], by: '1/3*', spoken: 'a third of' },
  { phrases: ['a quarter of', 'one quarter of', 'a fourth of'], by: '0.25*', spoken: 'a quarter of' },
  { phrases: ['twice', 'double'], by: '2*', spoken: 'twice' },
  { phrases: ['triple'], by: '3*', spoken: 'three times' },
]

/** Deep enough for people, too shallow to exhaust the stack. */
const MAX_DEPTH = 12

type Words = readonly string[]

function endOf(words: Words, at: number, phrases: readonly string[]): number {
  for (const phrase of phrases) {
    const parts = phrase.split(' ')
    if (parts.every((part, offset) => words[at + offset] === part)) return at + parts.length
  }
  return -1
}

function readPrefixed(words: Words, at: number, depth: number): Node | undefined {
  for (const { phrases, between, sign, spoken, swapped } of PREFIXED) {
    const start = endOf(words, at, phrases)
    if (start < 0) continue
    const first = readOperand(words, start, depth)
    if (!first || !between.includes(words[first.next] ?? '')) continue
    const second = readOperand(words, first.next + 1, depth)
    if (!second) continue
    const [a, b] = swapped ? [second, first] : [first, second]
    return { expression: `(${a.expression}${sign}${b.expression})`, spoken: `${a.spoken} ${spoken} ${b.spoken}`, next: second.next, operators: 1 + a.operators + b.operators }
  }
  return undefined
}

function readApplied(words: Words, at: number, depth: number): Node | undefined {
  for (const { phrases, name, spoken } of FUNCTIONS) {
    const start = endOf(words, at, phrases)
    const inner = start < 0 ? undefined : readOperand(words, start, depth)
    if (inner) return { expression: `${name}(${inner.expression})`, spoken: `${spoken} ${inner.spoken}`, next: inner.next, operators: inner.operators + 1 }
  }
  for (const { phrases, by, spoken } of FACTORS) {
    const start = endOf(words, at, phrases)
    const inner = start < 0 ? undefined : readOperand(words, start, depth)
    if (inner) return { expression: `(${by}${inner.expression})`, spoken: `${spoken} ${inner.spoken}`, next: inner.next, operators: inner.operators + 1 }
  }
  return undefined
}

function readSigned(words: Words, at: number, depth: number): Node | undefined {
  if (words[at] === '(') {
    const inner = readExpression(words, at + 1, 0, depth)
    return inner && words[inner.next] === ')' ? { ...inner, expression: `(${inner.expression})`, spoken: `(${inner.spoken})`, next: inner.next + 1, isPercent: false } : undefined
  }
  if (!['minus', 'negative', '-'].includes(words[at] ?? '')) return undefined
  const inner = readOperand(words, at + 1, depth)
  return inner && { ...inner, expression: `(-${inner.expression})`, spoken: `minus ${inner.spoken}` }
}

function readPlainNumber(words: Words, at: number): Node | undefined {
  const strict = readNumber(words, at)
  // What sounds like a number is one only beside a sign: "to times too".
  const afterSign = at > 0 && endsWithOperator(words, at)
  const read = strict ?? readNumber(words, at, true) ?? (afterSign ? readLastNumber(words, at) : undefined)
  if (!read || (!strict && !afterSign && !operatorAt(words, read.next))) return undefined
  return { expression: decimal(read.value), spoken: showNumber(read.value), next: read.next, operators: 0 }
}

/** Without an exponent: `1e+21` would not pass the calculator. */
const decimal = (value: number): string => value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 12 })

const endsWithOperator = (words: Words, at: number): boolean =>
  OPERATORS.some(({ phrases }) => phrases.some(phrase => {
    const parts = phrase.split(' ')
    return parts.every((part, offset) => words[at - parts.length + offset] === part)
  }))

/** "squared", "percent", "percent of eighty". */
function readSuffix(words: Words, node: Node, depth: number): Node {
  const { expression, spoken, next, operators } = node
  if (words[next] === 'squared') return { expression: `(${expression})^2`, spoken: `${spoken} squared`, next: next + 1, operators: operators + 1 }
  if (words[next] === 'cubed') return { expression: `(${expression})^3`, spoken: `${spoken} cubed`, next: next + 1, operators: operators + 1 }
  const after = endOf(words, next, ['percent', 'per cent', 'percents', 'percentage', '%'])
  if (after < 0) return node
  const of = endOf(words, after, ['of the', 'of', 'off', 'tip on', 'on'])
  const whole = of < 0 ? undefined : readOperand(words, of, depth)
  if (!whole) return { expression: `(${expression}/100)`, spoken: `${spoken} percent`, next: after, operators, isPercent: true }
  return { expression: `(${expression}/100*${whole.expression})`, spoken: `${spoken} percent of ${whole.spoken}`, next: whole.next, operators: operators + whole.operators + 1 }
}

function readOperand(words: Words, at: number, depth: number): Node | undefined {
  if (depth > MAX_DEPTH || at >= words.length) return undefined
  const node = readSigned(words, at, depth + 1) ?? readPrefixed(words, at, depth + 1) ?? readApplied(words, at, depth + 1) ?? readPlainNumber(words, at)
  return node && readSuffix(words, node, depth + 1)
}

function operatorAt(words: Words, at: number): Operator & { next: number } | undefined {
  for (const operator of OPERATORS) {
    const next = endOf(words, at, operator.phrases)
    if (next > 0) return { ...operator, next }
  }
  return undefined
}

function join(left: Node, operator: Operator, right: Node): Node {
  const spoken = `${left.spoken} ${operator.spoken} ${right.spoken}`
  const operators = left.operators + right.operators + 1
  // "fifty plus ten percent" means ten percent of the fifty.
  if (right.isPercent && operator.binds === 10) {
    return { expression: `(${left.expression})*(1${operator.sign}${right.expression})`, spoken, next: right.next, operators }
  }
  return { expression: `${left.expression}${operator.sign}${right.expression}`, spoken, next: right.next, operators }
}

function readExpression(words: Words, at: number, binds: number, depth: number): Node | undefined {
  let left = readOperand(words, at, depth)
  while (left && depth <= MAX_DEPTH) {
    const operator = operatorAt(words, left.next)
    if (!operator || operator.binds <= binds) break
    const right = readExpression(words, operator.next, operator.binds, depth + 1)
    if (!right) break
    left = join(left, operator, right)
  }
  return left
}

/** The longest stretch with at least one operation, or undefined. */
export function findSum(words: Words): Sum | undefined {
  let best: Sum | undefined
  for (let from = 0; from < words.length; from++) {
    const node = readExpression(words, from, 0, 0)
    if (!node || node.operators === 0) continue
    if (!best || node.next - from > best.to - best.from) best = { expression: node.expression, spoken: node.spoken, from, to: node.next }
    from = Math.max(from, node.next - 1)
  }
  return best
}
