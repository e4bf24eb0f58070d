import type { McpError, RealtimeSession, ResponseOptions, ServerError } from '@kaiwa/protocol'
import { missingParameter, wireError } from '@kaiwa/protocol/errors'
import { inputTokens, turnsOf } from './conversation.ts'
import type { Conversation, Entry } from './conversation.ts'
import { approvedCalls } from './mcp-approvals.ts'
import { McpFault } from './mcp.ts'
import type { McpTarget } from './mcp-offer.ts'
import type { McpServers } from './mcp-servers.ts'
import { createEntry } from './item-entry.ts'
import { startResponse } from './response.ts'
import type { Response, ResponsePlan, ResponsePort } from './response.ts'
import { refuseTools, toolsOf } from './response-tools.ts'
import { formatOf } from './wire-audio.ts'

/** Responses beside the conversation, at a time. More ⇒ refused. */
export const MAX_OUT_OF_BAND = 8

export interface ResponsesOptions extends Omit<ResponsePort, 'onEnd' | 'onAudio'> {
  /** The response in the conversation is over; its audio will have been played at this time. */
  onPlayed(playedAtMs: number): void
  ids: (prefix: string) => string
  session: () => RealtimeSession
  conversation: Conversation
  conversationId: string
  mcp: McpServers
}

export interface Responses {
  /** Assistant audio went out: the voice is locked. */
  readonly spoken: boolean
  readonly active: Response | undefined
  /** `undefined`: it started. */
  create(options: ResponseOptions): ServerError | undefined
  /** Without an id: the one in the conversation. `false`: nothing to cancel. */
  cancel(responseId?: string): boolean
  close(): void
}

/** Which responses run: one in the conversation, some beside it. */
export function createResponses(options: ResponsesOptions): Responses {
  const { ids, session, conversation, conversationId, mcp } = options
  const running = new Map<string, Response>()
  let spoken = false

  const active = () => [...running.values()].find(response => response.inConversation)

  function refuseStart(request: ResponseOptions): ServerError | undefined {
    const current = active()
    if (request.conversation !== 'none' && current) {
      return wireError('conversation_already_has_active_response',
        `Conversation already has an active response in progress: ${current.id}. Wait until the response is finished before creating a new one.`)
    }
    if (running.size - (current ? 1 : 0) >= MAX_OUT_OF_BAND && request.conversation === 'none') {
      return wireError('rate_limit_exceeded', `${MAX_OUT_OF_BAND} out-of-band responses are running. Wait until one is finished.`)
    }
    const voice = request.audio?.output?.voice
    if (voice !== undefined && spoken && request.conversation !== 'none' && JSON.stringify(voice) !== JSON.stringify(session().audio.output.voice)) {
      return wireError('cannot_update_voice', 'Cannot update a conversation\'s voice if assistant audio is present.', { param: 'response.audio.output.voice' })
    }
    return refuseTools(request, session(), mcp)
  }

  function start(request: ResponseOptions, entries: () => readonly Entry[]): void {
    const config = session()
    const instructions = request.instructions ?? config.instructions
    mcp.define(request.tools ?? [])
    const tools = toolsOf(request, config, mcp)
    const outOfBand = request.conversation === 'none'
    const plan: ResponsePlan = {
      id: ids('resp'),
      conversation: outOfBand ? undefined : conversation,
      conversationId: outOfBand ? null : conversationId,
      modality: (request.output_modalities ?? config.output_modalities)[0],
      instructions,
      tools,
      // Asked for beside the conversation, or with a context of its own, a response knows nothing of what was approved.
      approved: outOfBand || request.input ? [] : approvedNow(),
      voice: request.audio?.output?.voice ?? config.audio.output.voice,
      format: formatOf(request.audio?.output?.format) ?? config.audio.output.format,
      speed: config.audio.output.speed,
      maxOutputTokens: request.max_output_tokens ?? config.max_output_tokens,
      metadata: request.metadata ?? null,
      async heard() {
        await Promise.all(entries().map(entry => entry.heard))
        return { turns: turnsOf(entries()), input: inputTokens(entries(), instructions + (tools.tools.length > 0 ? JSON.stringify(tools.tools) : '')) }
      },
    }
    let ended = false
    const response = startResponse(plan, {
      ...options,
      onAudio() { spoken ||= !outOfBand },
      onEnd(playedAtMs) {
        ended = true
        running.delete(plan.id)
        if (!outOfBand) options.onPlayed(playedAtMs)
      },
    })
    if (!ended) running.set(plan.id, response)
  }

  function approvedNow(): ResponsePlan['approved'] {
    return approvedCalls(conversation.entries.map(({ item }) => item)).map(({ requestId, serverLabel, name, argumentsJson }) =>
      ({ target: mcp.target(serverLabel, name) ?? missingTarget(serverLabel, name), requestId, argumentsJson }))
  }

  return {
    get spoken() { return spoken },
    get active() { return active() },
    create(request) {
      const refusal = refuseStart(request)
      if (refusal) return refusal
      if (!request.input) {
        const known = conversation.entries.slice()
        start(request, () => known)
        return undefined
      }
      const context = resolveInput(request.input, conversation, ids, session().audio)
      if (!Array.isArray(context)) return context
      start(request, () => context)
      return undefined
    },
    cancel(responseId) {
      const response = responseId === undefined ? active() : running.get(responseId)
      response?.cancel('client_cancelled')
      return response !== undefined
    },
    close() {
      for (const response of running.values()) response.abandon()
      running.clear()
    },
  }
}

/** Approved, and not there any more: the call is made, and fails. */
function missingTarget(serverLabel: string, name: string): McpTarget {
  const error: McpError = { type: 'protocol_error', code: -32_602, message: `The MCP server '${serverLabel}' has no tool '${name}' here.` }
  return { serverLabel, tool: { name, description: '', input_schema: {} }, needsApproval: false, call: async () => { throw new McpFault(error) } }
}

/** A context of its own: new items, and references to items of the conversation. */
function resolveInput(input: NonNullable<ResponseOptions['input']>, conversation: Conversation, ids: (prefix: string) => string, audio: RealtimeSession['audio']): Entry[] | ServerError {
  const entries: Entry[] = []
  for (const [index, draft] of input.entries()) {
    if (draft.type === 'item_reference') {
      const entry = conversation.get(draft.id)
      if (!entry) return wireError('invalid_value', `Item with id '${draft.id}' not found.`, { param: `response.input[${index}].id` })
      entries.push(entry)
      continue
    }
    const created = createEntry(draft, ids, audio)
    if (!created.ok) return created.error.param ? { ...created.error, param: `response.input[${index}].${created.error.param}` } : missingParameter(`response.input[${index}]`)
    entries.push(created.entry)
  }
  return entries
}
