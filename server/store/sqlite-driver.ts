import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely'
import type { WorkerHost } from '../engine/workers/worker-host.ts'
import type { Outcome, SqliteOperations, SqlValue } from './sqlite-channel.ts'
import { storable } from './storable.ts'
import { StoreError } from './store.ts'

export function unwrap<T>(outcome: Outcome<T>): T {
  if ('failed' in outcome) throw new StoreError(outcome.failed.code, outcome.failed.message)
  return outcome.done
}

/** Kysely's side of the thread. There is one connection; Kysely lets one at a time have it. */
export function createSqliteDriver(host: Pick<WorkerHost<SqliteOperations>, 'call'>): Driver {
  let transaction: string | null = null

  const connection: DatabaseConnection = {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const { rows, changes } = unwrap(await host.call('execute', { sql, parameters: parameters.map(storable) as SqlValue[], transaction }))
      return { rows: rows as R[], numAffectedRows: BigInt(changes) }
    },
    streamQuery() { throw new StoreError('bad_query', 'The store reads in pages.') },
  }
  async function end(how: 'commit' | 'rollback') {
    const ended = transaction
    transaction = null
    if (ended !== null) unwrap(await host.call('end', { transaction: ended, how }))
  }

  return {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connection),
    async beginTransaction() { transaction = unwrap(await host.call('begin', null)) },
    commitTransaction: () => end('commit'),
    // What can't be rolled back any more is rolled back already; the failure that led here is the one to tell.
    rollbackTransaction: () => end('rollback').catch(() => {}),
    releaseConnection: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  }
}
