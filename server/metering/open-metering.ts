import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasBudget } from '../config/budget-settings.ts'
import { SettingsError, type Settings } from '../config/settings.ts'
import { createLedger, type Charge } from './ledger.ts'
import { createMetering, type Metering } from './metering.ts'
import { createPrices, parsePriceList, PricesError, type PriceList, type PricedBy, type Prices } from './prices.ts'
import { openSpendingFiles, type SpendingFiles, type SpendingTrouble } from './spending-files.ts'

/** The metering of a running server. */
export interface OpenMetering extends Metering {
  /** Before the process ends: what was charged is on disk then, or given up. */
  flush(): Promise<void>
}

export interface OpenMeteringOptions {
  /** Wall clock, Unix milliseconds. */
  nowMs(): number
  ids: (prefix: string) => string
  /** For the log; `not_kept`: there is no folder, so spending is forgotten at the next start. */
  onTrouble(trouble: SpendingTrouble | { what: 'not_kept', dir: string, why: string }): void
}

/** Azure's names are those of the operator's deployments; the embedded engine costs nothing, whatever a client calls it. */
const pricedBy: Record<Settings['brain']['kind'], PricedBy> = { openai: 'built_in', azure: 'own', local: 'free' }

function readOwnPrices(file: string): PriceList {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new SettingsError(`KAIWA_PRICES is ${JSON.stringify(file)}, which can't be read (${codeOf(error)}); it takes the path of a JSON file with prices.`)
  }
  try {
    return parsePriceList(text, file)
  } catch (error) {
    throw error instanceof PricesError ? new SettingsError(error.message) : error
  }
}

const codeOf = (error: unknown) => (error as { code?: unknown } | undefined)?.code ?? 'unknown reason'

/**
 * Prices, ledger and metering as the settings say. With a budget it fails closed: a folder that can't hold what was spent, or a
 * model without price, stops the start.
 * @throws SettingsError with one sentence
 */
export function openMetering(settings: Pick<Settings, 'brain' | 'budgets' | 'dataDir'>, { nowMs, ids, onTrouble }: OpenMeteringOptions): OpenMetering {
  const { budgets, brain } = settings
  const own = budgets.pricesFile === undefined ? undefined : readOwnPrices(budgets.pricesFile)
  const by = pricedBy[brain.kind]
  const prices = createPrices(by, own)
  const lists = new Map([[by, prices]])

  /** A persona may be answered by somebody else than the server's own brain. */
  function pricesOf(kind: Settings['brain']['kind']): Prices {
    const list = lists.get(pricedBy[kind]) ?? createPrices(pricedBy[kind], own)
    lists.set(pricedBy[kind], list)
    return list
  }

  if (hasBudget(budgets) && !prices.model(brain.model)) {
    throw new SettingsError(`A budget is set, but the model "${brain.model}" has no price, so the budget could not be kept; give its price in a file and name that in KAIWA_PRICES.`)
  }

  const dir = join(settings.dataDir, 'spending')
  /** What costs nothing isn't worth a file. Null: not opened yet. */
  let files = by === 'free' && !own && !existsSync(dir) ? null : openFiles(hasBudget(budgets))
  const ledger = createLedger({ nowMs, record, earlier: files?.earlier })
  return { ...createMetering({ prices, pricesOf, budgets, ledger, nowMs, ids }), flush: async () => files?.flush() }

  function record(charge: Charge, atMs: number) {
    // A persona whose answers cost something, where the server's own don't. A call is under way: no reason to stop it.
    if (files === null && charge.amount.nanoUsd) files = openFiles(false)
    files?.record(charge, atMs)
  }

  function openFiles(isVital: boolean): SpendingFiles | undefined {
    try {
      return openSpendingFiles({ dir, nowMs, onTrouble })
    } catch (error) {
      const why = String(codeOf(error))
      if (isVital) throw new SettingsError(`A budget is set, but what is spent can't be written to ${dir} (${why}); make that folder writable, or name another with KAIWA_DATA_DIR.`)
      onTrouble({ what: 'not_kept', dir, why })
      return undefined
    }
  }
}
