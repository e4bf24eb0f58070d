import type * as z from 'zod'
import type { ServerError } from './server-events.ts'
import { invalidType, invalidValue, missingParameter, shortened, unknownParameter, wireError } from './errors.ts'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** `['session', 'tools', 0, 'name']` → `session.tools[0].name`, as the API writes paths. */
export function wirePath(path: Path): string {
  return path.reduce<string>((text, key) => typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key), '')
}

/** The value that stands at a path; `undefined` where there is none. */
function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined, root)
}

const article: Record<string, string> = {
  string: 'a string', number: 'a decimal', int: 'an integer', boolean: 'a boolean', object: 'an object', array: 'an array', record: 'an object', null: 'null',
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal'
  return article[typeof value] ?? 'something else'
}

/** Of a union's branches, the one that got furthest tells best what is wrong. */
function bestBranch(branches: Issue[][]): Issue | undefined {
  const depth = (branch: Issue[]) => Math.max(...branch.map(issue => issue.path.length + (issue.code === 'invalid_type' ? 0 : 0.5)))
  return branches.filter(branch => branch.length > 0).toSorted((a, b) => depth(b) - depth(a))[0]?.[0]
}

function outOfRange(issue: Issue & { code: 'too_big' | 'too_small' }, param: string, value: unknown): ServerError {
  if (issue.origin === 'string' && issue.code === 'too_big') {
    const got = typeof value === 'string' ? value.length : 0
    return wireError('string_above_max_length',
      `Invalid '${param}': string too long. Expected a string with maximum length ${issue.maximum}, but got a string with length ${got} instead.`, { param })
  }
  const noun = issue.origin === 'array' ? 'array' : issue.origin === 'string' ? 'string' : Number.isInteger(value) ? 'integer' : 'decimal'
  const [word, sign, bound] = issue.code === 'too_big' ? ['above maximum', '<=', issue.maximum] : ['below minimum', '>=', issue.minimum]
  return wireError('invalid_value', `Invalid '${param}': ${noun} ${word} value. Expected a value ${sign} ${bound}, but got ${shortened(value)} instead.`, { param })
}

/**
 * The wire's error for one zod issue found in a client event. A value that isn't there at all is a missing parameter,
 * whatever zod expected in its place.
 */
export function wireErrorOf(issue: Issue, root: unknown, parents: Path = []): ServerError {
  const path = [...parents, ...issue.path]
  const param = wirePath(path)
  const value = valueAt(root, path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return unknownParameter(wirePath([...path, issue.keys[0] ?? '']))
    case 'invalid_union': {
      if (value === undefined) return missingParameter(param)
      if ('discriminator' in issue && issue.discriminator) {
        return typeof value === 'string' ? invalidValue(param, value, 'options' in issue && Array.isArray(issue.options) ? issue.options : []) : invalidType(param, 'a string', kindOf(value))
      }
      const branch = bestBranch(issue.errors)
      return branch ? wireErrorOf(branch, root, path) : wireError('invalid_value', `Invalid value for '${param}'.`, { param })
    }
    case 'invalid_type':
      return value === undefined ? missingParameter(param) : invalidType(param, article[issue.expected] ?? issue.expected, kindOf(value))
    case 'invalid_value':
      if (value === undefined) return missingParameter(param)
      if (typeof value !== typeof issue.values[0]) return invalidType(param, article[typeof issue.values[0]] ?? 'another type', kindOf(value))
      return invalidValue(param, value, issue.values)
    case 'too_big':
    case 'too_small':
      return outOfRange(issue, param, value)
    case 'invalid_key':
      return wireError('invalid_value', `Invalid '${shortened(param)}': the key is too long.`, { param: shortened(param) })
    default:
      return wireError('invalid_value', `Invalid value for '${param}': ${issue.message}.`, { param })
  }
}
