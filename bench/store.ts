/**
 * The store with 10,000 conversations of 40 items, in SQLite and in a real PostgreSQL: writing what calls say, looking for it, reading it; and how
 * long the main thread, which carries the audio, was kept from its work meanwhile. Run: `npm run bench -- store`; `-- store --conversations=1000` for less.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { silentLog } from '../server/log.ts'
import { openStore, STORE_FILE } from '../server/store/open-store.ts'
import type { Store } from '../server/store/store.ts'
import { startPostgres, whyNoPostgres } from '../test/fakes/postgres-server.ts'
import { conversationEntries, createDice, createText, ITEMS, OWNER } from './store/conversations.ts'
import { printFigure } from './voice/figure.ts'

const given = process.argv.find(arg => arg.startsWith('--conversations='))?.split('=')[1]
const CONVERSATIONS = Number(given ?? 10_000)
/** Filling goes in large batches; what is measured is written as a drain does it, a turn or two at a time. */
const FILL_BATCH = 10
const MEASURED = 300
const MEASURED_ENTRIES = 8

const ms = (value: number) => value.toFixed(value < 10 ? 2 : 0)
function quantile(values: readonly number[], share: number) {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now()
  await work()
  return performance.now() - beganMs
}

async function fill(store: Store, sentence: () => string) {
  for (let n = 0; n < CONVERSATIONS - MEASURED; n += FILL_BATCH) {
    const batch = Array.from({ length: Math.min(FILL_BATCH, CONVERSATIONS - MEASURED - n) }, (_, at) => conversationEntries(n + at, sentence)).flat()
    await store.write(batch)
  }
}

async function writes(store: Store, sentence: () => string) {
  const perBatchMs: number[] = []
  for (let n = CONVERSATIONS - MEASURED; n < CONVERSATIONS; n++) {
    const entries = conversationEntries(n, sentence)
    for (let at = 0; at < entries.length; at += MEASURED_ENTRIES) perBatchMs.push(await timed(() => store.write(entries.slice(at, at + MEASURED_ENTRIES))))
  }
  return perBatchMs
}

async function measure(name: string, store: Store, filling: (fill: () => Promise<void>) => Promise<void>, size: () => Promise<string>) {
  const dice = createDice(7)
  const text = createText(dice)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const delayDuring = async <T>(work: () => Promise<T>): Promise<[T, string]> => {
    delay.reset()
    delay.enable()
    const result = await work()
    delay.disable()
    return [result, `loop delay p99 ${ms(delay.percentile(99) / 1e6)}, worst ${ms(delay.max / 1e6)} ms`]
  }
  const fillMs = await timed(() => filling(() => fill(store, text.sentence)))
  printFigure({ what: `${name}: filled with ${CONVERSATIONS} × ${ITEMS} items`, measured: `${(fillMs / 1000).toFixed(0)} s, ${await size()}`, goal: '', met: undefined })

  const [perBatchMs, writing] = await delayDuring(() => writes(store, text.sentence))
  const p50 = quantile(perBatchMs, 0.5)
  printFigure({ what: `${name}: write, a batch of ${MEASURED_ENTRIES} entries`, measured: `p50 ${ms(p50)}, p99 ${ms(quantile(perBatchMs, 0.99))} ms; ${writing}`, goal: '', met: undefined })
  printFigure({ what: `${name}: write, per entry`, measured: `p50 ${ms(p50 / MEASURED_ENTRIES)} ms`, goal: '≤ 1 ms', met: p50 / MEASURED_ENTRIES <= 1 })

  const searches: [string, () => string][] = [
    ['a word of any frequency', text.word], ['two words', () => `${text.word()} ${text.word()}`], ['two Japanese signs', text.kanji],
    ['one letter', () => 'abdgklmnoprstvw'[dice(15)]!], ['the most common word', () => 'kakaka'], ['what nobody said', () => `zz${dice(1000)}`],
  ]
  for (const [what, query] of searches) {
    const [tookMs, during] = await delayDuring(async () => {
      const all: number[] = []
      for (let n = 0; n < 60; n++) all.push(await timed(() => store.list(OWNER, { query: query(), limit: 20 })))
      return all
    })
    const p95 = quantile(tookMs, 0.95)
    printFigure({ what: `${name}: search, ${what}`, measured: `p50 ${ms(quantile(tookMs, 0.5))}, p95 ${ms(p95)} ms; ${during}`, goal: '≤ 50 ms', met: p95 <= 50 })
  }
  const reads: [string, () => Promise<unknown>][] = [
    ['list, the first 50', () => store.list(OWNER, { limit: 50 })], ['get, 40 items', () => store.get(OWNER, `conv_${String(dice(CONVERSATIONS)).padStart(6, '0')}`)],
    ['latency of a day', () => store.latencyQuantiles({ day: '2026-01-20' })], ['spending of a month', () => store.spending({ fromDay: '2026-01-01', toDay: '2026-01-31' })],
  ]
  for (const [what, work] of reads) {
    const [tookMs, during] = await delayDuring(async () => {
      const all: number[] = []
      for (let n = 0; n < 60; n++) all.push(await timed(work))
      return all
    })
    printFigure({ what: `${name}: ${what}`, measured: `p50 ${ms(quantile(tookMs, 0.5))}, p95 ${ms(quantile(tookMs, 0.95))} ms; ${during}`, goal: '', met: undefined })
  }
}

// The store's thread keeps no process alive.
const alive = setInterval(() => {}, 60_000)
const only = process.argv.find(arg => arg.startsWith('--database='))?.split('=')[1]
const dataDir = mkdtempSync(join(tmpdir(), 'kaiwa-bench-store-'))
if (only !== 'postgres') {
  const sqlite = await openStore({ store: { databaseUrl: undefined, retentionDays: 0 }, dataDir }, silentLog)
  await measure('SQLite', sqlite, filled => filled(), async () => `${(statSync(join(dataDir, STORE_FILE)).size / 1e6).toFixed(0)} MB`)
  await sqlite.close()
}

const missing = whyNoPostgres()
if (only === 'sqlite') console.log('PostgreSQL: not asked for.')
else if (missing === undefined) {
  // Commits reach the disk here, as they do in service.
  const server = await startPostgres(['fsync=on', 'full_page_writes=on', 'shared_buffers=128MB'])
  const postgres = await openStore({ store: { databaseUrl: server.url, retentionDays: 0 }, dataDir }, silentLog)
  /** A filled table is indexed at once in a tenth of the time. */
  const withoutIndex = async (filled: () => Promise<void>) => {
    const [index] = await server.ask('select indexdef from pg_indexes where indexname = \'search_docs_words\'')
    await server.ask('drop index kaiwa.search_docs_words')
    await filled()
    await server.ask(String(index!.indexdef))
    await server.ask('analyze')
  }
  await measure('PostgreSQL', postgres, withoutIndex, () => server.ask('select pg_database_size(current_database()) / 1000000 as mb').then(([row]) => `${String(row!.mb)} MB`))
  await postgres.close()
  await server.close()
} else console.log(`PostgreSQL: not measured: ${missing}.`)
rmSync(dataDir, { recursive: true, force: true })
clearInterval(alive)
