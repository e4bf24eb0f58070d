import { Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { createWorkerHost, type Unanswered, type WorkerHost } from '../engine/workers/worker-host.ts'
import type { Database } from './database.ts'
import { createSqliteDriver, unwrap } from './sqlite-driver.ts'
import type { SqliteFile, SqliteOperations } from './sqlite-channel.ts'
import { sqliteSchema, sqliteSearch } from './sqlite-search.ts'
import { StoreError, type StoreTrouble } from './store.ts'
import type { Tables } from './tables.ts'

export interface SqliteDatabaseOptions {
  path: string
  /** @default the worker's source beside this file, which plain Node runs */
  workerUrl?: URL | string | undefined
  /** @default 2000 */
  busyTimeoutMs?: number
  maxPages?: number
  /** One statement; after it the thread is given up. @default 15000 */
  statementTimeoutMs?: number
}

/** One statement at a time comes from Kysely; the rest of the bound is for ends and scrubs. */
const MAX_OPEN_REQUESTS = 64
const CLOSE_TIMEOUT_MS = 3_000

const unanswered: Record<Unanswered, [StoreTrouble, string]> = {
  refused: ['bad_query', 'The database thread refused a request.'],
  unable: ['broken', 'The database thread can\'t run.'],
  behind: ['busy', 'The database is behind; try again.'],
  gone: ['gone', 'The database thread ended and is started again.'],
  timeout: ['timeout', 'The database took too long and its thread was started again.'],
  closed: ['gone', 'The store is closed.'],
}

/** Unlike Kysely's: schema changes are part of a transaction here, since ours begin with the file's lock. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl() { return true }
}

/** SQLite in a file, in a thread. */
export function createSqliteDatabase({ path, workerUrl, busyTimeoutMs = 2_000, maxPages, statementTimeoutMs = 15_000 }: SqliteDatabaseOptions): Database {
  const host: WorkerHost<SqliteOperations> = createWorkerHost<SqliteOperations>({
    stage: 'store',
    url: workerUrl ?? new URL('./sqlite.worker.ts', import.meta.url),
    data: { path, busyTimeoutMs, ...(maxPages !== undefined && { maxPages }) } satisfies SqliteFile,
    maxOpenRequests: MAX_OPEN_REQUESTS,
    timeoutMs: statementTimeoutMs,
    fault: (_message, why) => new StoreError(...unanswered[why]),
  })
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new TransactionalSqliteAdapter(),
      createDriver: () => createSqliteDriver(host),
      createIntrospector: kysely => new SqliteIntrospector(kysely),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
  return {
    kind: 'sqlite',
    db,
    schema: sqliteSchema,
    search: sqliteSearch,
    schemaName: undefined,
    // A transaction holds the whole file.
    locked: rows => rows,
    lockForMigration: () => Promise.resolve(),
    async scrub() { unwrap(await host.call('scrub', null)) },
    async close() {
      const closing = host.call('close', null).then(unwrap).catch(() => null)
      await Promise.race([closing, new Promise(resolve => { setTimeout(resolve, CLOSE_TIMEOUT_MS).unref() })])
      await db.destroy()
      await host.close()
    },
  }
}
