import type { McpApprovalRequestItem, McpCallItem, McpError, ServerEventDraft } from '@kaiwa/protocol'
import type { Conversation, Entry } from './conversation.ts'
import { asMcpError } from './mcp.ts'
import type { McpTarget } from './mcp-offer.ts'
import type { OutputItem } from './response-output.ts'
import { createTextMeter } from './usage.ts'

export interface ResponseMcpCallOptions {
  emit: (event: ServerEventDraft) => void
  ids: (prefix: string) => string
  responseId: string
  outputIndex: number
  target: McpTarget
  /** The request that the client approved. */
  approvalRequestId?: string
  /** `undefined`: out of band, no `conversation.item.*` events. */
  conversation: Conversation | undefined
}

/**
 * A call of an MCP tool that a response makes itself, or the request to be allowed to, and its events in the protocol's order
 * ("Ordering", MCP). Which of the two it is is known from the start.
 */
export interface ResponseMcpCall extends OutputItem {
  /** More of the arguments' JSON. */
  write(delta: string): void
  /** The arguments are whole: calls the tool and waits for it, unless the client has to approve first. Never rejects. */
  run(signal: AbortSignal): Promise<void>
  /** The client has to act next. */
  readonly waits: boolean
}

const NO_ARGUMENTS = '{}'
const CUT: McpError = { type: 'tool_execution_error', message: 'The call was cut off together with its response.' }

export function openResponseMcpCall({ emit, ids, responseId, outputIndex, target, approvalRequestId, conversation }: ResponseMcpCallOptions): ResponseMcpCall {
  const { tool: { name }, serverLabel } = target
  const waits = target.needsApproval && approvalRequestId === undefined
  const itemId = ids(waits ? 'mcpr' : 'mcp')
  const head = { id: itemId, object: 'realtime.item' as const, status: 'in_progress' as const, server_label: serverLabel, name, arguments: '' }
  const begun: McpCallItem | McpApprovalRequestItem = waits
    ? { ...head, type: 'mcp_approval_request' }
    : { ...head, type: 'mcp_call', approval_request_id: approvalRequestId ?? null, output: null, error: null }
  const place = { item_id: itemId, output_index: outputIndex }
  const entry: Entry = { item: begun, words: '', clauses: [], cut: false }
  const meter = createTextMeter()
  meter.add(name)
  let json = ''
  let phase: 'writing' | 'calling' | 'over' = 'writing'
  let result: { output: string | null, error: McpError | null } = { output: null, error: CUT }

  emit({ type: 'response.output_item.added', response_id: responseId, output_index: outputIndex, item: begun })
  if (conversation) {
    conversation.insert(entry)
    emit({ type: 'conversation.item.added', previous_item_id: conversation.previousId(itemId), item: begun })
  }

  function write(delta: string): void {
    if (delta === '') return
    json += delta
    meter.add(delta)
    emit({ type: 'response.mcp_call_arguments.delta', response_id: responseId, ...place, delta, obfuscation: padding(delta, ids) })
  }

  function finishArguments(whole: boolean): void {
    if (whole && json.trim() === '') write(NO_ARGUMENTS)
    emit({ type: 'response.mcp_call_arguments.done', response_id: responseId, ...place, arguments: json })
    phase = 'over'
  }

  function settle(next: typeof result): void {
    result = next
    phase = 'over'
    emit({ type: next.error ? 'response.mcp_call.failed' : 'response.mcp_call.completed', ...place })
  }

  return {
    entry,
    waits,
    get tokens() { return { text: meter.tokens, audio: 0 } },
    write,
    async run(signal) {
      finishArguments(true)
      if (waits) return
      phase = 'calling'
      emit({ type: 'response.mcp_call.in_progress', ...place })
      const next = await target.call(json, signal).then(output => ({ output, error: null }), (cause: unknown) => ({ output: null, error: asMcpError(cause) }))
      // Closed while it ran: that was told as a failure already.
      if (phase === 'calling') settle(next)
    },
    close(status) {
      if (phase === 'writing') finishArguments(status === 'completed')
      if (phase === 'calling') settle({ output: null, error: CUT })
      const item = { ...begun, status, arguments: json, ...(!waits && result) } as McpCallItem | McpApprovalRequestItem
      if (conversation) conversation.replace(entry, item)
      else entry.item = item
      if (conversation?.get(itemId) === entry) emit({ type: 'conversation.item.done', previous_item_id: conversation.previousId(itemId), item })
      emit({ type: 'response.output_item.done', response_id: responseId, output_index: outputIndex, item })
    },
  }
}

const PADDED_TO = 16
/** What fills a delta up to the next multiple of 16 characters, so that its length tells nothing. */
const padding = (delta: string, ids: (prefix: string) => string) => ids('pad').slice('pad_'.length).slice(0, PADDED_TO - delta.length % PADDED_TO)
