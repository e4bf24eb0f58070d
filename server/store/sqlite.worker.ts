import { threadId, workerData } from 'node:worker_threads'
import { serveWorker } from '../engine/workers/worker-side.ts'
import type { SqliteFile, SqliteOperations } from './sqlite-channel.ts'
import { createSqliteConnection } from './sqlite-connection.ts'

await serveWorker<SqliteOperations>(() => createSqliteConnection(workerData as SqliteFile, String(threadId)))
