import { integer, postgresUrl, type Read } from './setting-kinds.ts'

/** Where conversations are kept, and for how long. */
export interface StoreSettings {
  /** PostgreSQL; undefined: a file in the data folder. */
  databaseUrl: string | undefined
  /** 0: until somebody deletes it. */
  retentionDays: number
}

/** @throws SettingsError */
export const readStore = (read: Read): StoreSettings => ({
  databaseUrl: read('DATABASE_URL', postgresUrl, undefined),
  retentionDays: read('KAIWA_RETENTION_DAYS', integer(0, 36_500), 30),
})
