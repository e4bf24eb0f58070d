import { join } from 'node:path'
import type { Settings } from '../config/settings.ts'
import type { Log } from '../log.ts'
import type { Database } from './database.ts'
import { createPostgresDatabase } from './postgres-database.ts'
import { createSqlStore } from './sql-store.ts'
import { createSqliteDatabase } from './sqlite-database.ts'
import { StoreError, type Store, type StoreTrouble } from './store.ts'

export interface OpenStoreOptions {
  /** In the built server the worker is a file of its own, `worker-file.ts`. @default its source, which plain Node runs */
  workerUrl?: URL | string
  /** Wall clock, Unix milliseconds. @default Date.now */
  nowMs?: () => number
}

/** In the data folder. */
export const STORE_FILE = 'conversations.sqlite'

/** These pass, or are somebody's to mend while the server runs: meanwhile the spool keeps what is said. */
const passing: readonly StoreTrouble[] = ['busy', 'gone', 'timeout', 'full']

function databaseOf({ store, dataDir }: Pick<Settings, 'store' | 'dataDir'>, log: Log, workerUrl: URL | string | undefined): Database {
  if (store.databaseUrl === undefined) return createSqliteDatabase({ path: join(dataDir, STORE_FILE), workerUrl })
  return createPostgresDatabase({ url: store.databaseUrl, onIdleTrouble: sentence => log.warn({ why: sentence }, 'a connection to the database broke') })
}

/**
 * The store as the settings say, its tables brought to this version. A database that can't be reached yet doesn't hold the server up: each
 * operation tries again.
 * @throws StoreError what only somebody can mend: a newer version's database, another program's, one that is broken or may not be written
 */
export async function openStore(settings: Pick<Settings, 'store' | 'dataDir'>, log: Log, { workerUrl, nowMs = () => Date.now() }: OpenStoreOptions = {}): Promise<Store> {
  const store = createSqlStore(databaseOf(settings, log, workerUrl), { nowMs })
  try {
    await store.ready()
  } catch (error) {
    if (!(error instanceof StoreError) || !passing.includes(error.code)) {
      await store.close()
      throw error
    }
    log.error({ code: error.code, why: error.message }, 'the store of conversations can\'t be used yet')
  }
  return store
}
