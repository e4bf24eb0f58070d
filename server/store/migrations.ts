import { sql, type CreateTableBuilder, type Kysely, type SchemaModule } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The databases differ in how a row of search gets its number and its index, and in nothing else here. */
export interface SchemaDialect {
  /** A column `ref` that counts by itself. */
  refColumn: 'integer' | 'bigserial'
  wordsColumn: 'text' | 'tsvector'
  /** After `search_docs` was made. */
  makeIndex(db: Kysely<unknown>): Promise<void>
}

/** What PostgreSQL and SQLite both understand; SQLite reads the width as a hint. */
const int = 'bigint'
const real = 'double precision'

const conversationId = (schema: SchemaModule, table: string) => schema.createTable(table)
  .addColumn('conversation_id', 'text', column => column.notNull().references('conversations.id').onDelete('cascade'))

async function makeConversations({ schema }: Kysely<unknown>) {
  await schema.createTable('conversations')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('owner', 'text', column => column.notNull())
    .addColumn('title', 'text').addColumn('summary', 'text').addColumn('title_by', 'text')
    .addColumn('persona_id', 'text').addColumn('persona_name', 'text')
    .addColumn('began_at_ms', int, column => column.notNull())
    .addColumn('last_at_ms', int, column => column.notNull())
    .addColumn('calls', int, column => column.notNull())
    .addColumn('items', int, column => column.notNull())
    .addColumn('spoken_ms', int, column => column.notNull())
    .addColumn('usd', real)
    .addColumn('branch_of', 'text').addColumn('branch_after', 'text')
    .addColumn('has_audio', 'integer', column => column.notNull())
    .addColumn('version', 'integer', column => column.notNull())
    .execute()
  await schema.createIndex('conversations_by_time').on('conversations').columns(['owner', 'last_at_ms', 'id']).execute()
  await schema.createIndex('conversations_by_age').on('conversations').columns(['last_at_ms']).execute()
  await schema.createTable('persona_versions')
    .addColumn('version', 'text', column => column.primaryKey())
    .addColumn('persona_id', 'text', column => column.notNull())
    .addColumn('name', 'text', column => column.notNull())
    .addColumn('body', 'text', column => column.notNull())
    .execute()
  await conversationId(schema, 'calls')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('came_from', 'text', column => column.notNull())
    .addColumn('transport', 'text', column => column.notNull())
    .addColumn('brain', 'text', column => column.notNull())
    .addColumn('model', 'text', column => column.notNull())
    .addColumn('voice', 'text').addColumn('persona_version', 'text')
    .addColumn('began_at_ms', int, column => column.notNull())
    .addColumn('ended_at_ms', int).addColumn('ended_how', 'text').addColumn('ended_code', 'text')
    .execute()
  await schema.createIndex('calls_of_conversation').on('calls').columns(['conversation_id', 'began_at_ms']).execute()
  await schema.createIndex('calls_of_persona').on('calls').columns(['persona_version']).execute()
}

async function makeItems({ schema }: Kysely<unknown>) {
  await conversationId(schema, 'items')
    .addColumn('id', 'text', column => column.notNull())
    .addColumn('call_id', 'text', column => column.notNull())
    .addColumn('first_seq', int, column => column.notNull())
    .addColumn('seq', int, column => column.notNull())
    .addColumn('at_ms', int, column => column.notNull())
    .addColumn('changed_at_ms', int, column => column.notNull())
    .addColumn('after_id', 'text')
    .addColumn('kind', 'text', column => column.notNull())
    .addColumn('role', 'text')
    .addColumn('text', 'text', column => column.notNull())
    .addColumn('text_state', 'text', column => column.notNull())
    .addColumn('medium', 'text', column => column.notNull())
    .addColumn('status', 'text', column => column.notNull())
    .addColumn('cut_at_ms', int).addColumn('span_from_ms', int).addColumn('span_to_ms', int)
    .addColumn('spoken_ms', int, column => column.notNull())
    .addColumn('response_id', 'text').addColumn('name', 'text').addColumn('tool_call_id', 'text')
    .addColumn('wire', 'text', column => column.notNull())
    .addPrimaryKeyConstraint('items_id', ['conversation_id', 'id'])
    .execute()
  // Sums of a long conversation are taken from here, without a look at its texts.
  await schema.createIndex('items_spoken').on('items').columns(['conversation_id', 'spoken_ms']).execute()
  await schema.createIndex('items_after').on('items').columns(['conversation_id', 'after_id']).execute()
}

async function makeFacts({ schema }: Kysely<unknown>) {
  await conversationId(schema, 'responses')
    .addColumn('call_id', 'text', column => column.notNull())
    .addColumn('id', 'text', column => column.notNull())
    .addColumn('kind', 'text', column => column.notNull())
    .addColumn('at_ms', int, column => column.notNull())
    .addColumn('status', 'text', column => column.notNull())
    .addColumn('model', 'text', column => column.notNull())
    .addColumn('usage', 'text').addColumn('usd', real).addColumn('prices_of', 'text')
    .addPrimaryKeyConstraint('responses_id', ['call_id', 'id'])
    .execute()
  await schema.createIndex('responses_of_conversation').on('responses').columns(['conversation_id', 'usd']).execute()
  await conversationId(schema, 'latencies')
    .addColumn('call_id', 'text', column => column.notNull())
    .addColumn('response_id', 'text', column => column.notNull())
    .addColumn('day', 'text', column => column.notNull())
    .addColumn('at_ms', int, column => column.notNull())
    .addColumn('speech_end_ms', real, column => column.notNull())
    .addColumn('committed_ms', real).addColumn('first_text_ms', real).addColumn('first_audio_ms', real).addColumn('first_heard_ms', real).addColumn('relay_ms', real)
    .addPrimaryKeyConstraint('latencies_id', ['call_id', 'response_id'])
    .execute()
  await schema.createIndex('latencies_of_conversation').on('latencies').columns(['conversation_id']).execute()
  await schema.createIndex('latencies_of_day').on('latencies').columns(['day']).execute()
  await conversationId(schema, 'events')
    .addColumn('call_id', 'text', column => column.notNull())
    .addColumn('seq', int, column => column.notNull())
    .addColumn('at_ms', int, column => column.notNull())
    .addColumn('direction', 'text', column => column.notNull())
    .addColumn('event_type', 'text', column => column.notNull())
    .addColumn('call_ms', int, column => column.notNull())
    .addColumn('payload', 'text', column => column.notNull())
    .addPrimaryKeyConstraint('events_id', ['call_id', 'seq'])
    .execute()
  await schema.createIndex('events_of_conversation').on('events').columns(['conversation_id', 'at_ms', 'call_id', 'seq']).execute()
  await conversationId(schema, 'audio')
    .addColumn('key', 'text', column => column.primaryKey())
    .addColumn('call_id', 'text', column => column.notNull())
    .addColumn('item_id', 'text')
    .addColumn('speaker', 'text', column => column.notNull())
    .addColumn('sample_rate', int, column => column.notNull())
    .addColumn('from_ms', int, column => column.notNull())
    .addColumn('to_ms', int, column => column.notNull())
    .addColumn('bytes', int, column => column.notNull())
    .execute()
  await schema.createIndex('audio_of_conversation').on('audio').columns(['conversation_id']).execute()
}

async function makeSpending({ schema }: Kysely<unknown>) {
  let table: CreateTableBuilder<'spending', string> = schema.createTable('spending')
  for (const name of ['day', 'owner', 'model', 'prices_of']) table = table.addColumn(name, 'text', column => column.notNull())
  table = table.addColumn('usd', real).addColumn('transcription_seconds', real, column => column.notNull())
  const counts = ['responses', 'text_in', 'audio_in', 'image_in', 'cached_text', 'cached_audio', 'cached_image', 'text_out', 'audio_out']
  for (const name of counts) table = table.addColumn(name, int, column => column.notNull())
  await table.addPrimaryKeyConstraint('spending_id', ['day', 'owner', 'model', 'prices_of']).execute()
}

async function makeTombstones({ schema }: Kysely<unknown>) {
  const atMs = <T extends string>(table: T) => schema.createTable(table).addColumn('at_ms', int, column => column.notNull())
  await atMs('deleted_conversations').addColumn('id', 'text', column => column.primaryKey()).execute()
  await atMs('deleted_items').addColumn('conversation_id', 'text', column => column.notNull()).addColumn('item_id', 'text', column => column.notNull())
    .addPrimaryKeyConstraint('deleted_items_id', ['conversation_id', 'item_id']).execute()
  await atMs('forgotten_owners').addColumn('owner_hash', 'text', column => column.primaryKey()).execute()
}

async function makeSearch(db: Kysely<unknown>, dialect: SchemaDialect) {
  await conversationId(db.schema, 'search_docs')
    .addColumn('ref', dialect.refColumn, column => column.primaryKey())
    .addColumn('item_id', 'text', column => column.notNull())
    .addColumn('words', sql.raw(dialect.wordsColumn), column => column.notNull())
    .addUniqueConstraint('search_docs_of', ['conversation_id', 'item_id'])
    .execute()
  await dialect.makeIndex(db)
}

/** By name, in the order of names; a name that was ever released keeps its content. */
export const migrationsOf = (dialect: SchemaDialect): Record<string, Migration> => ({
  '0001-conversations': {
    async up(db) {
      await makeConversations(db)
      await makeItems(db)
      await makeFacts(db)
      await makeSpending(db)
      await makeTombstones(db)
      await makeSearch(db, dialect)
    },
  },
})
