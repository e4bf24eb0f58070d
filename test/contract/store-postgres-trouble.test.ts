import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { secretsOf } from '../../server/config/settings.ts'
import { createLog } from '../../server/log.ts'
import { openStore } from '../../server/store/open-store.ts'
import { createPostgresDatabase } from '../../server/store/postgres-database.ts'
import { createSqlStore } from '../../server/store/sql-store.ts'
import type { Store } from '../../server/store/store.ts'
import { startPostgres, whyNoPostgres, type PostgresServer } from '../fakes/postgres-server.ts'
import { aConversation, NOON_MS } from './store-entries.ts'

const missing = whyNoPostgres()

describe.skipIf(missing !== undefined)(`PostgreSQL in trouble${missing === undefined ? '' : `: ${missing}`}`, () => {
  let server: PostgresServer
  let url: string
  let lines: string[]
  let stores: Store[] = []
  const dataDir = mkdtempSync(join(tmpdir(), 'kaiwa-store-'))
  let nowMs = NOON_MS
  const alive = setInterval(() => {}, 60_000)

  beforeAll(async () => { server = await startPostgres() })
  afterAll(async () => {
    await server.close()
    rmSync(dataDir, { recursive: true, force: true })
    clearInterval(alive)
  })
  beforeEach(async () => {
    url = await server.freshUrl()
    lines = []
  })
  afterEach(async () => {
    await Promise.all(stores.map(store => store.close()))
    stores = []
  })

  const keep = <S extends Store>(store: S) => { stores.push(store); return store }
  const open = async (databaseUrl = url) =>
    keep(await openStore({ store: { databaseUrl, retentionDays: 30 }, dataDir }, createLog({ level: 'debug', secrets: [], write: line => lines.push(line) }), { nowMs: () => nowMs += 2_000 }))
  const quick = (options: { maxConnections?: number, statementTimeoutMs?: number, connectTimeoutMs?: number }) =>
    keep(createSqlStore(createPostgresDatabase({ url, onIdleTrouble: () => {}, ...options }), { nowMs: () => nowMs }))
  const codeOf = (work: Promise<unknown>) => work.then(() => 'done', (error: { name: string, code: string }) => `${error.name} ${error.code}`)

  it('that goes away in the middle is told as gone, and what comes after it is back is kept', async () => {
    const store = await open()
    await store.write(aConversation('conv_1', 'ann', ['Before']))
    const during = Array.from({ length: 8 }, (_, n) => codeOf(store.get('ann', `conv_${n}`)))
    await server.stop()
    for (const outcome of await Promise.all(during)) expect(['done', 'StoreError gone']).toContain(outcome)
    expect(await codeOf(store.write(aConversation('conv_2', 'ann', ['During'])))).toBe('StoreError gone')
    await server.start()
    await store.write(aConversation('conv_2', 'ann', ['During']))
    expect((await store.list('ann', { limit: 10 })).entries).toHaveLength(2)
  })

  it('that isn\'t there at the start doesn\'t hold the server up, and is used when it comes', async () => {
    await server.stop()
    const store = await open()
    expect(lines.join('')).toContain('can\'t be used yet')
    expect(await codeOf(store.list('ann', { limit: 1 }))).toBe('StoreError gone')
    await server.start()
    await store.write(aConversation('conv_1', 'ann', ['Hello']))
    expect((await store.list('ann', { limit: 1 })).entries).toHaveLength(1)
  })

  it('whose connection is cut between two questions is simply asked again', async () => {
    const store = await open()
    await store.write(aConversation('conv_1', 'ann', ['Hello']))
    await server.ask('select pg_terminate_backend(pid) from pg_stat_activity where application_name = \'kaiwa\'')
    await expect.poll(() => codeOf(store.get('ann', 'conv_1')), { timeout: 5_000 }).toBe('done')
  })

  it('that takes too long is given up, and the half of a change is undone', async () => {
    const store = quick({ statementTimeoutMs: 300 })
    await store.write(aConversation('conv_1', 'ann', ['Hello']))
    const other = new pg.Client({ connectionString: url })
    await other.connect()
    await other.query('begin; lock table kaiwa.items in access exclusive mode')
    expect(await codeOf(store.write(aConversation('conv_2', 'ann', ['Hello'])))).toBe('StoreError timeout')
    await other.query('rollback')
    await other.end()
    expect((await store.list('ann', { limit: 10 })).entries.map(({ id }) => id)).toEqual(['conv_1'])
  })

  it('whose connections are all in use is busy', async () => {
    const store = quick({ maxConnections: 1, connectTimeoutMs: 200, statementTimeoutMs: 1_000 })
    await store.write(aConversation('conv_1', 'ann', ['Hello']))
    const other = new pg.Client({ connectionString: url })
    await other.connect()
    await other.query('begin; lock table kaiwa.conversations in access exclusive mode')
    const outcomes = await Promise.all([codeOf(store.get('ann', 'conv_1')), codeOf(store.get('ann', 'conv_1'))])
    await other.query('rollback')
    await other.end()
    expect(outcomes.toSorted()).toEqual(['StoreError busy', 'StoreError timeout'])
  })

  it('that is read-only can be read', async () => {
    await (await open()).write(aConversation('conv_1', 'ann', ['Hello']))
    await server.ask(`alter database ${new URL(url).pathname.slice(1)} set default_transaction_read_only = on`)
    const store = await open()
    expect((await store.list('ann', { limit: 10 })).entries).toHaveLength(1)
    expect(await codeOf(store.write(aConversation('conv_2', 'ann', ['Hello'])))).toBe('StoreError read_only')
  })

  it.each([
    ['a user it doesn\'t know', (given: URL) => { given.username = 'nobody_here' }, 'broken'],
    ['a database it doesn\'t have', (given: URL) => { given.pathname = '/not_here' }, 'broken'],
    ['TLS it doesn\'t offer', (given: URL) => { given.searchParams.set('sslmode', 'verify-full') }, 'broken'],
  ])('%s stops the start with a sentence, which shows nothing of the address', async (_what, change, code) => {
    const wrong = new URL(url)
    wrong.password = 'p%40ss-canary-7'
    change(wrong)
    const error = await open(wrong.href).then(() => undefined, (reason: unknown) => reason as Error)
    expect(error).toMatchObject({ name: 'StoreError', code })
    expect(error!.message).toContain('DATABASE_URL')
    const seen = `${String(error!.stack)} ${JSON.stringify(error)} ${lines.join('')}`
    for (const secret of secretsOf({ DATABASE_URL: wrong.href })) expect(seen).not.toContain(secret)
    expect(secretsOf({ DATABASE_URL: wrong.href })).toContain('p@ss-canary-7')
  })

  it('a database that holds other things, too, keeps them', async () => {
    await server.ask('create table conversations (id int); insert into conversations values (7)', url)
    const store = await open()
    await store.write(aConversation('conv_1', 'ann', ['Hello']))
    expect(await server.ask('select id from public.conversations', url)).toEqual([{ id: 7 }])
  })
})
