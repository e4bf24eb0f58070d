import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import { storableText, wholeMs } from './storable.ts'
import type { Tables } from './tables.ts'

/** Entries wait in the spool while a database is away; nobody leaves it away for longer. */
const KEPT_MS = 30 * 86_400_000

/** Who asked to be forgotten isn't kept by name for it. */
export const ownerHash = (owner: string) => createHash('sha256').update(`kaiwa ${storableText(owner)}`).digest('hex')

/** @param forgotten when, by hash */
export const isForgotten = (forgotten: ReadonlyMap<string, number>, { owner, atMs }: { owner: string, atMs: number }) =>
  wholeMs(atMs) <= (forgotten.get(ownerHash(owner)) ?? -Infinity)

export async function forgetTombstones(db: Kysely<Tables>, nowMs: number): Promise<void> {
  for (const table of ['deleted_conversations', 'deleted_items', 'forgotten_owners'] as const) await db.deleteFrom(table).where('at_ms', '<', nowMs - KEPT_MS).execute()
}
