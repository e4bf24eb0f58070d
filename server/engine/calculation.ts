/**
 * What the calculator works out, and nothing else: numbers, seven operations, two roots, and turning one unit into another. Every node
 * of the expression is looked at before it is evaluated, so mathjs's functions, assignments and imports are out of reach.
 * Loads mathjs (about 1 s, 100 MB): only for the calculator's worker.
 */
import { all, create } from 'mathjs'
import type { MathNode } from 'mathjs'

/** A type, not an interface: only that fits `Operations`. */
export type CalculatorOperations = { evaluate: { request: string, answer: string } }

/** A sum that a person can say is shorter. */
export const MAX_EXPRESSION_CHARACTERS = 400
/** Bounds the time: each node takes microseconds on doubles. */
const MAX_NODES = 200
const OPERATIONS = new Set(['add', 'subtract', 'multiply', 'divide', 'pow', 'mod', 'unaryMinus', 'unaryPlus', 'to'])
const FUNCTIONS = new Set(['sqrt', 'cbrt'])

// `all` is typed as if it might be missing.
const math = create(all!, { number: 'number' })

const nameOf = (node: unknown): string => {
  const { fn, name } = node as { fn?: string | { name?: string }, name?: string }
  return (typeof fn === 'string' ? fn : fn?.name) ?? name ?? ''
}

function isAllowed(node: MathNode, path: string): boolean {
  switch (node.type) {
    case 'ConstantNode': return typeof (node as unknown as { value: unknown }).value === 'number'
    case 'ParenthesisNode': return true
    case 'OperatorNode': return OPERATIONS.has(nameOf(node))
    case 'FunctionNode': return FUNCTIONS.has(nameOf(node))
    case 'SymbolNode': return path === 'fn' ? FUNCTIONS.has(nameOf(node)) : math.Unit.isValuelessUnit(nameOf(node))
    default: return false
  }
}

/**
 * @returns a number as text, with its unit after a conversion (`16.09344 km`); `NaN` where there is no real number.
 * @throws Error when the expression is no arithmetic, too long, or mixes what can't be mixed.
 */
export function calculate(expression: string): string {
  if (expression.length > MAX_EXPRESSION_CHARACTERS) throw new Error(`The expression is longer than ${MAX_EXPRESSION_CHARACTERS} characters.`)
  if (!/^[\w\s.+\-*/^()]+$/.test(expression)) throw new Error('The expression has characters that are no arithmetic.')
  const tree = math.parse(expression)
  let nodes = 0
  tree.traverse((node, path) => {
    if (++nodes > MAX_NODES || !isAllowed(node, path)) throw new Error('The expression is more than plain arithmetic.')
  })
  const result: unknown = tree.compile().evaluate()
  if (typeof result === 'number') return String(result)
  if (math.isUnit(result)) return result.toString()
  return 'NaN'
}
