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

/** What a store must be able to do (`server/store/store.ts`), asked of any of them. */
export function describeStore(name: string, kind: StoreUnderTest): void {
  describe(`Store: ${name}`, () => {
    const scene = {} as StoreScene
    let closing: { close(): Promise<void> }[] = []
    const keep = <C extends { close(): Promise<void> }>(closable: C) => { closing.push(closable); return closable }
    // A store's thread keeps no process alive.
    let alive: NodeJS.Timeout

    beforeAll(async () => {
      alive = setInterval(() => {}, 60_000)
      await kind.prepare?.()
    })
    afterAll(async () => {
      await kind.done?.()
      clearInterval(alive)
    })
    beforeEach(async () => {
      scene.place = await kind.place()
      scene.clock = { nowMs: NOON_MS + 3_600_000 }
      scene.database = () => keep(kind.open(scene.place))
      scene.another = () => keep(createSqlStore(kind.open(scene.place), { nowMs: () => scene.clock.nowMs }))
      scene.store = scene.another()
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
    migrationContract(scene)
  })
}
