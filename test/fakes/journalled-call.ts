import type { JournalEntry, StoredItem } from '../../server/store/journal-entry.ts'

const BEGAN_AT_MS = 1_760_000_000_000

export const keptItem = (id: string, text: string, fields: Partial<StoredItem> = {}): StoredItem => ({
  id, afterId: null, kind: 'message', role: 'user', text, textState: 'final', medium: 'voice', status: 'completed', cutAtMs: null, span: null, responseId: null, name: null,
  toolCallId: null, wire: '{}', ...fields,
})

export interface KeptCallOptions {
  owner: string
  conversationId: string
  callId?: string
  atMs?: number
  persona?: Extract<JournalEntry, { type: 'call_began' }>['persona']
  continues?: Extract<JournalEntry, { type: 'call_began' }>['continues']
  items: readonly StoredItem[]
  more?: (JournalEntry extends infer E ? E extends JournalEntry ? Omit<E, 'callId' | 'conversationId' | 'seq' | 'atMs'> : never : never)[]
}

/** What a journal would have written of one call, its items one after the other. */
export function keptCall({ owner, conversationId, callId = `call_of_${conversationId}`, atMs = BEGAN_AT_MS, persona = null, continues = null, items, more = [] }: KeptCallOptions): JournalEntry[] {
  const place = (seq: number) => ({ callId, conversationId, seq, atMs: atMs + seq })
  const chained = items.map((item, at): StoredItem => ({ ...item, afterId: item.afterId ?? items[at - 1]?.id ?? null }))
  return [
    { type: 'call_began', ...place(1), owner, from: 'page', transport: 'websocket', brain: 'openai', model: 'gpt-realtime-2.1', voice: 'marin', persona, continues },
    ...chained.map((item, at): JournalEntry => ({ type: 'item', ...place(2 + at), item })),
    ...more.map((entry, at) => ({ ...place(2 + items.length + at), ...entry }) as JournalEntry),
    { type: 'call_ended', ...place(2 + items.length + more.length), how: 'client', code: null },
  ]
}
