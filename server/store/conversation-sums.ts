import { sql, type Kysely } from 'kysely'
import type { Tables } from './tables.ts'

/** What a list shows of a conversation, counted anew: sums that are added to drift. @param lastAtMs of what was written to it */
export async function countConversation(transaction: Kysely<Tables>, id: string, lastAtMs = 0) {
  await transaction.updateTable('conversations').where('id', '=', id).set(eb => ({
    last_at_ms: sql<number>`case when last_at_ms < ${lastAtMs} then ${lastAtMs} else last_at_ms end`,
    calls: eb.selectFrom('calls').where('conversation_id', '=', id).select(eb.fn.countAll<number>().as('n')),
    items: eb.selectFrom('items').where('conversation_id', '=', id).select(eb.fn.countAll<number>().as('n')),
    spoken_ms: eb.selectFrom('items').where('conversation_id', '=', id).select(sql<number>`coalesce(sum(spoken_ms), 0)`.as('n')),
    usd: eb.selectFrom('responses').where('conversation_id', '=', id).select(eb.fn.sum<number>('usd').as('n')),
    has_audio: sql<number>`case when ${eb.exists(eb.selectFrom('audio').where('conversation_id', '=', id).select('key'))} then 1 else 0 end`,
  })).execute()
}
