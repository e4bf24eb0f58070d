import { sql, type Kysely } from 'kysely'
import { boundedLimit, pageOf, placeOf, type Place } from './cursor.ts'
import type { Database } from './database.ts'
import { searchQuery, type SearchPhrase } from './search-words.ts'
import { hitIn, snippetOf } from './snippet.ts'
import type { ConversationHead, Page } from './store.ts'
import type { ConversationRow, Tables } from './tables.ts'

/** So many of the newest conversations, with so many items together, are looked through before the index is asked. */
const WALKED_CONVERSATIONS = 100
const WALKED_ITEMS = 2000
/** Of the places where a conversation was found, the newest are compared; of a long text its beginning. */
const COMPARED_HITS = 3
const COMPARED_CHARACTERS = 8000

export const headOf = (row: ConversationRow): ConversationHead => ({
  id: row.id, title: row.title, summary: row.summary, titleBy: row.title_by, personaId: row.persona_id, personaName: row.persona_name,
  beganAtMs: row.began_at_ms, lastAtMs: row.last_at_ms, calls: row.calls, items: row.items, spokenMs: row.spoken_ms, usd: row.usd,
  branchOf: row.branch_of === null ? null : { conversationId: row.branch_of, afterItemId: row.branch_after },
  hasAudio: row.has_audio === 1, version: row.version,
})

const placeOfRow = (row: Pick<ConversationRow, 'last_at_ms' | 'id'>): Place => [row.last_at_ms, row.id]

/** An owner's, newest first, from a place on. */
function conversationsOf(db: Pick<Kysely<Tables>, 'selectFrom'>, owner: string, after: Place | undefined) {
  const all = db.selectFrom('conversations').where('owner', '=', owner).orderBy('last_at_ms', 'desc').orderBy('id', 'desc')
  return after ? all.where(sql<boolean>`(last_at_ms, id) < (${after[0]}, ${after[1]})`) : all
}

interface ListAsk { query?: string, after?: string, limit: number }

/** @throws StoreError `bad_query` */
export async function listConversations(database: Database, owner: string, ask: ListAsk): Promise<Page<ConversationHead>> {
  const limit = boundedLimit(ask.limit)
  const after = ask.after === undefined ? undefined : placeOf(ask.after, ['number', 'string'])
  if (ask.query === undefined || ask.query.trim() === '') {
    return pageOf(await conversationsOf(database.db, owner, after).selectAll().limit(limit + 1).execute(), limit, placeOfRow, headOf)
  }
  const query = searchQuery(ask.query)
  // Nothing but signs: no text has them as a word.
  if (query.length === 0) return { entries: [], next: null }
  const rows = await walk(database, owner, query, after, limit) ?? await askIndex(database, owner, query, after, limit)
  const page = pageOf(rows, limit, placeOfRow, headOf)
  const found = await foundIn(database, page.entries.map(({ id }) => id), query)
  return { ...page, entries: page.entries.map(head => ({ ...head, ...(found.has(head.id) && { found: found.get(head.id)! }) })) }
}

/**
 * What is said often is found among the newest, row by row; through the index it would be found everywhere first. Undefined: there may be more
 * than was looked through.
 */
async function walk({ db, search }: Database, owner: string, query: readonly SearchPhrase[], after: Place | undefined, limit: number) {
  const newest = await conversationsOf(db, owner, after).select(['id', 'items']).limit(WALKED_CONVERSATIONS).execute()
  let items = 0
  // From the newest on without a gap.
  const walked = newest.filter(row => (items += row.items) <= WALKED_ITEMS).map(({ id }) => id)
  const hits = walked.length === 0
    ? []
    : await db.selectFrom('search_docs').where('conversation_id', 'in', walked).where(search.holds(query)).select('conversation_id').distinct().execute()
  const isAll = walked.length === newest.length && newest.length < WALKED_CONVERSATIONS
  if (!isAll && hits.length <= limit) return undefined
  if (hits.length === 0) return []
  return await conversationsOf(db, owner, after).selectAll().where('id', 'in', hits.map(hit => hit.conversation_id)).limit(limit + 1).execute()
}

type Found = NonNullable<ConversationHead['found']>

/** Materialized, or PostgreSQL asks the index anew for every conversation. */
function askIndex({ db, search }: Database, owner: string, query: readonly SearchPhrase[], after: Place | undefined, limit: number) {
  const withHits = db.with(cte => cte('hits').materialized(), make => make.selectFrom('search_docs').where(search.matches(query)).select('conversation_id').distinct())
  return conversationsOf(withHits, owner, after).selectAll().where(sql<boolean>`id in (select conversation_id from hits)`).limit(limit + 1).execute()
}

/** In which item each was found: the one with most hits among the newest. A conversation that is found by its title alone is not in it. */
async function foundIn({ db, search }: Database, ids: readonly string[], query: readonly SearchPhrase[]): Promise<Map<string, Found>> {
  const found = new Map<string, Found & { hits: number }>()
  if (ids.length === 0) return found
  const places = db.selectFrom('search_docs').where('conversation_id', 'in', ids).where('item_id', '<>', '').where(search.holds(query))
    .select(['conversation_id', 'item_id', sql<number>`row_number() over (partition by conversation_id order by ref desc)`.as('place')])
  const hits = await db.selectFrom(places.as('hits')).innerJoin('items', join => join.onRef('items.conversation_id', '=', 'hits.conversation_id').onRef('items.id', '=', 'hits.item_id'))
    .where('place', '<=', COMPARED_HITS).orderBy('hits.conversation_id').orderBy('place')
    .select(['hits.conversation_id as conversationId', 'hits.item_id as itemId', sql<string>`substr(items.text, 1, ${sql.lit(COMPARED_CHARACTERS)})`.as('text')]).execute()
  for (const { conversationId, itemId, text } of hits) {
    const count = hitIn(text, query)?.hits ?? 0
    if (count > (found.get(conversationId)?.hits ?? -1)) found.set(conversationId, { itemId, snippet: snippetOf(text, query), hits: count })
  }
  return new Map([...found].map(([id, { itemId, snippet }]) => [id, { itemId, snippet }]))
}
