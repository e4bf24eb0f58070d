import type { StoreTrouble } from './store.ts'

export type SqlValue = string | number | bigint | Uint8Array | null

/** Nothing is thrown across threads: an error would arrive without its code. */
export type Outcome<T> = { done: T } | { failed: { code: StoreTrouble, message: string } }

export interface Executed { rows: Record<string, unknown>[], changes: number }

/** What the thread that holds the file is asked. A transaction is named, so that a thread that took another's place doesn't go on with half of one. */

export type SqliteOperations = {
  begin: { request: null, answer: Outcome<string> }
  end: { request: { transaction: string, how: 'commit' | 'rollback' }, answer: Outcome<null> }
  execute: { request: { sql: string, parameters: readonly SqlValue[], transaction: string | null }, answer: Outcome<Executed> }
  /** Empties the write-ahead log, in which deleted text may still stand. */
  scrub: { request: null, answer: Outcome<null> }
  close: { request: null, answer: Outcome<null> }
}

export interface SqliteFile {
  path: string
  /** How long another process may hold the file's lock. */
  busyTimeoutMs: number
  /** Pages of 4 KiB beyond which the database counts as full; undefined: the disk decides. */
  maxPages?: number
}
