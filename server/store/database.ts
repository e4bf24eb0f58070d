import type { Expression, Kysely, SelectQueryBuilder, SqlBool } from 'kysely'
import type { SchemaDialect } from './migrations.ts'
import type { SearchPhrase } from './search-words.ts'
import type { Store } from './store.ts'
import type { Tables } from './tables.ts'

/** How a database keeps words and finds them. A row is `search_docs`. */
export interface SearchDialect {
  /** The value of the column `words`. */
  stored(words: readonly string[]): string
  /** All phrases, by the index. @param query not empty */
  matches(query: readonly SearchPhrase[]): Expression<SqlBool>
  /** The same, row by row: for few rows and words that are everywhere. */
  holds(query: readonly SearchPhrase[]): Expression<SqlBool>
}

/** One of the two databases, opened or not yet; all else of the store is the same for both. Everything rejects with StoreError. */
export interface Database {
  readonly kind: Store['kind']
  readonly db: Kysely<Tables>
  readonly schema: SchemaDialect
  readonly search: SearchDialect
  /** Where its tables are, if they have a place of their own. */
  readonly schemaName: string | undefined
  /** Rows that a transaction read stay as they are until it ends. */
  locked<T extends keyof Tables, O>(rows: SelectQueryBuilder<Tables, T, O>): SelectQueryBuilder<Tables, T, O>
  /** One node at a time, until the transaction ends. */
  lockForMigration(transaction: Kysely<Tables>): Promise<void>
  /** What was deleted leaves what the database keeps beside its tables, as far as that is in our hands. */
  scrub(): Promise<void>
  close(): Promise<void>
}
