import { batchOf } from './batch.ts'
import { readAudio, readConversation, readEvents, readPersonas } from './conversation.ts'
import type { Database } from './database.ts'
import { latencyQuantiles } from './latency.ts'
import { listConversations } from './list.ts'
import { migrate } from './migrate.ts'
import { deleteConversation, deleteItem, deleteOlderThan, deleteOwner } from './removal.ts'
import { readSpending } from './spending.ts'
import { storableText } from './storable.ts'
import { StoreError, type Store } from './store.ts'
import { entitleConversation, renameConversation } from './title.ts'
import { writeBatch } from './write.ts'

/** Begun and not ended. Full ⇒ the next is refused: a store this far behind would answer too late. */
const MAX_OPEN_OPERATIONS = 256
/** After a start that failed, so long the next is not tried. */
const RETRY_MS = 1_000

export interface SqlStore extends Store {
  /** The tables are as this version needs them. Every operation waits for it, and tries again when it failed. @throws StoreError */
  ready(): Promise<void>
}

/** What the databases reject with is a StoreError already; anything else is a bug of ours and says nothing to the outside. */
const asStoreError = (error: unknown) => error instanceof StoreError ? error : new StoreError('bad_query', `The store failed: ${error instanceof Error ? error.name : 'unknown'}.`)

/** The one store there is, over either database. */
export function createSqlStore(database: Database, { nowMs }: { nowMs(): number }): SqlStore {
  const { db, kind } = database
  let openOperations = 0
  let migrated: Promise<void> | undefined
  let failed: { error: StoreError, atMs: number } | undefined
  let closed = false

  function ready(): Promise<void> {
    if (failed && nowMs() - failed.atMs < RETRY_MS && nowMs() >= failed.atMs) return Promise.reject(failed.error)
    return migrated ??= migrate(database).catch((error: unknown) => {
      migrated = undefined
      failed = { error: asStoreError(error), atMs: nowMs() }
      throw failed.error
    })
  }

  async function run<T>(work: () => Promise<T>): Promise<T> {
    if (closed) throw new StoreError('gone', 'The store is closed.')
    if (openOperations >= MAX_OPEN_OPERATIONS) throw new StoreError('busy', 'Too much is asked of the store at once; try again.')
    openOperations++
    try {
      await ready()
      return await work()
    } catch (error) {
      throw asStoreError(error)
    } finally {
      openOperations--
    }
  }
  /** Ids as they were written. */
  const t = storableText

  return {
    kind,
    ready: () => run(() => Promise.resolve()),
    write: entries => run(async () => { if (entries.length > 0) await writeBatch(database, batchOf(entries)) }),
    list: (owner, ask) => run(() => listConversations(database, owner, ask)),
    get: (owner, id) => run(() => readConversation(db, t(owner), t(id))),
    personas: (owner, id) => run(() => readPersonas(db, t(owner), t(id))),
    events: (owner, id, ask) => run(() => readEvents(db, t(owner), t(id), ask)),
    audio: (owner, id) => run(() => readAudio(db, t(owner), t(id))),
    rename: (owner, id, title, version) => run(() => renameConversation(database, t(owner), t(id), title, version)),
    entitle: (id, title) => run(() => entitleConversation(database, t(id), title)),
    delete: (owner, id) => run(() => deleteConversation(database, t(owner), t(id), nowMs())),
    deleteItem: (owner, id, itemId) => run(() => deleteItem(database, t(owner), t(id), t(itemId), nowMs())),
    deleteOwner: owner => run(() => deleteOwner(database, t(owner), nowMs())),
    deleteOlderThan: (atMs, limit) => run(() => deleteOlderThan(database, atMs, limit, nowMs())),
    spending: ask => run(() => readSpending(db, ask)),
    latencyQuantiles: ask => run(() => latencyQuantiles(db, ask)),
    async close() {
      if (closed) return
      closed = true
      await database.close().catch(() => {})
    },
  }
}
