import type { McpListedTool, McpTool, McpToolFilter, Tool, ToolChoice } from '@kaiwa/protocol'
import type { ResponderTool, ResponderToolChoice } from './stages.ts'

/** Which tools of MCP servers a response may use, and how the responder calls them. Pure. */

/** A tool that is there to be called. */
export interface McpTarget {
  serverLabel: string
  tool: McpListedTool
  needsApproval: boolean
  /** Resolves with the output; rejects with what `asMcpError` reads. */
  call(argumentsJson: string, signal: AbortSignal): Promise<string>
}

/** Chat servers take no other names for functions. */
const MAX_NAME_CHARS = 64
/** As a function's name: an MCP server may use any characters. */
export const functionName = (name: string) => name.replaceAll(/[^\w-]/g, '_').slice(0, MAX_NAME_CHARS)

/** What is asked of a tool must all hold; a filter that asks nothing matches everything. */
function matches({ read_only: readOnly, tool_names: names }: McpToolFilter, { name, annotations }: McpListedTool): boolean {
  return (names === undefined || names.includes(name)) && (readOnly === undefined || (annotations?.readOnlyHint === true) === readOnly)
}

/** Absent: every tool is allowed. */
export function isAllowed(allowed: McpTool['allowed_tools'], tool: McpListedTool): boolean {
  if (allowed == null) return true
  return Array.isArray(allowed) ? allowed.includes(tool.name) : matches(allowed, tool)
}

const asksNothing = (filter: McpToolFilter | undefined) => filter?.read_only === undefined && filter?.tool_names === undefined

/** Absent: always. A tool in both lists needs approval; one in neither, only if there is no list of those that do. */
export function needsApproval(required: McpTool['require_approval'], tool: McpListedTool): boolean {
  if (required == null || typeof required === 'string') return required !== 'never'
  const { always = {}, never = {} } = required
  if (!asksNothing(always) && matches(always, tool)) return true
  if (!asksNothing(never) && matches(never, tool)) return false
  return asksNothing(always) || !asksNothing(never)
}

export interface ToolOffer {
  tools: ResponderTool[]
  toolChoice: ResponderToolChoice
  /** By the name that the responder uses. */
  mcp: ReadonlyMap<string, McpTarget>
}

/** A name that no other tool has: the client's functions keep theirs. */
function freeName(target: McpTarget, taken: (name: string) => boolean): string {
  const plain = functionName(target.tool.name)
  if (!taken(plain)) return plain
  for (let count = 1; ; count++) {
    const name = functionName(`${target.serverLabel}_${count > 1 ? `${count}_` : ''}${target.tool.name}`)
    if (!taken(name)) return name
  }
}

const isChosen = (choice: ToolChoice, { serverLabel, tool }: McpTarget) =>
  typeof choice === 'object' && choice.type === 'mcp' && choice.server_label === serverLabel && (choice.name ?? tool.name) === tool.name

/** Functions and MCP tools side by side: to the responder they are the same. A choice of one server leaves only its tools. */
export function offerTools(tools: readonly Tool[], choice: ToolChoice, targets: readonly McpTarget[]): ToolOffer {
  const mcp = new Map<string, McpTarget>()
  const isMcpChoice = typeof choice === 'object' && choice.type === 'mcp'
  const offered: ResponderTool[] = isMcpChoice ? [] : tools.flatMap(tool => tool.type === 'function' ? [plainTool(tool)] : [])
  for (const target of targets) {
    if (isMcpChoice && !isChosen(choice, target)) continue
    const name = freeName(target, used => mcp.has(used) || offered.some(other => other.name === used))
    mcp.set(name, target)
    const { description, input_schema: parameters } = target.tool
    offered.push({ name, ...(description && { description }), parameters })
  }
  const toolChoice = typeof choice === 'string' ? choice : choice.type === 'mcp' ? 'required' : { name: choice.name }
  return { tools: offered, toolChoice, mcp }
}

function plainTool({ name, description, parameters }: Extract<Tool, { type: 'function' }>): ResponderTool {
  return { name, ...(description !== undefined && { description }), ...(parameters && { parameters }) }
}

/** A choice of an MCP server's tools that can be kept to now. */
export const canChoose = (choice: ToolChoice, targets: readonly McpTarget[]) => targets.some(target => isChosen(choice, target))
