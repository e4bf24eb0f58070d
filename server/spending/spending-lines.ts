import type { UsageAmount } from '../../shared/calls.ts'
import type { SpendingLine } from '../../shared/spending.ts'
import type { HistoryHouse } from '../history/history-answer.ts'
import type { DayRange } from './day-range.ts'
import { exactUsd, usageSum } from './usage-sum.ts'

/** With the key of who spent it. */
export interface Line extends SpendingLine { person: string }

/** What was said a moment ago is on its way to the store. */
const CAUGHT_UP_MS = 400

/**
 * From the store; where nothing is kept, today from the ledger. With several servers only the store knows what was spent at all of them.
 * @param owner undefined: everyone's
 * @throws StoreError
 */
export async function linesOf(
  { from, to }: DayRange, house: Pick<HistoryHouse, 'settings' | 'store' | 'journal' | 'metering'>, owner?: string,
): Promise<{ kept: boolean, lines: Line[] }> {
  if (house.settings.journal.keeps === 'none') return { kept: false, lines: todaysLines(from, to, house).filter(({ person }) => owner === undefined || person === owner) }
  await house.journal.caughtUp(CAUGHT_UP_MS)
  const rows = await house.store.spending({ fromDay: from, toDay: to, ...(owner !== undefined && { owner }) })
  const lines = rows.map(({ owner: person, pricesOf, usage, ...row }) =>
    ({ ...row, person, prices_of: pricesOf, usage: { ...usage, usd: exactUsd(usage.usd) } }))
  return { kept: true, lines }
}

function todaysLines(from: string, to: string, { metering }: Pick<HistoryHouse, 'metering'>): Line[] {
  const { day, accounts } = metering.accounts()
  return day < from || day > to ? [] : accounts.map(({ amount, ...account }) => ({ ...account, day, prices_of: null, usage: amount }))
}

/**
 * Today so far: as the store has it, which knows of all servers and of times before the start, or as this server's ledger has it, which is
 * never behind; whichever is more.
 * @throws StoreError
 */
export async function todaySoFar(ledger: { day: string, spent: UsageAmount }, house: Parameters<typeof linesOf>[1], owner?: string): Promise<UsageAmount> {
  if (house.settings.journal.keeps === 'none') return ledger.spent
  const rows = await house.store.spending({ fromDay: ledger.day, toDay: ledger.day, ...(owner !== undefined && { owner }) })
  const stored = usageSum(rows.map(({ usage }) => usage))
  return (stored.usd ?? 0) > (ledger.spent.usd ?? 0) ? stored : ledger.spent
}
