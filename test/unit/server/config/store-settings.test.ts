import { describe, expect, it } from 'vitest'
import { readSettings, secretsOf } from '../../../../server/config/settings.ts'

describe('settings of the store', () => {
  it('by default it is a file, and forgets after thirty days', () => { expect(readSettings({}).store).toEqual({ databaseUrl: undefined, retentionDays: 30 }) })

  it('0 days keep everything', () => { expect(readSettings({ KAIWA_RETENTION_DAYS: '0' }).store.retentionDays).toBe(0) })

  it.each(['postgres://u:p%40ss@h:5432/db?sslmode=verify-full', 'postgresql:///kaiwa?host=/var/run/postgresql'])('takes %s', DATABASE_URL => {
    expect(readSettings({ DATABASE_URL }).store.databaseUrl).toBe(DATABASE_URL)
  })

  it.each(['mysql://u:hush@h/db', 'h:5432/db', 'postgres//hush'])('refuses %s without showing it', DATABASE_URL => {
    expect(() => readSettings({ DATABASE_URL })).toThrow(/^DATABASE_URL is not usable \(its value is not shown\); it takes a PostgreSQL address/)
  })

  it('the address, and its password alone as written and as meant, are secrets', () => {
    const url = 'postgres://kaiwa:p%40ss@h/db'
    expect(secretsOf({ DATABASE_URL: url })).toEqual(['p%40ss', 'p@ss', url])
    expect(secretsOf({ DATABASE_URL: 'postgres://h/db?password=hush' })).toContain('hush')
  })
})
