import type { UsageAmount } from './calls.ts'

/** What somebody spent on one day (UTC) with one model, at the prices of one list. */
export interface SpendingLine {
  /** `YYYY-MM-DD`. */
  day: string
  model: string
  /** Date of the price list; null: no price, or not known any more. */
  prices_of: string | null
  /** Transcriptions that are billed apart aside. */
  responses: number
  usage: UsageAmount
}

/** `spent.usd` null: nothing that has a price. */
export interface Today { day: string, spent: UsageAmount, budget_usd: number | null }

/** Answer of `GET /api/spending?from=&to=`: one's own. */
export interface OwnSpending {
  from: string
  to: string
  /** False: no days are kept here, and only today is known. */
  kept: boolean
  lines: SpendingLine[]
  today: Today
}

/** `person`: the key that calls are counted by. `name`: as their provider or token calls them; null: it isn't known. */
export interface PersonLine extends SpendingLine { person: string, name: string | null }

/** Answer of `GET /api/operator/spending?from=&to=`: everyone's. */
export interface EveryonesSpending extends Omit<OwnSpending, 'lines' | 'today'> {
  lines: PersonLine[]
  /** `reserved_usd`: set aside for what is under way. */
  today: Today & { reserved_usd: number }
}

export interface Quantiles { p50: number, p95: number }

/** Answer of `GET /api/latency?day=` or `?call_id=`: of one's own answers, in milliseconds after the end of speech; null: there were none. */
export interface LatencyQuantiles { first_audio_ms: Quantiles | null, first_heard_ms: Quantiles | null, relay_ms: Quantiles | null }
