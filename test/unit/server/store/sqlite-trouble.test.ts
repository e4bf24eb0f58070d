import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSqliteConnection } from '../../../../server/store/sqlite-connection.ts'
import { createSqliteDatabase, type SqliteDatabaseOptions } from '../../../../server/store/sqlite-database.ts'
import { createLog, silentLog } from '../../../../server/log.ts'
import { openStore, STORE_FILE } from '../../../../server/store/open-store.ts'
import { createSqlStore } from '../../../../server/store/sql-store.ts'
import type { Store } from '../../../../server/store/store.ts'
import { aCall, aConversation } from '../../../contract/store-entries.ts'

const settings = { databaseUrl: undefined, retentionDays: 30 }
let folder: string
let file: string
let stores: Store[] = []
let alive: NodeJS.Timeout

beforeAll(() => { alive = setInterval(() => {}, 60_000) })
afterAll(() => clearInterval(alive))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaiwa-sqlite-'))
  file = join(folder, STORE_FILE)
})
afterEach(async () => {
  await Promise.all(stores.map(store => store.close()))
  stores = []
  rmSync(folder, { recursive: true, force: true })
})

const keep = <S extends Store>(store: S) => { stores.push(store); return store }
const open = async () => keep(await openStore({ store: settings, dataDir: folder }, silentLog))
const storeAt = (path: string, options: Partial<SqliteDatabaseOptions> = {}, nowMs = () => Date.now()) =>
  keep(createSqlStore(createSqliteDatabase({ path, ...options }), { nowMs }))
const refused = () => openStore({ store: settings, dataDir: folder }, silentLog).then(() => undefined, (error: unknown) => error)

describe('a database file that is not ours to use', () => {
  it('of another program is refused, and not touched', async () => {
    const foreign = new DatabaseSync(file)
    foreign.exec('create table accounts (name text)')
    foreign.close()
    const before = readFileSync(file)
    expect(await refused()).toMatchObject({ name: 'StoreError', code: 'broken', message: expect.stringContaining('another program') as string })
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  it('that is no database is refused, and not touched', async () => {
    writeFileSync(file, 'These are my notes. '.repeat(100))
    expect(await refused()).toMatchObject({ code: 'broken', message: expect.stringContaining('no SQLite database') as string })
    expect(readFileSync(file, 'utf8')).toContain('my notes')
  })

  it('of a newer version is refused', async () => {
    await (await open()).close()
    const later = new DatabaseSync(file)
    later.exec('insert into migrations values (\'0099-later\', \'2031-01-01T00:00:00.000Z\')')
    later.close()
    expect(await refused()).toMatchObject({ code: 'newer_version', message: expect.stringContaining('newer version of Kaiwa') as string })
  })

  it('whose pages are damaged says so when it comes upon them', async () => {
    const store = await open()
    await store.write(Array.from({ length: 60 }, (_, n) => aConversation(`conv_${n}`, 'ann', ['Hello'.repeat(200)])).flat())
    await store.close()
    const bytes = readFileSync(file)
    bytes.fill(0xa5, 8192, bytes.length)
    writeFileSync(file, bytes)
    expect(await refused()).toMatchObject({ code: 'broken', message: expect.stringContaining('backup') as string })
  })
})

describe('a database file in trouble', () => {
  it('is made for the server\'s user alone', async () => {
    const store = await open()
    await store.write(aConversation('conv_1', 'ann', ['Hello']))
    for (const name of readdirSync(folder)) expect([name, statSync(join(folder, name)).mode & 0o077]).toEqual([name, 0])
  })

  it('locked by another program is busy for so long, and nothing is lost when it is free again', async () => {
    const store = storeAt(file, { busyTimeoutMs: 50 })
    await store.write(aConversation('conv_1', 'ann', ['Hello']))
    const other = new DatabaseSync(file)
    other.exec('begin immediate')
    await expect(store.write(aConversation('conv_2', 'ann', ['Hello']))).rejects.toMatchObject({ name: 'StoreError', code: 'busy' })
    expect((await store.list('ann', { limit: 10 })).entries).toHaveLength(1)
    other.exec('rollback')
    other.close()
    await store.write(aConversation('conv_2', 'ann', ['Hello']))
    expect((await store.list('ann', { limit: 10 })).entries).toHaveLength(2)
  })

  it('that may hold no more is full; what was there can be read and deleted, and then there is room again', async () => {
    const store = storeAt(file, { maxPages: 90 })
    const written: string[] = []
    const text = 'Many words that fill the pages. '.repeat(40)
    let trouble: unknown
    for (let n = 0; n < 200 && trouble === undefined; n++) {
      await store.write(aConversation(`conv_${n}`, 'ann', [text])).then(() => written.push(`conv_${n}`), error => { trouble = error })
    }
    expect(trouble).toMatchObject({ name: 'StoreError', code: 'full' })
    expect(written.length).toBeGreaterThan(2)
    expect((await store.list('ann', { limit: 100 })).entries).toHaveLength(written.length)
    for (const id of written.slice(0, -1)) await store.delete('ann', id)
    await store.write(aConversation('conv_later', 'ann', [text]))
    expect((await store.list('ann', { limit: 100 })).entries).toHaveLength(2)
  })

  it('on a full disk says so, at the start and later, and goes on when there is room', async () => {
    const disk = mountSmallDisk(folder)
    if (!disk) return expect(process.getuid?.()).not.toBe(0)
    try {
      let nowMs = 0
      const store = storeAt(join(disk, STORE_FILE), {}, () => nowMs)
      await expect(store.write(aConversation('conv_1', 'ann', ['Hello']))).rejects.toMatchObject({ name: 'StoreError', code: 'full' })
      execFileSync('mount', ['-o', 'remount,size=4m', disk])
      nowMs += 5_000
      await store.write(aConversation('conv_1', 'ann', ['Hello']))
      expect((await store.list('ann', { limit: 10 })).entries).toHaveLength(1)
      await store.close()
    } finally {
      execFileSync('umount', [disk])
    }
  })

  it('in a folder that can\'t be made is gone, and the server starts all the same', async () => {
    writeFileSync(join(folder, 'a-file'), '')
    const lines: string[] = []
    const store = keep(await openStore({ store: settings, dataDir: join(folder, 'a-file', 'below') }, createLog({ level: 'info', secrets: [], write: line => lines.push(line) })))
    expect(lines.join('')).toContain('can\'t be used yet')
    await expect(store.list('ann', { limit: 1 })).rejects.toMatchObject({ code: 'gone' })
  })

  it('that took too long is given up with its thread; the half of a change is undone, and another thread goes on', async () => {
    const database = createSqliteDatabase({ path: file, statementTimeoutMs: 400 })
    const store = keep(createSqlStore(database, { nowMs: () => Date.now() }))
    await store.write(aConversation('conv_1', 'ann', ['Hello']))
    const { sql } = await import('kysely')
    const change = database.db.transaction().execute(async transaction => {
      await transaction.deleteFrom('conversations').execute()
      await sql`with recursive n (i) as (select 1 union all select i + 1 from n where i < 30000000) select count(*) from n`.execute(transaction)
    })
    await expect(change).rejects.toMatchObject({ name: 'StoreError', code: 'timeout' })
    await expect.poll(async () => store.list('ann', { limit: 10 }).then(({ entries }) => entries.length, () => 'not yet'), { timeout: 10_000 }).toBe(1)
  })
})

describe('a thread that took another\'s place', () => {
  it('refuses the second half of a change that the other began, and keeps nothing of it', async () => {
    const [first, second] = ['1', '2'].map(name => createSqliteConnection({ path: file, busyTimeoutMs: 10 }, name))
    const run = async (connection: typeof first, sql: string, transaction: string | null) => connection!.execute({ sql, parameters: [], transaction })
    await run(first, 'create table t (n int)', null)
    const begun = await first!.begin(null) as { done: string }
    await run(first, 'insert into t values (1)', begun.done)
    await first!.close(null)
    expect(await run(second, 'insert into t values (2)', begun.done)).toMatchObject({ failed: { code: 'gone' } })
    expect(await second!.end({ transaction: begun.done, how: 'commit' })).toMatchObject({ failed: { code: 'gone' } })
    expect(await run(second, 'select * from t', null)).toMatchObject({ done: { rows: [] } })
    await second!.close(null)
  })
})

describe('what was deleted', () => {
  it('stands in no file any more', async () => {
    const store = await open()
    const [secret, other] = ['Xylophonquartz', 'Zwiebelkuchenblitz']
    const call = aCall('call_1', 'conv_1').begin('ann').item('a', null, `${secret} is the word`).item('b', 'a', 'Stays').event(`{"item_id":"a","t":"${secret}"}`)
    await store.write([...call.entries, ...aConversation('conv_2', 'ann', [`${other} as well`])])
    const found = (word: string) => readdirSync(folder).filter(name => readFileSync(join(folder, name)).toString('latin1').toLowerCase().includes(word.toLowerCase()))
    expect([found(secret).length > 0, found(other).length > 0]).toEqual([true, true])
    await store.deleteItem('ann', 'conv_1', 'a')
    expect([found(secret), found(other).length > 0]).toEqual([[], true])
    await store.delete('ann', 'conv_2')
    expect(found(other)).toEqual([])
    expect((await store.get('ann', 'conv_1'))!.items).toBe(1)
  })
})

/** A disk of 64 kB, where this user may mount one. */
function mountSmallDisk(below: string): string | undefined {
  const disk = join(below, 'disk')
  mkdirSync(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { stdio: 'pipe' })
    return existsSync(disk) ? disk : undefined
  } catch {
    return undefined
  }
}
