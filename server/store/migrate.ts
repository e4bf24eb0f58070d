import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import type { Database } from './database.ts'
import { migrationsOf } from './migrations.ts'
import { StoreError } from './store.ts'
import type { Tables } from './tables.ts'

const MIGRATIONS = 'migrations'

/** What earlier starts have done to this database. */
async function doneBefore(db: Kysely<Tables>, schemaName: string | undefined): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(table => table.name === MIGRATIONS && (schemaName === undefined || table.schema === schemaName))) return []
  const rows = await (db as unknown as Kysely<{ migrations: { name: string } }>).selectFrom(MIGRATIONS).select('name').execute()
  return rows.map(({ name }) => name)
}

/**
 * Brings the tables to this version: all of it or nothing, one node at a time.
 * @throws StoreError `newer_version` when another version has been here that knows more than this one
 */
export async function migrate({ db, schema, schemaName, lockForMigration }: Database): Promise<void> {
  const migrations = migrationsOf(schema)
  await db.transaction().execute(async transaction => {
    await lockForMigration(transaction)
    const unknown = (await doneBefore(transaction, schemaName)).filter(name => !(name in migrations))
    if (unknown.length > 0) {
      throw new StoreError('newer_version', `The database was used by a newer version of Kaiwa (${unknown[0]!.replace(/[^\w-]/g, '').slice(0, 60)}); start that version, or give this one another database.`)
    }
    const migrator = new Migrator({
      db: transaction,
      provider: { getMigrations: () => Promise.resolve(migrations) },
      migrationTableName: MIGRATIONS,
      migrationLockTableName: 'migration_lock',
      ...(schemaName !== undefined && { migrationTableSchema: schemaName }),
    })
    const { error } = await migrator.migrateToLatest()
    if (error) throw error
  })
}
