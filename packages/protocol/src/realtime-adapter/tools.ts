import type { FunctionCallItem } from '../items.ts'
import { isReadableItem } from '../parse.ts'
import type { ResponseObject, ServerEventOf } from '../server-events.ts'
import { wantReply } from './arbiter.ts'
import { appendBounded, change, isSideResponse, maxCallsPerGroup, maxToolGroups, setBounded, transmit } from './state.ts'
import type { Step, ToolGroup } from './state.ts'

/** Tool calls: each told once, and one next response asked for when all calls of a response are answered. */

export function receiveFunctionCall(step: Step, event: ServerEventOf<'response.output_item.done'>): void {
  const { item, response_id: responseId } = event
  // A cancelled call may have half its arguments.
  if (item.type === 'function_call' && item.status !== 'incomplete' && !isSideResponse(step.state, responseId)) announceCall(step, responseId, item)
}

function announceCall(step: Step, responseId: string, item: FunctionCallItem): void {
  const group: ToolGroup = step.state.toolGroups.get(responseId) ?? { announced: [], waiting: [], response: 'active' }
  if (group.announced.includes(item.call_id)) return
  putGroup(step, responseId, {
    ...group,
    announced: appendBounded(group.announced, item.call_id, maxCallsPerGroup),
    waiting: appendBounded(group.waiting, item.call_id, maxCallsPerGroup),
  })
  step.events.push({ type: 'tool_call', callId: item.call_id, name: item.name, argumentsJson: item.arguments })
}

function putGroup(step: Step, responseId: string, group: ToolGroup): void {
  change(step, { toolGroups: setBounded(step.state.toolGroups, responseId, group, maxToolGroups) })
}

/** The response is over: calls that were never told on their own are told now. A response that was stopped wants no next one. */
export function endToolGroup(step: Step, response: ResponseObject): void {
  if (response.status === 'completed') {
    for (const item of response.output ?? []) {
      if (isReadableItem(item) && item.type === 'function_call') announceCall(step, response.id, item)
    }
  }
  const group = step.state.toolGroups.get(response.id)
  if (!group) return
  putGroup(step, response.id, { ...group, response: response.status === 'completed' ? 'done' : 'stopped' })
  settleGroup(step, response.id)
}

export function answerTool(step: Step, callId: string, output: string): void {
  transmit(step, { type: 'conversation.item.create', item: { type: 'function_call_output', call_id: callId, output } })
  for (const [responseId, group] of step.state.toolGroups) {
    if (!group.waiting.includes(callId)) continue
    putGroup(step, responseId, { ...group, waiting: group.waiting.filter(id => id !== callId) })
    return settleGroup(step, responseId)
  }
}

function settleGroup(step: Step, responseId: string): void {
  const group = step.state.toolGroups.get(responseId)
  if (!group || group.waiting.length > 0 || group.response === 'active') return
  const toolGroups = new Map(step.state.toolGroups)
  toolGroups.delete(responseId)
  change(step, { toolGroups })
  if (group.response === 'done') wantReply(step, { interrupt: false, retry: true })
}
