import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely'
import type { SearchDialect } from './database.ts'
import type { SchemaDialect } from './migrations.ts'
import type { SearchPhrase } from './search-words.ts'

/** Words are letters and digits, so quotes are all the quoting there is to do. */
const ftsOf = (query: readonly SearchPhrase[]) => query.map(({ words, isPrefix }) => `"${words.join(' ')}"${isPrefix ? ' *' : ''}`).join(' AND ')

/** Words stand between spaces in the row, one at each end. */
const inRow = ({ words, isPrefix }: SearchPhrase): RawBuilder<SqlBool> => sql`instr(search_docs.words, ${` ${words.join(' ')}${isPrefix ? '' : ' '}`}) > 0`

export const sqliteSearch: SearchDialect = {
  stored: words => words.length === 0 ? '' : ` ${words.join(' ')} `,
  matches: query => sql<SqlBool>`search_docs.ref in (select rowid from search_index where search_index match ${ftsOf(query)})`,
  holds: query => sql<SqlBool>`(${sql.join(query.map(inRow), sql` and `)})`,
}

/**
 * The index reads its words from `search_docs` and follows it by triggers. The tokenizer is `ascii`, for which everything beyond ASCII
 * belongs to a word: words are cut already, and `unicode61` doesn't know the letters of later Unicode versions.
 */
const INDEX = [
  'create virtual table search_index using fts5(words, content = \'search_docs\', content_rowid = \'ref\', tokenize = \'ascii\')',
  // Deleted words leave the index at once, and not when its segments are merged some day.
  'insert into search_index (search_index, rank) values (\'secure-delete\', 1)',
  'create trigger search_docs_added after insert on search_docs begin insert into search_index (rowid, words) values (new.ref, new.words); end',
  'create trigger search_docs_deleted after delete on search_docs begin insert into search_index (search_index, rowid, words) values (\'delete\', old.ref, old.words); end',
  `create trigger search_docs_changed after update of words on search_docs when old.words <> new.words begin
    insert into search_index (search_index, rowid, words) values ('delete', old.ref, old.words);
    insert into search_index (rowid, words) values (new.ref, new.words);
  end`,
]

export const sqliteSchema: SchemaDialect = {
  refColumn: 'integer',
  wordsColumn: 'text',
  async makeIndex(db: Kysely<unknown>) {
    for (const statement of INDEX) await sql.raw(statement).execute(db)
  },
}
