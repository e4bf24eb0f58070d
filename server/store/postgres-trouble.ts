import type { StoreTrouble } from './store.ts'

const GONE = 'PostgreSQL can\'t be reached; it is tried again.'
const BUSY = 'PostgreSQL is busy; it is tried again.'

/** SQLSTATE, or its class, https://www.postgresql.org/docs/15/errcodes-appendix.html; the longer code first. */
const byState: [string, StoreTrouble, string][] = [
  ['57014', 'timeout', 'PostgreSQL took too long.'],
  ['57P', 'gone', 'PostgreSQL is stopping or starting; it is tried again.'],
  ['58', 'broken', 'PostgreSQL\'s disk failed.'],
  ['08', 'gone', GONE],
  ['53100', 'full', 'PostgreSQL\'s disk is full; free some space.'],
  ['53', 'busy', BUSY],
  ['40', 'busy', BUSY],
  ['55', 'busy', BUSY],
  ['25P03', 'timeout', 'A change took too long and was undone by PostgreSQL.'],
  ['25006', 'read_only', 'PostgreSQL is read-only; DATABASE_URL has to name the primary.'],
  ['28', 'broken', 'PostgreSQL refused the user or password of DATABASE_URL.'],
  ['3D', 'broken', 'The database that DATABASE_URL names doesn\'t exist.'],
  ['42501', 'read_only', 'The user of DATABASE_URL lacks rights: it needs the schema `kaiwa`, or the right to create it.'],
  ['XX00', 'broken', 'PostgreSQL reports damaged data.'],
]

const NETWORK = /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|EPIPE|ENOENT|EACCES)/

/** What PostgreSQL, or the way to it, complained of, in our words: its own may hold values, addresses and names. */
export function postgresTrouble(error: unknown): { code: StoreTrouble, message: string } {
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown, message?: unknown }
  const text = String(message)
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !NETWORK.test(code)) {
    const known = byState.find(([state]) => code.startsWith(state))
    return known ? { code: known[1], message: known[2] } : { code: 'bad_query', message: `PostgreSQL refused a query (SQLSTATE ${code}).` }
  }
  if (typeof code === 'string' && NETWORK.test(code)) return { code: 'gone', message: `PostgreSQL can't be reached (${code}); it is tried again.` }
  if (typeof code === 'string' && /CERT|TLS|SSL|SIGNED|ALTNAME/.test(code)) return { code: 'broken', message: `PostgreSQL's certificate isn't accepted (${code}); see sslmode and sslrootcert of DATABASE_URL.` }
  if (/does not support SSL/.test(text)) return { code: 'broken', message: 'PostgreSQL offers no TLS, which DATABASE_URL asks for.' }
  if (/Query read timeout/.test(text)) return { code: 'timeout', message: 'PostgreSQL took too long.' }
  // What is left of pg's own are connections that ended, in many words.
  if (/onnection|timeout|not queryable|SASL|socket/.test(text)) return { code: 'gone', message: GONE }
  return { code: 'bad_query', message: 'A query to PostgreSQL failed.' }
}
