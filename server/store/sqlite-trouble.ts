import type { StoreTrouble } from './store.ts'

interface SqliteFault { code?: unknown, errcode?: unknown, errstr?: unknown, message?: unknown }

const IOERR = 10
/** Shared memory beside the file couldn't grow: in practice a full disk. */
const IOERR_SHMSIZE = IOERR | (19 << 8)

/** Primary result codes, https://sqlite.org/rescode.html. */
const troubles = new Map<number, [StoreTrouble, string]>([
  [5, ['busy', 'The database file is locked by another program; it is tried again.']],
  [6, ['busy', 'The database file is locked by another program; it is tried again.']],
  [7, ['busy', 'There is too little memory for the database; it is tried again.']],
  [9, ['timeout', 'The database took too long.']],
  [3, ['read_only', 'The database file may not be written; give the server\'s user the right to.']],
  [8, ['read_only', 'The database file is read-only; make it, and its folder, writable for the server\'s user.']],
  [23, ['read_only', 'The database file may not be used; give the server\'s user the right to.']],
  [13, ['full', 'The disk with the database is full; free some space.']],
  [14, ['gone', 'The database file can\'t be opened; look whether its folder is there and belongs to the server\'s user.']],
  [IOERR, ['broken', 'The disk failed while the database was read or written.']],
  [11, ['broken', 'The database file is damaged; put a backup in its place, or move it away to begin anew.']],
  [26, ['broken', 'The database file is no SQLite database; move it away, or name another folder with KAIWA_DATA_DIR.']],
])

/** What SQLite complained of, in our words. Never the values of a query; the sentence of a query that is wrong names tables only. */
export function sqliteTrouble(error: unknown): { code: StoreTrouble, message: string } {
  const { code, errcode, errstr, message } = (typeof error === 'object' && error !== null ? error : {}) as SqliteFault
  if (typeof errcode === 'number') {
    if (errcode === IOERR_SHMSIZE) return { code: 'full', message: troubles.get(13)![1] }
    const known = troubles.get(errcode & 0xff)
    return known ? { code: known[0], message: known[1] } : { code: 'bad_query', message: `SQLite refused a query (${errcode}: ${String(errstr)}).` }
  }
  if (code === 'ENOSPC') return { code: 'full', message: troubles.get(13)![1] }
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') return { code: 'read_only', message: 'The folder of the database may not be written; make it writable for the server\'s user.' }
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return { code: 'gone', message: `The folder of the database can't be used (${code}).` }
  return { code: 'bad_query', message: `The database thread failed: ${String(message ?? error)}.` }
}
