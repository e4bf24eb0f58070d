import type { PostgresPool, PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { postgresTrouble } from './postgres-trouble.ts'
import { storable } from './storable.ts'
import { StoreError } from './store.ts'

export interface PostgresPoolOptions {
  url: string
  /** @default 10 */
  maxConnections?: number
  /** @default 5000 */
  connectTimeoutMs?: number
  /** One statement. @default 15000 */
  statementTimeoutMs?: number
  /** A connection that nobody used broke: the next use opens another. */
  onIdleTrouble(sentence: string): void
}

const BIGINT = 20
/** The server is asked first to stop a statement; this much later nobody waits for it any more. */
const GRACE_MS = 2_000
/** Between two statements of one change there is nothing but our own work. */
const IDLE_IN_TRANSACTION_MS = 30_000

/** Milliseconds and counts stay far below 2^53. */
const types = { getTypeParser: ((oid: number, format?: 'text' | 'binary') => oid === BIGINT ? Number : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser }

const failure = (error: unknown) => {
  const { code, message } = postgresTrouble(error)
  return new StoreError(code, message)
}

/** pg's pool as Kysely takes one: bounded, with timeouts, and with errors that show nothing of the address. */
export function createPostgresPool(options: PostgresPoolOptions): PostgresPool {
  const { url, maxConnections = 10, connectTimeoutMs = 5_000, statementTimeoutMs = 15_000, onIdleTrouble } = options
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + GRACE_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    application_name: 'kaiwa',
    allowExitOnIdle: true,
    types,
  })
  pool.on('error', error => onIdleTrouble(postgresTrouble(error).message))

  const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>()
  function wrap(client: pg.PoolClient): PostgresPoolClient {
    let isSpent = false
    const wrapper = {
      async query(sql: string, parameters: readonly unknown[]) {
        try {
          return await client.query(sql, parameters.map(storable))
        } catch (error) {
          const told = failure(error)
          isSpent ||= told.code === 'gone' || told.code === 'timeout'
          throw told
        }
      },
      release: (isDiscarded?: boolean) => client.release(isSpent || Boolean(isDiscarded)),
    }
    return wrapper as unknown as PostgresPoolClient
  }

  return {
    async connect() {
      try {
        const client = await pool.connect()
        const known = wrapped.get(client)
        if (known) return known
        // An error between two queries has no other listener, and would end the process.
        client.on('error', error => onIdleTrouble(postgresTrouble(error).message))
        const fresh = wrap(client)
        wrapped.set(client, fresh)
        return fresh
      } catch (error) {
        if (pool.totalCount >= maxConnections && /timeout exceeded/.test((error as Error).message)) {
          throw new StoreError('busy', 'All connections to PostgreSQL are in use; try again.')
        }
        throw failure(error)
      }
    },
    end: () => pool.end(),
    options: {},
  } as PostgresPool
}
