import type { RealtimeSession, ResponseOptions, ServerError, Tool, ToolChoice } from '@kaiwa/protocol'
import { invalidValue, wireError } from '@kaiwa/protocol/errors'
import { canChoose, offerTools } from './mcp-offer.ts'
import type { ToolOffer } from './mcp-offer.ts'
import type { McpServers } from './mcp-servers.ts'

type ToolUse = Partial<Pick<RealtimeSession, 'tools' | 'tool_choice' | 'parallel_tool_calls'>>

type Servers = Pick<McpServers, 'refuse' | 'targets'>

/** What tools a response may call: its own say, else the session's. Of MCP servers, those that are imported by now. */
export function toolsOf(request: ToolUse, session: RealtimeSession, mcp: Servers): ToolOffer & { parallelToolCalls: boolean } {
  const tools = request.tools ?? session.tools
  return {
    ...offerTools(tools, request.tool_choice ?? session.tool_choice, mcp.targets(tools)),
    parallelToolCalls: request.parallel_tool_calls ?? session.parallel_tool_calls ?? true,
  }
}

/** Why a response can't use its tools. */
export function refuseTools(request: ResponseOptions, session: RealtimeSession, mcp: Servers): ServerError | undefined {
  const tools = request.tools ?? session.tools
  const choice = request.tool_choice ?? session.tool_choice
  return mcp.refuse(request.tools ?? [], 'response.tools')
    ?? refuseToolList(request.tools ?? [], 'response.tools')
    ?? refuseToolChoice(choice, tools, 'response.tool_choice')
    ?? refuseUnloaded(choice, tools, mcp)
}

/** A call that is required must be possible now: tools that are still being imported don't count. */
function refuseUnloaded(choice: ToolChoice, tools: readonly Tool[], mcp: Servers): ServerError | undefined {
  const param = 'response.tool_choice'
  const loaded = mcp.targets(tools)
  if (choice === 'required' && loaded.length === 0 && tools.every(tool => tool.type === 'mcp')) {
    return wireError('invalid_value', `Invalid '${param}': 'required' needs at least one tool, but none is loaded. Wait for 'mcp_list_tools.completed'.`, { param })
  }
  if (typeof choice === 'string' || choice.type !== 'mcp' || canChoose(choice, loaded)) return undefined
  const what = choice.name == null ? 'no tool' : `no tool '${choice.name}'`
  return wireError('invalid_value', `Invalid '${param}': ${what} of the MCP server '${choice.server_label}' is loaded. Wait for 'mcp_list_tools.completed'.`, { param })
}

/** Two tools of one name, or servers of one label, could not be told apart; parameters are those of an object. */
export function refuseToolList(tools: readonly Tool[], param: string): ServerError | undefined {
  const names = new Set<string>()
  const labels = new Set<string>()
  for (const [index, tool] of tools.entries()) {
    if (tool.type === 'mcp') {
      const { server_label: label } = tool
      if (labels.has(label)) return wireError('invalid_value', `Invalid '${param}[${index}].server_label': a server labelled '${label}' is there already.`, { param: `${param}[${index}].server_label` })
      labels.add(label)
      continue
    }
    const { name, parameters } = tool
    if (names.has(name)) return wireError('invalid_value', `Invalid '${param}[${index}].name': a tool named '${name}' is there already.`, { param: `${param}[${index}].name` })
    names.add(name)
    const type = parameters?.type
    if (type !== undefined && type !== 'object') return invalidValue(`${param}[${index}].parameters.type`, type, ['object'])
  }
  return undefined
}

/** A tool that is named must be there, and a call that is required must be possible. */
export function refuseToolChoice(choice: ToolChoice, tools: readonly Tool[], param: string): ServerError | undefined {
  if (choice === 'required' && tools.length === 0) {
    return wireError('invalid_value', `Invalid '${param}': 'required' needs at least one tool, but there is none.`, { param })
  }
  if (typeof choice === 'string') return undefined
  const names = tools.flatMap(tool => tool.type === 'function' ? [tool.name] : [])
  if (choice.type === 'function') return names.includes(choice.name) ? undefined : invalidValue(param, choice.name, ['none', 'auto', 'required', ...names])
  const labels = tools.flatMap(tool => tool.type === 'mcp' ? [tool.server_label] : [])
  return labels.includes(choice.server_label) ? undefined : invalidValue(`${param}.server_label`, choice.server_label, labels)
}
