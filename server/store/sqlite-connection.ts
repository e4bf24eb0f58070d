import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Handlers } from '../engine/workers/worker-side.ts'
import type { Executed, Outcome, SqliteFile, SqliteOperations, SqlValue } from './sqlite-channel.ts'
import { sqliteTrouble } from './sqlite-trouble.ts'
import type { StoreTrouble } from './store.ts'

/** `Kaiw`: tells our files from those of other programs. */
const APPLICATION_ID = 0x4b616977
const MAX_STATEMENTS = 200
/** Inserts of many rows come in as many lengths; keeping them would only fill the cache. */
const MAX_KEPT_SQL = 4_000

class FileTrouble extends Error {
  readonly code: StoreTrouble
  constructor(code: StoreTrouble, message: string) {
    super(message)
    this.code = code
  }
}

/** Full: a commit is on the disk when it is told, because the spool forgets its entries then. */
const PRAGMAS = ['journal_mode = wal', 'synchronous = full', 'secure_delete = on', 'foreign_keys = on', 'temp_store = memory', 'cache_size = -16000', 'journal_size_limit = 67108864']

function openFile({ path, busyTimeoutMs, maxPages }: SqliteFile): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs, enableDoubleQuotedStringLiterals: false })
  try {
    refuseForeign(database, path)
    for (const pragma of PRAGMAS) database.exec(`pragma ${pragma}`)
    if (maxPages !== undefined) database.exec(`pragma max_page_count = ${maxPages}`)
    // What was said is nobody else's on this machine; the files beside it take over its mode.
    chmodSync(path, 0o600)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function refuseForeign(database: DatabaseSync, path: string) {
  const found = database.prepare('select (select application_id from pragma_application_id) as id, (select count(*) from sqlite_master) as things').get() as { id: number, things: number }
  if (found.id === APPLICATION_ID) return
  if (found.id !== 0 || found.things > 0) throw new FileTrouble('broken', `${path} is a database of another program; move it away, or name another folder with KAIWA_DATA_DIR.`)
  database.exec(`pragma application_id = ${APPLICATION_ID}`)
}

interface KeptStatement { statement: StatementSync, reads: boolean }

/** Statements by their text, the longest unused dropped first. */
function createStatements(database: DatabaseSync) {
  const kept = new Map<string, KeptStatement>()
  return {
    of(sql: string): KeptStatement {
      const known = kept.get(sql)
      if (known) {
        kept.delete(sql)
        kept.set(sql, known)
        return known
      }
      const statement = database.prepare(sql)
      const fresh = { statement, reads: statement.columns().length > 0 }
      if (sql.length <= MAX_KEPT_SQL && !/^\s*(create|alter|drop|pragma)/i.test(sql)) kept.set(sql, fresh)
      if (kept.size > MAX_STATEMENTS) kept.delete(kept.keys().next().value!)
      return fresh
    },
    forget: () => kept.clear(),
  }
}

/**
 * The file, and what is done with it: all of it blocks, so it lives in a thread of its own. Opened by the first request; one that can't
 * be opened is tried again by the next.
 * @param name tells this thread's transactions from another's
 */
export function createSqliteConnection(file: SqliteFile, name: string): Handlers<SqliteOperations> {
  let open: { database: DatabaseSync, statements: ReturnType<typeof createStatements> } | undefined
  let transaction: string | undefined
  let transactions = 0

  function opened() {
    if (open) return open
    const database = openFile(file)
    return open = { database, statements: createStatements(database) }
  }
  const outcome = <T>(work: () => T): Outcome<T> => {
    try {
      return { done: work() }
    } catch (error) {
      return { failed: error instanceof FileTrouble ? { code: error.code, message: error.message } : sqliteTrouble(error) }
    }
  }
  function run(sql: string, parameters: readonly SqlValue[]): Executed {
    const { statement, reads } = opened().statements.of(sql)
    if (reads) return { rows: statement.all(...parameters), changes: 0 }
    const executed = { rows: [], changes: Number(statement.run(...parameters).changes) }
    if (/^\s*(create|alter|drop)/i.test(sql)) opened().statements.forget()
    return executed
  }
  /** A full disk ends a transaction by itself. */
  function rollBack() {
    transaction = undefined
    if (open?.database.isTransaction) open.database.exec('rollback')
  }
  function own(named: string | null) {
    if (named !== (transaction ?? null)) throw new FileTrouble('gone', 'The database thread was started again in the middle of a change, which was undone.')
  }

  return {
    begin: () => outcome(() => {
      const { database } = opened()
      rollBack()
      // Immediate: the lock is waited for here, and not refused in the middle.
      database.exec('begin immediate')
      return transaction = `${name}-${++transactions}`
    }),
    end: request => outcome(() => {
      if (request.how === 'rollback') {
        if (request.transaction === transaction) rollBack()
        return null
      }
      own(request.transaction)
      opened().database.exec('commit')
      transaction = undefined
      return null
    }),
    execute: ({ sql, parameters, transaction: named }) => outcome(() => {
      own(named)
      return run(sql, parameters)
    }),
    scrub: () => outcome(() => {
      opened().database.exec('pragma wal_checkpoint(truncate)')
      return null
    }),
    close: () => outcome(() => {
      open?.database.close()
      open = undefined
      return null
    }),
  }
}
