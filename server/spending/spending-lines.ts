import type { SpendingLine } from '../../shared/spending.ts'
import type { HistoryHouse } from '../history/history-answer.ts'
import type { DayRange } from './day-range.ts'

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
  return { kept: true, lines: rows.map(({ owner: person, pricesOf, ...row }) => ({ ...row, person, prices_of: pricesOf })) }
}

function todaysLines(from: string, to: string, { metering }: Pick<HistoryHouse, 'metering'>): Line[] {
  const { day, accounts } = metering.accounts()
  return day < from || day > to ? [] : accounts.map(({ amount, ...account }) => ({ ...account, day, prices_of: null, usage: amount }))
}
