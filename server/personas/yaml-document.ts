import { isAlias, isMap, isNode, isScalar, LineCounter, parseDocument, Parser, visit, type Document, type Node, type Pair } from 'yaml'

/** Where something stands; both from 1. */
export interface Place { line: number, column: number }
export interface YamlFault extends Place { message: string }

export type YamlReading
  = | { ok: true, value: unknown, /** Where a field stands; one that isn't there: where it would belong. */ placeOf(path: readonly PropertyKey[]): Place }
    | { ok: false, faults: YamlFault[] }

/** No persona is nested deeper than three. A thousandfold takes the parser's stack, and has ended processes: it never gets there. */
const MAX_DEPTH = 16
/** A persona has about a hundred keys, values and entries; thousands would keep the parser busy for seconds. */
const MAX_PARTS = 2000
const MAX_FAULTS = 10
/** Every map and list has it, whether it was written or not. */
const UNWRITTEN_TAGS = ['tag:yaml.org,2002:map', 'tag:yaml.org,2002:seq']
const MAX_MESSAGE_CHARS = 200
const START: Place = { line: 1, column: 1 }

/**
 * YAML 1.2, its core schema and nothing more: no anchors, aliases, tags, merge keys or second documents. Never throws, whatever
 * the text is; its length is the caller's to bound.
 */
export function readYaml(text: string): YamlReading {
  const lines = new LineCounter()
  const fail = (faults: YamlFault[]): YamlReading => ({ ok: false, faults: faults.slice(0, MAX_FAULTS) })
  try {
    const excess = excessOf(text)
    if (excess !== undefined) return fail([{ ...START, message: excess }])
    const document = parseDocument(text, { lineCounter: lines, schema: 'core', version: '1.2', merge: false, uniqueKeys: true, strict: true, prettyErrors: false, logLevel: 'error' })
    const at = (offset: number | undefined): Place => {
      const { line, col } = lines.linePos(offset ?? 0)
      return { line: Math.max(1, line), column: Math.max(1, col) }
    }
    const forbidden = forbiddenIn(document).map(({ offset, message }) => ({ ...at(offset), message }))
    if (forbidden.length > 0) return fail(forbidden)
    const broken = [...document.errors, ...document.warnings].map(error => ({ ...at(error.pos[0]), message: `This is not YAML: ${error.message.slice(0, MAX_MESSAGE_CHARS).replace(/\.?$/, '.')}` }))
    if (broken.length > 0) return fail(broken)
    return { ok: true, value: document.toJS({ maxAliasCount: 0 }), placeOf: path => at(offsetOf(document, path)) }
  } catch {
    return fail([{ ...START, message: 'This is not YAML that can be read.' }])
  }
}

interface Token { value?: unknown, key?: unknown, items?: unknown }

/** Why it isn't parsed at all. Counted on the lexer's tokens, without recursion. */
function excessOf(text: string): string | undefined {
  let parts = 0
  const pending: { token: unknown, depth: number }[] = [...new Parser().parse(text)].map(token => ({ token, depth: 0 }))
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { token, depth } = next
    if (depth > MAX_DEPTH * 2) return `It is nested deeper than ${MAX_DEPTH} levels.`
    if (++parts > MAX_PARTS) return `It has more than ${MAX_PARTS} parts.`
    const { value, key, items } = token as Token
    for (const inner of [value, key, ...(Array.isArray(items) ? items : [])]) {
      if (typeof inner === 'object' && inner !== null) pending.push({ token: inner, depth: depth + 1 })
    }
  }
  return undefined
}

/** What YAML has and a persona has no use for: it only lets small files grow, or mean something else than they look like. */
function forbiddenIn(document: Document): { offset: number | undefined, message: string }[] {
  const found: { offset: number | undefined, message: string }[] = []
  const say = (node: Node, message: string) => { if (found.length < MAX_FAULTS) found.push({ offset: node.range?.[0], message }) }
  visit(document, {
    Alias: (_key, node) => say(node, 'Aliases (`*name`) are not taken here; write the value out.'),
    Node: (_key, node) => {
      if (isAlias(node)) return
      if (node.anchor) say(node, 'Anchors (`&name`) are not taken here; leave it out.')
      else if (node.tag !== undefined && !UNWRITTEN_TAGS.includes(node.tag)) say(node, 'Tags (`!name`) are not taken here; leave it out.')
    },
    Pair: (_key, { key }) => {
      if (!isScalar(key)) return
      if (key.value === '__proto__') say(key, '`__proto__` is not a field of a persona.')
      if (key.value === '<<') say(key, 'Merge keys (`<<`) are not taken here; write the fields out.')
    },
  })
  return found
}

/** The value's place; where there is none, its key's, else that of what should hold it. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = document.contents
  let offset = isNode(node) ? node.range?.[0] : undefined
  for (const step of path) {
    const pair: Pair | undefined = isMap(node) ? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step)) : undefined
    const next: unknown = pair ? pair.value : isNode(node) && 'items' in node && Array.isArray(node.items) ? (node.items as unknown[])[Number(step)] : undefined
    if (pair && isNode(pair.key)) offset = pair.key.range?.[0] ?? offset
    else if (isNode(next)) offset = next.range?.[0] ?? offset
    if (next === undefined) break
    node = next
  }
  return offset
}
