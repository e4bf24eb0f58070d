import type { ConversationCard, ExportFormat, KeptCall, KeptConversation, KeptItem, KeptLatency, KeptResponse, KeptSpan } from '../../shared/history.ts'
import type { Span, TurnLatency } from '../store/journal-entry.ts'
import type { ConversationHead, StoredPersona, StoredResponse } from '../store/store.ts'
import { heardText } from './heard-text.ts'
import type { ChainCall, ChainItem, WholeConversation } from './whole-conversation.ts'

export const spanOf = ({ fromMs, toMs }: Span): KeptSpan => ({ from_ms: Math.round(fromMs), to_ms: Math.round(toMs) })

/** A conversation as its list shows it. @param isLive whether a call goes on in it now */
export function cardOf(head: ConversationHead, isLive: boolean): ConversationCard {
  const { personaId, personaName, branchOf, found } = head
  return {
    id: head.id, title: head.title, title_by: head.titleBy, summary: head.summary,
    persona: personaId === null ? null : { id: personaId, name: personaName ?? personaId },
    began_at_ms: head.beganAtMs, last_at_ms: head.lastAtMs, call_count: head.calls, item_count: head.items, spoken_ms: head.spokenMs, usd: head.usd,
    branch_of: branchOf && { conversation_id: branchOf.conversationId, after_item_id: branchOf.afterItemId },
    has_audio: head.hasAudio, live: isLive, version: head.version,
    found: found ? { item_id: found.itemId, snippet: found.snippet } : null,
  }
}

/** What of an item counts: of one that was cut, what was heard. */
export const saidOf = ({ text, cutAtMs }: Pick<ChainItem, 'text' | 'cutAtMs'>) => cutAtMs === null ? text : heardText(text, cutAtMs)

export const itemOf = (item: ChainItem): KeptItem => ({
  id: item.id, conversation_id: item.of, call_id: item.callId, at_ms: item.atMs, kind: item.kind, role: item.role,
  text: item.text, text_state: item.textState, heard_text: item.cutAtMs === null ? null : saidOf(item), medium: item.medium, status: item.status,
  cut_at_ms: item.cutAtMs, span: item.span && spanOf(item.span), response_id: item.responseId, name: item.name, tool_call_id: item.toolCallId,
})

export const callOf = (call: ChainCall, personas: readonly StoredPersona[]): KeptCall => {
  const then = personas.find(({ version }) => version === call.personaVersion)
  return {
    id: call.id, conversation_id: call.of, began_at_ms: call.beganAtMs, ended_at_ms: call.endedAtMs, ended_how: call.endedHow,
    model: call.model, brain: call.brain, transport: call.transport, persona: then ? { id: then.id, name: then.name } : null,
  }
}

export const responseOf = ({ id, callId, atMs, status, model, usage, pricesOf }: StoredResponse): KeptResponse =>
  ({ id, call_id: callId, at_ms: atMs, status, model, usage, prices_of: pricesOf })

export const latencyOf = (latency: TurnLatency & { callId: string, atMs: number }): KeptLatency => ({
  response_id: latency.responseId, call_id: latency.callId, at_ms: latency.atMs, speech_end_ms: latency.speechEndMs, committed_ms: latency.committedMs,
  first_text_ms: latency.firstTextMs, first_audio_ms: latency.firstAudioMs, first_heard_ms: latency.firstHeardMs, relay_ms: latency.relayMs,
})

/** What can be had of it as a file. */
const formatsOf = ({ own }: WholeConversation): ExportFormat[] => [
  'md', 'json', ...(own.itemsOf.some(({ span, text }) => span && text !== '') ? ['srt', 'vtt'] as const : []), ...(own.hasAudio ? ['wav'] as const : []),
]

/** All of it but events and voices. */
export function conversationView(whole: WholeConversation, personas: readonly StoredPersona[], isLive: boolean): KeptConversation {
  const { own, items, calls, branchedAfter } = whole
  return {
    ...cardOf(own, isLive), calls: calls.map(call => callOf(call, personas)), items: items.map(itemOf), branched_after: branchedAfter,
    responses: own.responses.map(responseOf), latencies: own.latencies.map(latencyOf), formats: formatsOf(whole),
  }
}
