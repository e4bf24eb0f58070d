import type { WholeConversation } from '../../../../server/history/whole-conversation.ts'
import type { StoredItem } from '../../../../server/store/journal-entry.ts'
import type { StoredConversation } from '../../../../server/store/store.ts'
import { keptItem } from '../../../fakes/journalled-call.ts'

const BEGAN_AT_MS = Date.UTC(2026, 9, 9, 8, 30)

/** A conversation as a store tells it. */
export function conversation(items: readonly (StoredItem & { callId?: string })[], changes: Partial<StoredConversation> = {}): StoredConversation {
  return {
    id: 'conv_1', title: 'Towers of Kyoto', summary: null, titleBy: 'words', personaId: 'guide', personaName: 'Guide', beganAtMs: BEGAN_AT_MS, lastAtMs: BEGAN_AT_MS + 60_000,
    calls: 1, items: items.length, spokenMs: 0, usd: 0.012, branchOf: null, hasAudio: false, version: 1,
    callsOf: [{ id: 'call_1', beganAtMs: BEGAN_AT_MS, endedAtMs: BEGAN_AT_MS + 60_000, endedHow: 'client', model: 'gpt-realtime-2.1', brain: 'openai', transport: 'websocket', personaVersion: 'v1' }],
    itemsOf: items.map((item, at) => ({ ...item, callId: item.callId ?? 'call_1', atMs: BEGAN_AT_MS + at })), responses: [], latencies: [], ...changes,
  }
}

export const whole = (own: StoredConversation): WholeConversation => ({
  own, items: own.itemsOf.map(item => ({ ...item, of: own.id })), calls: own.callsOf.map(call => ({ ...call, of: own.id })), branchedAfter: null,
})

export const said = (id: string, text: string, fromMs: number, toMs: number, fields: Partial<StoredItem> = {}) =>
  keptItem(id, text, { span: { fromMs, toMs }, ...fields })
