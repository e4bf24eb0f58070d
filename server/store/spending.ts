import { sql, type Kysely } from 'kysely'
import type { UsageAmount } from '../../shared/calls.ts'
import { dayOf } from '../metering/ledger.ts'
import type { SpendingRow } from './store.ts'
import type { ResponseRow, SpendingSums, Tables } from './tables.ts'

/** Owner of what was spent by somebody who had everything about them deleted. */
const FORGOTTEN = 'forgotten'
/** A year, and the month in which it is looked at. */
const KEPT_DAYS = 400

const COUNTS = ['responses', 'text_in', 'audio_in', 'image_in', 'cached_text', 'cached_audio', 'cached_image', 'text_out', 'audio_out', 'transcription_seconds'] as const
const count = (value: unknown) => typeof value === 'number' && Number.isFinite(value) ? value : 0

function sumsOf(row: ResponseRow & { owner: string }): SpendingSums {
  const usage = row.usage === null ? undefined : JSON.parse(row.usage) as UsageAmount
  return {
    day: dayOf(row.at_ms), owner: row.owner, model: row.model, prices_of: row.prices_of ?? '', responses: row.kind === 'response' ? 1 : 0, usd: row.usd,
    text_in: count(usage?.input_tokens.text), audio_in: count(usage?.input_tokens.audio), image_in: count(usage?.input_tokens.image),
    cached_text: count(usage?.input_tokens.cached_text), cached_audio: count(usage?.input_tokens.cached_audio),
    cached_image: count(usage?.input_tokens.cached_image),
    text_out: count(usage?.output_tokens.text), audio_out: count(usage?.output_tokens.audio), transcription_seconds: count(usage?.transcription_seconds),
  }
}

const plus = (one: SpendingSums, other: SpendingSums): SpendingSums => ({
  ...one,
  usd: one.usd === null && other.usd === null ? null : (one.usd ?? 0) + (other.usd ?? 0),
  ...Object.fromEntries(COUNTS.map(name => [name, one[name] + other[name]])),
})

async function addSums(transaction: Kysely<Tables>, given: readonly SpendingSums[]) {
  const sums = new Map<string, SpendingSums>()
  for (const row of given) {
    const key = JSON.stringify([row.day, row.owner, row.model, row.prices_of])
    const before = sums.get(key)
    sums.set(key, before ? plus(before, row) : row)
  }
  if (sums.size === 0) return
  // In one order, so that two nodes never wait for each other.
  const rows = [...sums].sort(([one], [other]) => one < other ? -1 : 1).map(([, row]) => row)
  await transaction.insertInto('spending').values(rows).onConflict(conflict => conflict.columns(['day', 'owner', 'model', 'prices_of']).doUpdateSet(eb => ({
    usd: sql<number>`case when ${eb.ref('spending.usd')} is null then excluded.usd when excluded.usd is null then ${eb.ref('spending.usd')} else ${eb.ref('spending.usd')} + excluded.usd end`,
    ...Object.fromEntries(COUNTS.map(name => [name, sql<number>`${eb.ref(`spending.${name}`)} + ${sql.ref(`excluded.${name}`)}`])),
  }))).execute()
}

/** Adds responses that were not counted before to the sums of their days. */
export const addSpending = (transaction: Kysely<Tables>, rows: readonly (ResponseRow & { owner: string })[]) => addSums(transaction, rows.map(sumsOf))

export async function forgetOwnersSpending(transaction: Kysely<Tables>, owner: string) {
  const rows = await transaction.deleteFrom('spending').where('owner', '=', owner).returningAll().execute()
  for (let at = 0; at < rows.length; at += 50) await addSums(transaction, rows.slice(at, at + 50).map(row => ({ ...row, owner: FORGOTTEN })))
}

export const forgetOldSpending = (db: Kysely<Tables>, nowMs: number) => db.deleteFrom('spending').where('day', '<', dayOf(nowMs - KEPT_DAYS * 86_400_000)).execute()

/** @param ask days as `YYYY-MM-DD` (UTC), both included */
export async function readSpending(db: Kysely<Tables>, ask: { fromDay: string, toDay: string, owner?: string }): Promise<SpendingRow[]> {
  let query = db.selectFrom('spending').selectAll().where('day', '>=', ask.fromDay).where('day', '<=', ask.toDay)
  if (ask.owner !== undefined) query = query.where('owner', '=', ask.owner)
  const rows = await query.orderBy('day').orderBy('owner').orderBy('model').orderBy('prices_of').execute()
  return rows.map(row => ({
    day: row.day, owner: row.owner, model: row.model, responses: row.responses, pricesOf: row.prices_of || null,
    usage: {
      usd: row.usd,
      input_tokens: {
        text: row.text_in, audio: row.audio_in, image: row.image_in, cached_text: row.cached_text, cached_audio: row.cached_audio,
        cached_image: row.cached_image,
      },
      output_tokens: { text: row.text_out, audio: row.audio_out },
      transcription_seconds: row.transcription_seconds,
    },
  }))
}
