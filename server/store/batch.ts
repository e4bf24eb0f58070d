import { dayOf } from '../metering/ledger.ts'
import type { JournalEntry } from './journal-entry.ts'
import { storableText, wholeMs, wholeMsOrNull } from './storable.ts'
import type { AudioRow, CallRow, EventRow, ItemRow, LatencyRow, PersonaVersionRow, ResponseRow } from './tables.ts'

type Began = Extract<JournalEntry, { type: 'call_began' }>
type Placed<T extends JournalEntry['type']> = Extract<JournalEntry, { type: T }>

/** What a batch of entries comes to, in rows; of an item that was written several times the latest. */
export interface Batch {
  began: Began[]
  ended: Placed<'call_ended'>[]
  items: ItemRow[]
  removed: { callId: string, conversationId: string, itemId: string, atMs: number }[]
  responses: ResponseRow[]
  latencies: LatencyRow[]
  events: EventRow[]
  audio: AudioRow[]
  /** Of each call in it: the conversation it says it belongs to, and its latest entry. */
  calls: Map<string, { conversationId: string, lastAtMs: number }>
}

const text = storableText
const textOrNull = (value: string | null) => value === null ? null : storableText(value)

/** JSON in a text never has a NUL of its own. */
export const keyOf = (...parts: string[]) => JSON.stringify(parts)

function itemRow({ callId, conversationId, seq, atMs, item }: Placed<'item'>): ItemRow {
  const { span } = item
  return {
    conversation_id: conversationId, id: text(item.id), call_id: callId, first_seq: seq, seq, at_ms: wholeMs(atMs), changed_at_ms: wholeMs(atMs),
    after_id: textOrNull(item.afterId), kind: item.kind, role: item.role, text: text(item.text), text_state: item.textState,
    medium: item.medium, status: item.status,
    cut_at_ms: wholeMsOrNull(item.cutAtMs), span_from_ms: span && wholeMs(span.fromMs), span_to_ms: span && wholeMs(span.toMs),
    spoken_ms: span ? Math.max(0, wholeMs(span.toMs) - wholeMs(span.fromMs)) : 0,
    response_id: textOrNull(item.responseId), name: textOrNull(item.name), tool_call_id: textOrNull(item.toolCallId), wire: text(item.wire),
  }
}

function latencyRow({ callId, conversationId, atMs, latency }: Placed<'turn_latency'>): LatencyRow {
  const finite = (value: number | null) => value !== null && Number.isFinite(value) ? value : null
  return {
    call_id: callId, response_id: text(latency.responseId), conversation_id: conversationId, day: dayOf(wholeMs(atMs)), at_ms: wholeMs(atMs),
    speech_end_ms: finite(latency.speechEndMs) ?? 0, committed_ms: finite(latency.committedMs), first_text_ms: finite(latency.firstTextMs),
    first_audio_ms: finite(latency.firstAudioMs), first_heard_ms: finite(latency.firstHeardMs), relay_ms: finite(latency.relayMs),
  }
}

function moneyRow(entry: Placed<'response'> | Placed<'transcription_usage'>): ResponseRow {
  const { callId, conversationId, atMs, model, usage, pricesOf } = entry
  return {
    call_id: callId, conversation_id: conversationId, at_ms: wholeMs(atMs), model: text(model),
    usage: usage && JSON.stringify(usage), usd: usage?.usd ?? null, prices_of: pricesOf,
    ...(entry.type === 'response'
      ? { kind: 'response', id: text(entry.responseId), status: text(entry.status) }
      : { kind: 'transcription', id: `transcription-${entry.seq}`, status: 'completed' }),
  }
}

const eventRow = ({ callId, conversationId, seq, atMs, direction, eventType, callMs, payload }: Placed<'wire_event'>): EventRow => ({
  call_id: callId, seq, conversation_id: conversationId, at_ms: wholeMs(atMs), direction,
  event_type: text(eventType), call_ms: wholeMs(callMs), payload: text(payload),
})

const audioRow = ({ callId, conversationId, itemId, speaker, key, sampleRate, span, bytes }: Placed<'audio'>): AudioRow => ({
  key: text(key), call_id: callId, conversation_id: conversationId, item_id: textOrNull(itemId), speaker, sample_rate: wholeMs(sampleRate),
  from_ms: wholeMs(span.fromMs), to_ms: wholeMs(span.toMs), bytes: wholeMs(bytes),
})

/** Entries in order → rows. Pure. */
export function batchOf(entries: readonly JournalEntry[]): Batch {
  const items = new Map<string, ItemRow>()
  const latencies = new Map<string, LatencyRow>()
  const responses = new Map<string, ResponseRow>()
  const events = new Map<string, EventRow>()
  const audio = new Map<string, AudioRow>()
  const batch: Batch = { began: [], ended: [], items: [], removed: [], responses: [], latencies: [], events: [], audio: [], calls: new Map() }
  for (const given of entries) {
    const entry = { ...given, callId: text(given.callId), conversationId: text(given.conversationId) }
    const { callId, conversationId } = entry
    const lastAtMs = Math.max(wholeMs(entry.atMs), batch.calls.get(callId)?.lastAtMs ?? 0)
    batch.calls.set(callId, { conversationId, lastAtMs })
    switch (entry.type) {
      case 'call_began': batch.began.push(entry); break
      case 'call_ended': batch.ended.push(entry); break
      case 'item': addItem(items, itemRow(entry)); break
      case 'item_removed':
        items.delete(keyOf(conversationId, text(entry.itemId)))
        batch.removed.push({ callId, conversationId, itemId: text(entry.itemId), atMs: wholeMs(entry.atMs) })
        break
      case 'response':
      case 'transcription_usage': addFirst(responses, moneyRow(entry)); break
      case 'turn_latency': latencies.set(keyOf(callId, entry.latency.responseId), latencyRow(entry)); break
      case 'wire_event': events.set(keyOf(callId, String(entry.seq)), eventRow(entry)); break
      case 'audio': audio.set(text(entry.key), audioRow(entry)); break
      default: throw new TypeError(`unknown entry ${JSON.stringify(entry satisfies never)}`)
    }
  }
  const gone = new Set(batch.removed.map(({ conversationId, itemId }) => keyOf(conversationId, itemId)))
  batch.items = [...items].filter(([key]) => !gone.has(key)).map(([, row]) => row)
  return { ...batch, responses: [...responses.values()], latencies: [...latencies.values()], events: [...events.values()], audio: [...audio.values()] }
}

function addItem(items: Map<string, ItemRow>, row: ItemRow) {
  const key = keyOf(row.conversation_id, row.id)
  const earlier = items.get(key)
  if (earlier && earlier.call_id === row.call_id) {
    if (earlier.seq > row.seq) return
    row = { ...row, first_seq: earlier.first_seq, at_ms: earlier.at_ms }
  }
  items.set(key, row)
}

/** Money is counted once. */
function addFirst(responses: Map<string, ResponseRow>, row: ResponseRow) {
  const key = keyOf(row.call_id, row.id)
  if (!responses.has(key)) responses.set(key, row)
}

export function callRow({ callId, conversationId, atMs, from, transport, brain, model, voice, persona }: Began): CallRow {
  return {
    id: text(callId), conversation_id: text(conversationId), came_from: from, transport, brain: text(brain), model: text(model),
    voice: textOrNull(voice), persona_version: persona && text(persona.version),
    began_at_ms: wholeMs(atMs), ended_at_ms: null, ended_how: null, ended_code: null,
  }
}

export const personaRow = ({ version, id, name, body }: NonNullable<Began['persona']>): PersonaVersionRow =>
  ({ version: text(version), persona_id: text(id), name: text(name), body: text(body) })

export type { Began }
