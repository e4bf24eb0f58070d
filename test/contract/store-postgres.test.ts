import { describe, it } from 'vitest'
import { createPostgresDatabase } from '../../server/store/postgres-database.ts'
import { startPostgres, whyNoPostgres, type PostgresServer } from '../fakes/postgres-server.ts'
import { describeStore } from './describe-store.ts'

const missing = whyNoPostgres()
let server: PostgresServer | undefined

if (missing === undefined) {
  describeStore('PostgreSQL', {
    async prepare() { server = await startPostgres() },
    place: () => server!.freshUrl(),
    open: url => createPostgresDatabase({ url, maxConnections: 5, onIdleTrouble: () => {} }),
    async done() { await server?.close() },
  })
} else {
  describe('Store: PostgreSQL', () => {
    it.skip(`${missing}`, () => {})
  })
}
