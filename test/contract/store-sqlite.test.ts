import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSqliteDatabase } from '../../server/store/sqlite-database.ts'
import { describeStore } from './describe-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'kaiwa-store-'))
let files = 0

describeStore('SQLite', {
  place: () => Promise.resolve(join(folder, `${++files}.sqlite`)),
  open: path => createSqliteDatabase({ path }),
  done: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
})
