import { Readable } from 'node:stream'
import type { EveryonesSpending, OwnSpending } from '../../shared/spending.ts'
import { isOperator } from '../auth/operator.ts'
import type { Person } from '../auth/person.ts'
import { askerOf, finished, json, refusalOfTrouble, type AnswerHistory, type HistoryAnswer, type HistoryAsk, type HistoryHouse } from '../history/history-answer.ts'
import { personKey } from '../metering/metering.ts'
import { refusal, type Refusal } from '../realtime/admission.ts'
import { errorAnswer } from '../security-headers/error-answer.ts'
import { readRange, type DayRange } from './day-range.ts'
import { spendingCsv } from './spending-csv.ts'
import { linesOf, todaySoFar, type Line } from './spending-lines.ts'

/** To those who may not see it the address isn't there. */
const nowhere = refusal(404, 'not_found', errorAnswer(404).body.error.message)

/** `GET /api/spending?from=&to=`: what oneself spent, day by day and model by model. */
export const ownSpending = spendingRequest(() => undefined, async (asker, range, house) => {
  const { kept, lines } = await linesOf(range, house, personKey(asker))
  const { budgetUsd, ...today } = house.metering.today(asker)
  const spent = await todaySoFar(today, house, personKey(asker))
  return json({
    ...range, kept, lines: lines.map(({ person: _own, ...line }) => line), today: { day: today.day, spent, budget_usd: budgetUsd ?? null },
  } satisfies OwnSpending)
})

/** `GET /api/operator/spending?from=&to=`: what everyone spent. */
export const everyonesSpending = spendingRequest(refuseStranger, async (_asker, range, house) => {
  const { kept, lines } = await linesOf(range, house)
  const { day, all, budgetUsd, reservedUsd } = house.metering.totals()
  const spent = await todaySoFar({ day, spent: all }, house)
  return json({
    ...range, kept, lines: lines.map(line => named(line, house)), today: { day, spent, budget_usd: budgetUsd ?? null, reserved_usd: reservedUsd },
  } satisfies EveryonesSpending)
})

/** `GET /api/operator/spending.csv?from=&to=`: the same lines, for a spreadsheet. */
export const everyonesSpendingCsv = spendingRequest(refuseStranger, async (_asker, range, house) => {
  const { lines } = await linesOf(range, house)
  return {
    status: 200,
    headers: [['Content-Type', 'text/csv; charset=utf-8; header=present'], ['Content-Disposition', `attachment; filename="kaiwa-spending-${range.from}-${range.to}.csv"`]],
    body: Readable.from([spendingCsv(lines.map(line => named(line, house)))], { objectMode: false }),
  }
})

const named = (line: Line, { metering }: Pick<HistoryHouse, 'metering'>) => ({ ...line, name: metering.nameOf(line.person) ?? null })

function refuseStranger({ identity }: HistoryAsk, { settings }: HistoryHouse): Refusal | undefined {
  return isOperator(identity, settings) ? undefined : nowhere
}

/** @param refuse who may not ask; asked before anything is read of what they ask */
function spendingRequest(
  refuse: (ask: HistoryAsk, house: HistoryHouse) => Refusal | undefined,
  answer: (asker: Person, range: DayRange, house: HistoryHouse) => Promise<HistoryAnswer>,
): AnswerHistory {
  async function answered(ask: HistoryAsk, house: HistoryHouse): Promise<HistoryAnswer | Refusal> {
    const asker = askerOf(ask, house)
    if ('admitted' in asker) return asker
    const refused = refuse(ask, house)
    if (refused) return refused
    const range = readRange(new URL(ask.url, 'http://kaiwa').searchParams, Date.now())
    if ('admitted' in range) return range
    try {
      return await answer(asker, range, house)
    } catch (error) {
      return refusalOfTrouble(error, house)
    }
  }
  return async (ask, house) => finished(await answered(ask, house), ask, house)
}
