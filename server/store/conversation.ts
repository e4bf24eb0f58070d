import { sql, type Kysely } from 'kysely'
import type { UsageAmount } from '../../shared/calls.ts'
import { inChainOrder } from './chain-order.ts'
import { boundedLimit, pageOf, placeOf } from './cursor.ts'
import type { StoredItem, TurnLatency } from './journal-entry.ts'
import { headOf } from './list.ts'
import type { Page, StoredAudio, StoredCall, StoredConversation, StoredEvent, StoredPersona, StoredResponse } from './store.ts'
import type { CallRow, EventRow, ItemRow, LatencyRow, ResponseRow, Tables } from './tables.ts'

type Db = Kysely<Tables>

/** Items of one reading: what comes at once has to be unpacked at once. */
const ITEMS_AT_ONCE = 250

/** The conversation, if it is this owner's. */
const ownedId = (db: Db, owner: string, id: string) => db.selectFrom('conversations').where('owner', '=', owner).where('id', '=', id)

const callOf = (row: CallRow): StoredCall => ({
  id: row.id, beganAtMs: row.began_at_ms, endedAtMs: row.ended_at_ms, endedHow: row.ended_how,
  model: row.model, brain: row.brain, transport: row.transport, personaVersion: row.persona_version,
})

const itemOf = (row: ItemRow): StoredItem & { callId: string, atMs: number } => ({
  id: row.id, afterId: row.after_id, kind: row.kind as StoredItem['kind'], role: row.role as StoredItem['role'], text: row.text, textState: row.text_state as StoredItem['textState'],
  medium: row.medium as StoredItem['medium'], status: row.status as StoredItem['status'], cutAtMs: row.cut_at_ms,
  span: row.span_from_ms === null || row.span_to_ms === null ? null : { fromMs: row.span_from_ms, toMs: row.span_to_ms },
  responseId: row.response_id, name: row.name, toolCallId: row.tool_call_id, wire: row.wire, callId: row.call_id, atMs: row.at_ms,
})

const responseOf = (row: ResponseRow): StoredResponse => ({
  id: row.id, callId: row.call_id, atMs: row.at_ms, status: row.status, model: row.model, pricesOf: row.prices_of,
  usage: row.usage === null ? null : JSON.parse(row.usage) as UsageAmount,
})

const latencyOf = (row: LatencyRow): TurnLatency & { callId: string, atMs: number } => ({
  responseId: row.response_id, speechEndMs: row.speech_end_ms, committedMs: row.committed_ms, firstTextMs: row.first_text_ms, firstAudioMs: row.first_audio_ms,
  firstHeardMs: row.first_heard_ms, relayMs: row.relay_ms, callId: row.call_id, atMs: row.at_ms,
})

async function readItems(db: Db, id: string): Promise<ItemRow[]> {
  const rows: ItemRow[] = []
  for (;;) {
    const last = rows.at(-1)
    const some = await db.selectFrom('items').selectAll().where('conversation_id', '=', id).$if(last !== undefined, query => query.where('id', '>', last!.id))
      .orderBy('id').limit(ITEMS_AT_ONCE).execute()
    rows.push(...some)
    if (some.length < ITEMS_AT_ONCE) return rows
  }
}

/** Calls in the order in which they began, and what one call wrote in its own. */
function inOrderOfArrival(rows: readonly ItemRow[], calls: readonly CallRow[]): ItemRow[] {
  const placeOfCall = new Map(calls.map((call, at) => [call.id, at]))
  return rows.toSorted((one, other) => (placeOfCall.get(one.call_id) ?? 0) - (placeOfCall.get(other.call_id) ?? 0) || one.first_seq - other.first_seq)
}

export async function readConversation(db: Db, owner: string, id: string): Promise<StoredConversation | undefined> {
  const row = await ownedId(db, owner, id).selectAll().executeTakeFirst()
  if (!row) return undefined
  const calls = await db.selectFrom('calls').selectAll().where('conversation_id', '=', id).orderBy('began_at_ms').orderBy('id').execute()
  const items = inOrderOfArrival(await readItems(db, id), calls).map(itemOf)
  const responses = await db.selectFrom('responses').selectAll().where('conversation_id', '=', id).where('kind', '=', 'response').orderBy('at_ms').orderBy('id').execute()
  const latencies = await db.selectFrom('latencies').selectAll().where('conversation_id', '=', id).orderBy('at_ms').orderBy('response_id').execute()
  return { ...headOf(row), callsOf: calls.map(callOf), itemsOf: inChainOrder(items), responses: responses.map(responseOf), latencies: latencies.map(latencyOf) }
}

const eventOf = (row: EventRow): StoredEvent => ({
  callId: row.call_id, seq: row.seq, direction: row.direction, eventType: row.event_type, callMs: row.call_ms, payload: row.payload,
})

/** @throws StoreError `bad_query` */
export async function readEvents(db: Db, owner: string, id: string, ask: { after?: string, limit: number }): Promise<Page<StoredEvent>> {
  const limit = boundedLimit(ask.limit)
  const after = ask.after === undefined ? undefined : placeOf(ask.after, ['number', 'string', 'number'])
  let query = db.selectFrom('events').selectAll().where('conversation_id', 'in', ownedId(db, owner, id).select('id'))
  if (after) query = query.where(sql<boolean>`(at_ms, call_id, seq) > (${after[0]}, ${after[1]}, ${after[2]})`)
  const rows = await query.orderBy('at_ms').orderBy('call_id').orderBy('seq').limit(limit + 1).execute()
  return pageOf(rows, limit, row => [row.at_ms, row.call_id, row.seq], eventOf)
}

export async function readAudio(db: Db, owner: string, id: string): Promise<StoredAudio[]> {
  const rows = await db.selectFrom('audio').innerJoin('calls', 'calls.id', 'audio.call_id').where('audio.conversation_id', 'in', ownedId(db, owner, id).select('id'))
    .selectAll('audio').orderBy('calls.began_at_ms').orderBy('audio.from_ms').orderBy('audio.key').execute()
  return rows.map(row => ({
    callId: row.call_id, itemId: row.item_id, speaker: row.speaker, key: row.key, sampleRate: row.sample_rate,
    fromMs: row.from_ms, toMs: row.to_ms, bytes: row.bytes,
  }))
}

export async function readPersonas(db: Db, owner: string, id: string): Promise<StoredPersona[]> {
  const rows = await db.selectFrom('persona_versions').selectAll().where('version', 'in',
    db.selectFrom('calls').where('conversation_id', 'in', ownedId(db, owner, id).select('id')).where('persona_version', 'is not', null).select(eb => eb.ref('persona_version').$castTo<string>().as('version')))
    .orderBy('version').execute()
  return rows.map(row => ({ version: row.version, id: row.persona_id, name: row.name, body: row.body }))
}
