import type { Registry } from 'prom-client'
import { Counter } from 'prom-client'

/** Counts by labels in plain integers; what is scraped is written when it is scraped, so that counting costs an addition. */
export interface Tally { count: number }

export interface TallySheet<L extends string> {
  /** The tally of these labels: capture it once, add to its `count` as often as needed. */
  of(labels: Record<L, string>): Tally
}

/** A counter that is filled from a sheet of tallies at each scrape. The labels have to come from bounded sets. */
export function tallySheet<L extends string>(registry: Registry, { name, help, labels }: { name: string, help: string, labels: readonly L[] }): TallySheet<L> {
  const tallies = new Map<string, Tally & { labels: Record<L, string> }>()
  new Counter<L>({
    name, help, labelNames: [...labels], registers: [registry],
    collect() {
      this.reset()
      for (const tally of tallies.values()) this.inc(tally.labels, tally.count)
    },
  })
  return {
    of(values) {
      const key = labels.map(label => values[label]).join('\n')
      let tally = tallies.get(key)
      if (!tally) tallies.set(key, tally = { count: 0, labels: values })
      return tally
    },
  }
}
