import type { UsageAmount } from '../../shared/calls.ts'
import type { JournalEntry, StoredItem } from '../../server/store/journal-entry.ts'

/** 20 January 2026, 12:00 UTC. */
export const NOON_MS = Date.UTC(2026, 0, 20, 12)

export const anItem = (id: string, afterId: string | null, text: string, rest: Partial<StoredItem> = {}): StoredItem => ({
  id, afterId, kind: 'message', role: 'user', text, textState: 'final', medium: 'voice', status: 'completed', cutAtMs: null, span: { fromMs: 0, toMs: 1000 },
  responseId: null, name: null, toolCallId: null, wire: JSON.stringify({ id, type: 'message' }), ...rest,
})

export const someUsage = (usd: number | null): UsageAmount => ({
  usd,
  input_tokens: { text: 10, audio: 20, image: 1, cached_text: 5, cached_audio: 6, cached_image: 0 },
  output_tokens: { text: 7, audio: 8 },
  transcription_seconds: 0,
})

type Content<T> = T extends JournalEntry ? Omit<T, 'callId' | 'conversationId' | 'seq' | 'atMs'> : never

/** Writes down a call as the journal would: in order, with places. */
export function aCall(callId: string, conversationId: string, beganAtMs = NOON_MS) {
  let seq = 0
  const entries: JournalEntry[] = []
  const call = {
    entries,
    add(content: Content<JournalEntry>, atMs?: number) {
      seq++
      entries.push({ ...content, callId, conversationId, seq, atMs: atMs ?? beganAtMs + seq } as JournalEntry)
      return call
    },
    begin: (owner: string, rest: Partial<Extract<JournalEntry, { type: 'call_began' }>> = {}) => call.add({
      type: 'call_began', owner, from: 'page', transport: 'websocket', brain: 'local', model: 'kaiwa-local', voice: null, persona: null, continues: null, ...rest,
    }, beganAtMs),
    item: (id: string, afterId: string | null, text: string, rest?: Partial<StoredItem>) => call.add({ type: 'item', item: anItem(id, afterId, text, rest) }),
    response: (responseId: string, usd: number | null, model = 'kaiwa-local') =>
      call.add({ type: 'response', responseId, status: 'completed', model, usage: someUsage(usd), pricesOf: usd === null ? null : '2026-01-01' }),
    latency: (responseId: string, firstAudioMs: number | null) =>
      call.add({ type: 'turn_latency', latency: { responseId, speechEndMs: 0, committedMs: 10.5, firstTextMs: null, firstAudioMs, firstHeardMs: null, relayMs: 0.25 } }),
    event: (payload: string) => call.add({ type: 'wire_event', direction: 'in', eventType: 'response.done', callMs: 12.6, payload }),
    audio: (itemId: string | null, key: string) =>
      call.add({ type: 'audio', itemId, speaker: 'user', key, sampleRate: 24_000, span: { fromMs: 0, toMs: 1000 }, bytes: 48_000 }),
    end: () => call.add({ type: 'call_ended', how: 'client', code: null }),
  }
  return call
}

/** One conversation of one owner with these texts. */
export function aConversation(id: string, owner: string, texts: readonly string[], beganAtMs = NOON_MS): JournalEntry[] {
  const call = aCall(`call_of_${id}`, id, beganAtMs).begin(owner)
  texts.forEach((text, at) => call.item(`${id}_${at}`, at === 0 ? null : `${id}_${at - 1}`, text))
  return call.entries
}
