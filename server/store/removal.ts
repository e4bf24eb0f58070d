import type { Kysely } from 'kysely'
import { inChunks } from './chunks.ts'
import { countConversation } from './conversation-sums.ts'
import type { Database } from './database.ts'
import { forgetOwnersSpending, forgetOldSpending } from './spending.ts'
import { forgetTombstones, ownerHash } from './tombstones.ts'
import type { Tables } from './tables.ts'

/** Conversations of one transaction: others don't wait long. */
const BATCH = 10

/** Some of them. */
type Conversations = ReturnType<typeof allConversations>
const allConversations = (db: Kysely<Tables>) => db.selectFrom('conversations')

interface Removed { removed: boolean, audioKeys: string[] }

/** Out of the tables, and out of the chain: what stood after one of them stands after the one before. */
export async function removeItems(transaction: Kysely<Tables>, conversationId: string, itemIds: readonly string[], atMs: number): Promise<Removed> {
  let removed = false
  const audioKeys: string[] = []
  for (const itemId of itemIds) {
    await transaction.insertInto('deleted_items').values({ conversation_id: conversationId, item_id: itemId, at_ms: atMs })
      .onConflict(conflict => conflict.columns(['conversation_id', 'item_id']).doNothing()).execute()
    const item = await transaction.deleteFrom('items').where('conversation_id', '=', conversationId).where('id', '=', itemId).returning('after_id').executeTakeFirst()
    removed ||= item !== undefined
    if (item) {
      await transaction.updateTable('items').set({ after_id: item.after_id }).where('conversation_id', '=', conversationId).where('after_id', '=', itemId).execute()
      // Conversations that branched off there have what came before it.
      await transaction.updateTable('conversations').set({ branch_after: item.after_id }).where('branch_of', '=', conversationId).where('branch_after', '=', itemId).execute()
    }
    await transaction.deleteFrom('search_docs').where('conversation_id', '=', conversationId).where('item_id', '=', itemId).execute()
    // Events say what was said, too.
    await transaction.deleteFrom('events').where('conversation_id', '=', conversationId).where('payload', 'like', `%${itemId.replace(/[\\%_]/g, '_')}%`).execute()
    const audio = await transaction.deleteFrom('audio').where('conversation_id', '=', conversationId).where('item_id', '=', itemId).returning('key').execute()
    audioKeys.push(...audio.map(({ key }) => key))
  }
  return { removed, audioKeys }
}

export async function deleteItem(database: Database, owner: string, id: string, itemId: string, nowMs: number): Promise<{ audioKeys: string[] } | undefined> {
  const done = await database.db.transaction().execute(async transaction => {
    const conversation = await database.locked(transaction.selectFrom('conversations').where('id', '=', id).where('owner', '=', owner)).select('id').executeTakeFirst()
    if (!conversation) return undefined
    const there = await transaction.selectFrom('items').select('id').where('conversation_id', '=', id).where('id', '=', itemId).executeTakeFirst()
    if (!there) return undefined
    const { audioKeys } = await removeItems(transaction, id, [itemId], nowMs)
    await countConversation(transaction, id)
    return { audioKeys }
  })
  if (done) await scrub(database)
  return done
}

/** The rest goes with its conversation. */
async function deleteConversations(transaction: Kysely<Tables>, ids: readonly string[], nowMs: number): Promise<string[]> {
  await transaction.insertInto('deleted_conversations').values(ids.map(id => ({ id, at_ms: nowMs }))).onConflict(conflict => conflict.column('id').doNothing()).execute()
  const audio = await transaction.selectFrom('audio').select('key').where('conversation_id', 'in', ids).execute()
  const calls = await transaction.selectFrom('calls').select('persona_version').where('conversation_id', 'in', ids).distinct().execute()
  await transaction.deleteFrom('deleted_items').where('conversation_id', 'in', ids).execute()
  await transaction.deleteFrom('conversations').where('id', 'in', ids).execute()
  const versions = calls.flatMap(({ persona_version }) => persona_version ?? [])
  await inChunks(versions, chunk => transaction.deleteFrom('persona_versions').where('version', 'in', chunk)
    .where(eb => eb.not(eb.exists(eb.selectFrom('calls').select('calls.id').whereRef('calls.persona_version', '=', 'persona_versions.version')))).execute())
  return audio.map(({ key }) => key)
}

export async function deleteConversation(database: Database, owner: string, id: string, nowMs: number): Promise<{ audioKeys: string[] } | undefined> {
  const done = await database.db.transaction().execute(async transaction => {
    const conversation = await database.locked(transaction.selectFrom('conversations').where('id', '=', id).where('owner', '=', owner)).select('id').executeTakeFirst()
    return conversation && { audioKeys: await deleteConversations(transaction, [id], nowMs) }
  })
  if (done) await scrub(database)
  return done
}

export async function deleteOwner(database: Database, owner: string, nowMs: number): Promise<{ conversations: number, audioKeys: string[] }> {
  await database.db.insertInto('forgotten_owners').values({ owner_hash: ownerHash(owner), at_ms: nowMs })
    .onConflict(conflict => conflict.column('owner_hash').doUpdateSet({ at_ms: nowMs })).execute()
  const deleted = { conversations: 0, audioKeys: [] as string[] }
  for (;;) {
    const ids = await deleteSome(database, BATCH, nowMs, transaction => allConversations(transaction).where('owner', '=', owner))
    deleted.conversations += ids.conversations
    deleted.audioKeys.push(...ids.audioKeys)
    // Until none is left: a call may have begun meanwhile.
    if (ids.conversations === 0) break
  }
  await database.db.transaction().execute(transaction => forgetOwnersSpending(transaction, owner))
  await scrub(database)
  return deleted
}

export async function deleteOlderThan(database: Database, atMs: number, limit: number, nowMs: number): Promise<{ conversations: number, audioKeys: string[] }> {
  const deleted = await deleteSome(database, limit, nowMs, transaction => allConversations(transaction).where('last_at_ms', '<', atMs))
  if (deleted.conversations > 0) await scrub(database)
  await forgetTombstones(database.db, nowMs)
  await forgetOldSpending(database.db, nowMs)
  return deleted
}

function deleteSome(database: Database, limit: number, nowMs: number, some: (transaction: Kysely<Tables>) => Conversations) {
  return database.db.transaction().execute(async transaction => {
    const rows = await database.locked(some(transaction).orderBy('id').limit(limit)).select('id').execute()
    const audioKeys = rows.length === 0 ? [] : await deleteConversations(transaction, rows.map(({ id }) => id), nowMs)
    return { conversations: rows.length, audioKeys }
  })
}

/** The deletion stands, whether or not the log could be emptied: another process may be reading it. */
const scrub = (database: Database) => database.scrub().catch(() => {})
