import type { Item, McpApprovalRequestItem, McpApprovalResponseItem, ServerError } from '@kaiwa/protocol'
import { wireError } from '@kaiwa/protocol/errors'

/** Calls that wait for the client's word, as the conversation tells. Pure. */

export interface ApprovedCall { requestId: string, serverLabel: string, name: string, argumentsJson: string }

/** The client's answer to a request. */
export function answerTo(requestId: string, items: readonly Item[]): McpApprovalResponseItem | undefined {
  return items.find(item => item.type === 'mcp_approval_response' && item.approval_request_id === requestId) as McpApprovalResponseItem | undefined
}

/** Approved and never called, in the order of the requests. A call that was begun, whatever its end, isn't made again. */
export function approvedCalls(items: readonly Item[]): ApprovedCall[] {
  const called = new Set(items.map(item => item.type === 'mcp_call' ? item.approval_request_id : undefined))
  return items
    .filter((item): item is McpApprovalRequestItem => item.type === 'mcp_approval_request' && !called.has(item.id) && answerTo(item.id, items)?.approve === true)
    .map(({ id, server_label: serverLabel, name, arguments: argumentsJson }) => ({ requestId: id, serverLabel, name, argumentsJson }))
}

/** An answer needs a request that is whole and not answered yet. */
export function refuseAnswer(requestId: string, items: readonly Item[]): ServerError | undefined {
  const param = 'item.approval_request_id'
  const request = items.find(item => item.id === requestId)
  if (request?.type !== 'mcp_approval_request' || (request.status !== undefined && request.status !== 'completed')) {
    return wireError('invalid_value', `Approval request '${requestId.slice(0, 64)}' not found in conversation.`, { param })
  }
  if (answerTo(requestId, items)) return wireError('invalid_value', `Approval request '${requestId}' is answered already.`, { param })
  return undefined
}
