import { dollars, path, type Read } from './setting-kinds.ts'

/** How much may be spent, in US dollars; undefined: without bound. */
export interface BudgetSettings {
  perCallUsd: number | undefined
  /** One person, one day (UTC). */
  perPersonDayUsd: number | undefined
  /** Everyone, one day (UTC). */
  perDayUsd: number | undefined
  /** A file of prices that take the place of, or are added to, the built-in ones. */
  pricesFile: string | undefined
}

/** @throws SettingsError */
export const readBudgets = (read: Read): BudgetSettings => ({
  perCallUsd: read('KAIWA_BUDGET_USD_PER_CALL', dollars, undefined),
  perPersonDayUsd: read('KAIWA_BUDGET_USD_PER_USER_DAY', dollars, undefined),
  perDayUsd: read('KAIWA_BUDGET_USD_PER_DAY', dollars, undefined),
  pricesFile: read('KAIWA_PRICES', path('the path of a JSON file with prices'), undefined),
})

export const hasBudget = ({ perCallUsd, perPersonDayUsd, perDayUsd }: BudgetSettings) => [perCallUsd, perPersonDayUsd, perDayUsd].some(usd => usd !== undefined)
