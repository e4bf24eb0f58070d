import type { FunctionTool, RealtimeSession, ResponseOptions, ServerError, ToolChoice } from '@kaiwa/protocol'
import { invalidValue, wireError } from '@kaiwa/protocol/errors'
import type { ResponsePlan } from './response.ts'

type ToolUse = Partial<Pick<RealtimeSession, 'tools' | 'tool_choice' | 'parallel_tool_calls'>>

/** What functions a response may call: its own say, else the session's. */
export function toolsOf(request: ToolUse, session: RealtimeSession): ResponsePlan['tools'] {
  const tools = request.tools ?? session.tools
  const choice = request.tool_choice ?? session.tool_choice
  return {
    tools: tools.map(({ name, description, parameters }) => ({ name, ...(description !== undefined && { description }), ...(parameters && { parameters }) })),
    toolChoice: typeof choice === 'string' ? choice : { name: choice.name },
    parallelToolCalls: request.parallel_tool_calls ?? session.parallel_tool_calls ?? true,
  }
}

/** Why a response can't use its tools. */
export function refuseTools(request: ResponseOptions, session: RealtimeSession): ServerError | undefined {
  return refuseToolList(request.tools ?? [], 'response.tools')
    ?? refuseToolChoice(request.tool_choice ?? session.tool_choice, request.tools ?? session.tools, 'response.tool_choice')
}

/** Two tools of one name could not be told apart; parameters are those of an object. */
export function refuseToolList(tools: readonly FunctionTool[], param: string): ServerError | undefined {
  const names = new Set<string>()
  for (const [index, { name, parameters }] of tools.entries()) {
    if (names.has(name)) return wireError('invalid_value', `Invalid '${param}[${index}].name': a tool named '${name}' is there already.`, { param: `${param}[${index}].name` })
    names.add(name)
    const type = parameters?.type
    if (type !== undefined && type !== 'object') return invalidValue(`${param}[${index}].parameters.type`, type, ['object'])
  }
  return undefined
}

/** A tool that is named must be there, and a call that is required must be possible. */
export function refuseToolChoice(choice: ToolChoice, tools: readonly FunctionTool[], param: string): ServerError | undefined {
  if (choice === 'required' && tools.length === 0) {
    return wireError('invalid_value', `Invalid '${param}': 'required' needs at least one tool, but there is none.`, { param })
  }
  if (typeof choice === 'string' || tools.some(tool => tool.name === choice.name)) return undefined
  return invalidValue(param, choice.name, ['none', 'auto', 'required', ...tools.map(tool => tool.name)])
}
