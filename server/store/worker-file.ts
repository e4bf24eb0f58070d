/** Address of the store's worker in the built server. Only the server's bundle may import this file: plain Node can't read `?node-worker`. */
import sqliteUrl from './sqlite.worker.ts?node-worker'

export const sqliteWorkerUrl: string = sqliteUrl
