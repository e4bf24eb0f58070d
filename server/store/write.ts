import type { Kysely } from 'kysely'
import { callRow, keyOf, personaRow, type Batch, type Began } from './batch.ts'
import { inChunks } from './chunks.ts'
import { countConversation } from './conversation-sums.ts'
import type { Database } from './database.ts'
import { searchWords } from './search-words.ts'
import { addSpending } from './spending.ts'
import { storableText, wholeMs } from './storable.ts'
import { isForgotten, ownerHash } from './tombstones.ts'
import { removeItems } from './removal.ts'
import type { ItemRow, Tables } from './tables.ts'

type Transaction = Kysely<Tables>

/** All of a batch or none of it. */
export async function writeBatch(database: Database, batch: Batch): Promise<void> {
  await database.db.transaction().execute(async transaction => {
    const owners = await begin(database, transaction, batch)
    const isKept = ({ call_id, conversation_id }: { call_id: string, conversation_id: string }) => owners.get(call_id)?.conversationId === conversation_id
    await writeItems(database, transaction, batch.items.filter(isKept))
    await removeEntries(transaction, batch, owners)
    await writeMoney(transaction, batch, owners)
    await writeFacts(transaction, batch, isKept)
    await sumUp(transaction, batch, owners)
  })
}

type Owners = ReadonlyMap<string, { conversationId: string, owner: string }>

/** The batch's calls that are kept, with their conversations locked. */
async function begin(database: Database, transaction: Transaction, batch: Batch): Promise<Owners> {
  await beginCalls(database, transaction, batch.began)
  const ids = [...batch.calls.keys()]
  const owners = new Map<string, { conversationId: string, owner: string }>()
  await inChunks(ids, async chunk => {
    const calls = await transaction.selectFrom('calls').select(['id', 'conversation_id']).where('id', 'in', chunk).execute()
    if (calls.length === 0) return
    // In one order, so that two nodes never wait for each other.
    const conversations = await database.locked(transaction.selectFrom('conversations').where('id', 'in', [...new Set(calls.map(call => call.conversation_id))]).orderBy('id'))
      .select(['id', 'owner']).execute()
    const ownerOf = new Map(conversations.map(({ id, owner }) => [id, owner]))
    for (const { id, conversation_id } of calls) {
      const owner = ownerOf.get(conversation_id)
      if (owner !== undefined) owners.set(id, { conversationId: conversation_id, owner })
    }
  })
  return owners
}

async function beginCalls(database: Database, transaction: Transaction, began: readonly Began[]) {
  if (began.length === 0) return
  const hashes = [...new Set(began.map(({ owner }) => ownerHash(owner)))]
  const rows = await transaction.selectFrom('forgotten_owners').selectAll().where('owner_hash', 'in', hashes).execute()
  const forgotten = new Map(rows.map(row => [row.owner_hash, row.at_ms]))
  for (const call of began) if (!isForgotten(forgotten, call)) await beginCall(database, transaction, call)
}

async function beginCall({ locked }: Database, transaction: Transaction, call: Began) {
  const { conversationId, persona, continues } = call
  const owner = storableText(call.owner)
  const branch = continues && continues.conversationId !== conversationId ? continues : null
  const row = callRow(call)
  await transaction.insertInto('conversations').values({
    id: conversationId, owner, title: null, summary: null, title_by: null,
    persona_id: persona && storableText(persona.id), persona_name: persona && storableText(persona.name),
    began_at_ms: row.began_at_ms, last_at_ms: row.began_at_ms, calls: 0, items: 0, spoken_ms: 0, usd: null,
    branch_of: branch && storableText(branch.conversationId), branch_after: branch?.afterItemId == null ? null : storableText(branch.afterItemId),
    has_audio: 0, version: 1,
  }).onConflict(conflict => conflict.column('id').doNothing()).execute()
  // From here on nobody deletes it meanwhile; and who just did has left a tombstone, which a look before would have missed.
  const conversation = await locked(transaction.selectFrom('conversations').where('id', '=', conversationId)).select('owner').executeTakeFirst()
  const deleted = await transaction.selectFrom('deleted_conversations').select('id').where('id', '=', conversationId).executeTakeFirst()
  if (deleted) await transaction.deleteFrom('conversations').where('id', '=', conversationId).execute()
  // Somebody else's: it is as if it weren't there, and nothing is added to it.
  if (deleted || conversation?.owner !== owner) return
  if (persona) await transaction.insertInto('persona_versions').values(personaRow(persona)).onConflict(conflict => conflict.column('version').doNothing()).execute()
  await transaction.insertInto('calls').values(row).onConflict(conflict => conflict.column('id').doNothing()).execute()
}

/** What a later entry says anew; when an item came to be stays. */
const REPLACED = [
  'call_id', 'seq', 'changed_at_ms', 'after_id', 'kind', 'role', 'text', 'text_state', 'medium', 'status', 'cut_at_ms', 'span_from_ms', 'span_to_ms', 'spoken_ms',
  'response_id', 'name', 'tool_call_id', 'wire',
] as const satisfies (keyof ItemRow)[]

async function writeItems({ search }: Database, transaction: Transaction, rows: readonly ItemRow[]) {
  const deleted = await deletedItems(transaction, rows)
  await inChunks(rows.filter(row => !deleted.has(keyOf(row.conversation_id, row.id))), async chunk => {
    const written = await transaction.insertInto('items').values(chunk)
      .onConflict(conflict => conflict.columns(['conversation_id', 'id']).doUpdateSet(eb => ({
        ...Object.fromEntries(REPLACED.map(name => [name, eb.ref(`excluded.${name}`)])),
        first_seq: eb.case().when('items.call_id', '=', eb.ref('excluded.call_id')).then(eb.ref('items.first_seq')).else(eb.ref('excluded.first_seq')).end(),
      // An entry that comes again doesn't undo what came after it.
      })).where(eb => eb.or([
        eb.and([eb('items.call_id', '=', eb.ref('excluded.call_id')), eb('items.seq', '<', eb.ref('excluded.seq'))]),
        eb.and([eb('items.call_id', '<>', eb.ref('excluded.call_id')), eb('items.changed_at_ms', '<=', eb.ref('excluded.changed_at_ms'))]),
      ])))
      .returning(['conversation_id', 'id', 'text']).execute()
    await writeSearch(search, transaction, written.map(row => ({ conversationId: row.conversation_id, itemId: row.id, text: row.text })))
  })
}

/** @param docs `itemId` empty: the title */
export async function writeSearch(search: Database['search'], transaction: Transaction, docs: readonly { conversationId: string, itemId: string, text: string }[]) {
  if (docs.length === 0) return
  await transaction.insertInto('search_docs')
    .values(docs.map(({ conversationId, itemId, text }) => ({ conversation_id: conversationId, item_id: itemId, words: search.stored(searchWords(text)) })))
    .onConflict(conflict => conflict.columns(['conversation_id', 'item_id']).doUpdateSet(eb => ({ words: eb.ref('excluded.words') as never })))
    .execute()
}

async function deletedItems(transaction: Transaction, rows: readonly ItemRow[]): Promise<Set<string>> {
  const deleted = new Set<string>()
  await inChunks([...new Set(rows.map(row => row.conversation_id))], async chunk => {
    const found = await transaction.selectFrom('deleted_items').select(['conversation_id', 'item_id']).where('conversation_id', 'in', chunk).execute()
    for (const { conversation_id, item_id } of found) deleted.add(keyOf(conversation_id, item_id))
  })
  return deleted
}

async function removeEntries(transaction: Transaction, { removed }: Batch, owners: Owners) {
  for (const { callId, conversationId, itemId, atMs } of removed) {
    if (owners.get(callId)?.conversationId === conversationId) await removeItems(transaction, conversationId, [itemId], atMs)
  }
}

async function writeMoney(transaction: Transaction, { responses }: Batch, owners: Owners) {
  const kept = responses.filter(row => owners.get(row.call_id)?.conversationId === row.conversation_id)
  await inChunks(kept, async chunk => {
    // What was there already was counted already.
    const added = await transaction.insertInto('responses').values(chunk).onConflict(conflict => conflict.columns(['call_id', 'id']).doNothing()).returning(['call_id', 'id']).execute()
    const fresh = new Set(added.map(({ call_id, id }) => keyOf(call_id, id)))
    await addSpending(transaction, chunk.filter(row => fresh.has(keyOf(row.call_id, row.id))).map(row => ({ ...row, owner: owners.get(row.call_id)!.owner })))
  })
}

async function writeFacts(transaction: Transaction, batch: Batch, isKept: (row: { call_id: string, conversation_id: string }) => boolean) {
  await inChunks(batch.latencies.filter(isKept), chunk => transaction.insertInto('latencies').values(chunk)
    .onConflict(conflict => conflict.columns(['call_id', 'response_id']).doUpdateSet(eb => ({
      committed_ms: eb.ref('excluded.committed_ms'), first_text_ms: eb.ref('excluded.first_text_ms'), first_audio_ms: eb.ref('excluded.first_audio_ms'),
      first_heard_ms: eb.ref('excluded.first_heard_ms'), relay_ms: eb.ref('excluded.relay_ms'), speech_end_ms: eb.ref('excluded.speech_end_ms'),
    }))).execute())
  await inChunks(batch.events.filter(isKept), chunk => transaction.insertInto('events').values(chunk).onConflict(conflict => conflict.columns(['call_id', 'seq']).doNothing()).execute())
  await inChunks(batch.audio.filter(isKept), chunk => transaction.insertInto('audio').values(chunk).onConflict(conflict => conflict.column('key').doNothing()).execute())
  for (const { callId, conversationId, atMs, how, code } of batch.ended) {
    await transaction.updateTable('calls').set({ ended_at_ms: wholeMs(atMs), ended_how: storableText(how), ended_code: code === null ? null : storableText(code) })
      .where('id', '=', callId).where('conversation_id', '=', conversationId).execute()
  }
}

async function sumUp(transaction: Transaction, { calls }: Batch, owners: Owners) {
  const lastOf = new Map<string, number>()
  for (const [callId, { conversationId, lastAtMs }] of calls) {
    if (owners.get(callId)?.conversationId === conversationId) lastOf.set(conversationId, Math.max(lastAtMs, lastOf.get(conversationId) ?? 0))
  }
  for (const [id, lastAtMs] of lastOf) await countConversation(transaction, id, lastAtMs)
}
