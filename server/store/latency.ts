import { sql, type Kysely } from 'kysely'
import type { Store } from './store.ts'
import type { Tables } from './tables.ts'

type Ask = Parameters<Store['latencyQuantiles']>[0]
type Quantiles = Awaited<ReturnType<Store['latencyQuantiles']>>

/** By nearest rank: a value that was measured, never one between two. */
async function quantilesOf(db: Kysely<Tables>, column: 'first_audio_ms' | 'first_heard_ms' | 'relay_ms', ask: Ask) {
  let measured = db.selectFrom('latencies').where(column, 'is not', null).where('day' in ask ? 'day' : 'call_id', '=', 'day' in ask ? ask.day : ask.callId)
  if (ask.owner !== undefined) measured = measured.where('conversation_id', 'in', db.selectFrom('conversations').select('id').where('owner', '=', ask.owner))
  const ranked = measured
    .select(eb => [eb.ref(column).as('value'), sql<number>`row_number() over (order by ${eb.ref(column)})`.as('place'), sql<number>`count(*) over ()`.as('total')])
  // Whole numbers on both databases: ceil(total / 2), ceil(total * 95 / 100).
  const rows = await db.selectFrom(ranked.as('ranked')).selectAll().where(sql<boolean>`place = (total + 1) / 2 or place = (total * 95 + 99) / 100`).orderBy('place').execute()
  const [first, last] = [rows[0]?.value, rows.at(-1)?.value]
  return first == null || last == null ? null : { p50: first, p95: last }
}

export async function latencyQuantiles(db: Kysely<Tables>, ask: Ask): Promise<Quantiles> {
  const [firstAudioMs, firstHeardMs, relayMs] = await Promise.all([quantilesOf(db, 'first_audio_ms', ask), quantilesOf(db, 'first_heard_ms', ask), quantilesOf(db, 'relay_ms', ask)])
  return { firstAudioMs, firstHeardMs, relayMs }
}
