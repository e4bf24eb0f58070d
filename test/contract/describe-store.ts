import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import type { Database } from '../../server/store/database.ts'
import { createSqlStore, type SqlStore } from '../../server/store/sql-store.ts'
import { deletionContract } from './store-clauses/deletion.ts'
import { historyContract } from './store-clauses/history.ts'
import { migrationContract } from './store-clauses/migration.ts'
import { ownershipContract } from './store-clauses/ownership.ts'
import { searchContract } from './store-clauses/search.ts'
import { sumsContract } from './store-clauses/sums.ts'
import { writingContract } from './store-clauses/writing.ts'
import { NOON_MS } from './store-entries.ts'

/** One kind of database, of which a test gets an empty one. */
export interface StoreUnderTest {
  prepare?(): Promise<void>
  /** Where an empty one is. */
  place(): Promise<string>
  open(place: string): Database
  done?(): Promise<void>
}

/** What a clause works with: fresh for every test. */
export interface StoreScene {
  store: SqlStore
  /** Where it is. */
  place: string
  /** A server's wall clock. */
  clock: { nowMs: number }
  /** Another node, or the same one started again. */
  another(): SqlStore
  database(): Database
}

const TABLES = [
  'conversations', 'responses', 'persona_versions', 'spending', 'deleted_conversations', 'deleted_items', 'forgotten_owners',
] as const

/** What a store must be able to do (`server/store/store.ts`), asked of any of them. */
export function describeStore(name: string, kind: StoreUnderTest): void {
  describe(`Store: ${name}`, () => {
    const scene = { clock: { nowMs: 0 } } as StoreScene
    let closing: { close(): Promise<void> }[] = []
    const keep = <C extends { close(): Promise<void> }>(closable: C) => { closing.push(closable); return closable }
    const openAt = (place: string) => createSqlStore(kind.open(place), { nowMs: () => scene.clock.nowMs })
    scene.database = () => keep(kind.open(scene.place))
    scene.another = () => keep(openAt(scene.place))
    // A store's thread keeps no process alive.
    let alive: NodeJS.Timeout
    /** Emptied for each test, because making one takes longer than most tests. */
    let shared: { place: string, store: SqlStore, database: Database }

    beforeAll(async () => {
      alive = setInterval(() => {}, 60_000)
      await kind.prepare?.()
      const place = await kind.place()
      shared = { place, store: openAt(place), database: kind.open(place) }
    })
    afterAll(async () => {
      await Promise.all([shared.store.close(), shared.database.close()])
      await kind.done?.()
      clearInterval(alive)
    })
    beforeEach(async () => {
      scene.clock.nowMs = NOON_MS + 3_600_000
      scene.place = shared.place
      scene.store = shared.store
      await shared.store.ready()
      for (const table of TABLES) await shared.database.db.deleteFrom(table).execute()
    })
    afterEach(async () => {
      await Promise.all(closing.map(closable => closable.close()))
      closing = []
    })

    writingContract(scene)
    historyContract(scene)
    searchContract(scene)
    ownershipContract(scene)
    deletionContract(scene)
    sumsContract(scene)
    describe('anew', () => {
      beforeEach(async () => {
        scene.place = await kind.place()
        scene.store = scene.another()
      })
      migrationContract(scene)
    })
  })
}
