import { Counter, Gauge, type Registry } from 'prom-client'
import type { NumberSources } from './number-sources.ts'

type Reading = ReturnType<NonNullable<NumberSources['journal']>>

/** What was said and is on its way to the store; looked up at each scrape. */
export function defineJournalMetrics(registry: Registry, sources: Pick<NumberSources, 'journal'>) {
  const gauge = (name: string, help: string, read: (reading: Reading) => number) => new Gauge({
    name, help, registers: [registry],
    collect() {
      const reading = sources.journal?.()
      if (reading) this.set(read(reading))
    },
  })
  const counter = (name: string, help: string, read: (reading: Reading) => number) => new Counter({
    name, help, registers: [registry],
    collect() {
      this.reset()
      const reading = sources.journal?.()
      if (reading) this.inc(read(reading))
    },
  })
  gauge('kaiwa_journal_waiting_entries', 'Entries of this process that wait for the store', reading => reading.waitingEntries)
  gauge('kaiwa_journal_waiting_bytes', 'Bytes of the spool that wait for the store', reading => reading.waitingBytes)
  gauge('kaiwa_journal_oldest_seconds', 'How long the oldest of them has waited', reading => reading.oldestMs / 1000)
  counter('kaiwa_journal_written_total', 'Entries that the store took', reading => reading.written)
  counter('kaiwa_journal_set_aside_total', 'Entries that the store refused: they are in the file set-aside.jsonl of the spool', reading => reading.setAside)
  counter('kaiwa_journal_lost_total', 'Entries that could not be written to the spool', reading => reading.lostEntries)
}
