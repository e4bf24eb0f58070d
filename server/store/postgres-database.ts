import { Kysely, PostgresDialect, sql, type SqlBool } from 'kysely'
import type { Database, SearchDialect } from './database.ts'
import type { SchemaDialect } from './migrations.ts'
import { createPostgresPool, type PostgresPoolOptions } from './postgres-pool.ts'
import type { SearchPhrase } from './search-words.ts'
import type { Tables } from './tables.ts'

/** A schema of its own, so that the database may hold other things, too. */
const SCHEMA = 'kaiwa'
/** Any number, as long as it stays the same. */
const MIGRATION_LOCK = 0x4b616977

/** Positions beyond are not told apart by PostgreSQL; the words are found, their neighbourhood isn't. */
const MAX_POSITION = 16_383

/** Words are letters and digits, so quotes are all the quoting there is to do. */
const vectorOf = (words: readonly string[]) => words.map((word, at) => `'${word}':${Math.min(at + 1, MAX_POSITION)}`).join(' ')

const queryOf = (query: readonly SearchPhrase[]) => query
  .map(({ words, isPrefix }) => `(${words.map((word, at) => `'${word}'${isPrefix && at === words.length - 1 ? ':*' : ''}`).join(' <-> ')})`)
  .join(' & ')

const postgresSearch: SearchDialect = {
  stored: vectorOf,
  matches: query => sql<SqlBool>`search_docs.words @@ ${queryOf(query)}::tsquery`,
  // Said like this it is nothing for the index, which would be read for every conversation there is.
  holds: query => sql<SqlBool>`(search_docs.words @@ ${queryOf(query)}::tsquery) is true`,
}

const postgresSchema: SchemaDialect = {
  refColumn: 'bigserial',
  wordsColumn: 'tsvector',
  async makeIndex(db) {
    // What waits to be sorted in is read by every search, so it is kept short.
    await sql`create index search_docs_words on ${sql.table(`${SCHEMA}.search_docs`)} using gin (words) with (gin_pending_list_limit = 512)`.execute(db)
  },
}

export function createPostgresDatabase(options: PostgresPoolOptions): Database {
  const pool = createPostgresPool(options)
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }).withSchema(SCHEMA)
  return {
    kind: 'postgres',
    db,
    schema: postgresSchema,
    search: postgresSearch,
    schemaName: SCHEMA,
    locked: rows => rows.forUpdate(),
    async lockForMigration(transaction) {
      await sql`select pg_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)})`.execute(transaction)
    },
    // Deleted rows go with the next vacuum, which is PostgreSQL's own business.
    scrub: () => Promise.resolve(),
    async close() {
      await db.destroy()
    },
  }
}
