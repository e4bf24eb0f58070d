import type { JournalEntry, StoredItem } from '../../../../server/store/journal-entry.ts'

/** Entries for tests, each said in a call of its own unless told otherwise. */
export const callBegan = (callId: string, { conversationId = `conv_${callId}`, owner = 'local' } = {}): JournalEntry => ({
  type: 'call_began', callId, conversationId, seq: 1, atMs: 1_700_000_000_000, owner, from: 'page', transport: 'websocket', brain: 'openai', model: 'test-model', voice: 'marin', persona: null, continues: null,
})

export const storedItem = (id: string, text: string, fields: Partial<StoredItem> = {}): StoredItem => ({
  id, afterId: null, kind: 'message', role: 'user', text, textState: 'final', medium: 'text', status: 'completed', cutAtMs: null, span: null, responseId: null, name: null, toolCallId: null, wire: '{}', ...fields,
})

export const itemEntry = (callId: string, seq: number, text: string, fields: Partial<StoredItem> = {}): JournalEntry => ({
  type: 'item', callId, conversationId: `conv_${callId}`, seq, atMs: 1_700_000_000_000 + seq, item: storedItem(`item_${seq}`, text, fields),
})
