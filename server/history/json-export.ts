import type { StoredPersona } from '../store/store.ts'
import { callOf, itemOf, latencyOf, responseOf } from './conversation-view.ts'
import type { WholeConversation } from './whole-conversation.ts'

/** Grows when a field changes its meaning or goes away; further fields may come without. docs/export.md describes it. */
export const EXPORT_VERSION = 1

/** One conversation as a document that other programs read. */
export function toJsonDocument({ own, items, calls, branchedAfter }: WholeConversation, personas: readonly StoredPersona[]) {
  return {
    format: 'kaiwa-conversation', version: EXPORT_VERSION,
    id: own.id, title: own.title, title_by: own.titleBy, summary: own.summary, began_at_ms: own.beganAtMs, last_at_ms: own.lastAtMs, usd: own.usd,
    branch_of: own.branchOf && { conversation_id: own.branchOf.conversationId, after_item_id: branchedAfter },
    personas: personas.map(({ version, id, name, body }) => ({ id, name, version, settings: parsed(body) })),
    calls: calls.map(call => ({ ...callOf(call, personas), persona_version: call.personaVersion })),
    items: items.map(itemOf),
    responses: own.responses.map(responseOf),
    latencies: own.latencies.map(latencyOf),
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}
