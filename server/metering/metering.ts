import type { UsageAmount } from '../../shared/calls.ts'
import type { Person } from '../auth/person.ts'
import type { BrainSettings, BudgetSettings } from '../config/settings.ts'
import { nothing, plus, usageAmount } from './amount.ts'
import { createCallMeter, type CallMeter, type CallMeterListener, type LiveMeter } from './call-meter.ts'
import type { Budgets } from './call-budget.ts'
import { dayOf, type Ledger } from './ledger.ts'
import { createPersonNames } from './person-names.ts'
import { NANO_PER_USD, type Prices } from './prices.ts'

export interface CallToMeter extends CallMeterListener {
  callId: string
  person: Person
  /** The one that was asked for: its price is the call's. */
  model: string
  /** Who answers: whose prices count. Undefined: the server's own. */
  brain?: BrainKind
  /** What this call may cost, in place of what any call may. */
  budgetUsd?: number
}

type BrainKind = BrainSettings['kind']

/** The operator's numbers of today (UTC). */
export interface SpendingTotals {
  /** `YYYY-MM-DD`. */
  day: string
  /** What everyone took; `usd` without what has no price. */
  all: UsageAmount
  /** US dollars set aside for what is under way. */
  reservedUsd: number
  /** Everyone's budget; undefined: none. */
  budgetUsd: number | undefined
  /** At most 200 and one for the rest, `others`; transcription models among them. */
  models: { model: string, amount: UsageAmount }[]
}

/** What talking costs, and whether it still may. */
export interface Metering {
  /** Why nobody may begin: the person's day, or everyone's, is used up. */
  refusal(person: Person): 'person' | 'everyone' | undefined
  /** Whether spending with this model can be counted in money. With a budget, a model without price mustn't be called. */
  isPriced(model: string, brain?: BrainKind): boolean
  readonly hasBudget: boolean
  begin(call: CallToMeter): CallMeter
  totals(): SpendingTotals
  /** One person's day so far. */
  today(person: Person): { day: string, spent: UsageAmount, budgetUsd: number | undefined }
  /** Everyone's day so far, by person and model. */
  accounts(): { day: string, accounts: { person: string, model: string, responses: number, amount: UsageAmount }[] }
  /** As their provider calls them; undefined: nobody with this key has talked since the start, or they have no name. */
  nameOf(key: string): string | undefined
}

export interface MeteringOptions {
  prices: Prices
  /** Of somebody else than the server's own brain. @default the same */
  pricesOf?(brain: BrainKind): Prices
  budgets: BudgetSettings
  ledger: Ledger
  /** Wall clock, Unix milliseconds: the day is UTC's. */
  nowMs(): number
  ids: (prefix: string) => string
}

/** Who used up their day. Full ⇒ further ones are only held by their numbers, which is nearly the same. */
const MAX_REMEMBERED = 100_000
/** A call that ended for a day's money ends the day only when so much of it is spent. */
const USED_UP_SHARE = 0.8

/** Whom money is charged to. Persons who can't be told apart (this machine's own) are one. */
export const personKey = (person: Person) => person.id === undefined ? 'local' : `${person.by}:${person.id}`

const nano = (usd: number | undefined) => usd === undefined ? undefined : Math.round(usd * NANO_PER_USD)

/** Keeps the budgets over all live calls. */
export function createMetering({ prices, pricesOf = () => prices, budgets: settings, ledger, nowMs, ids }: MeteringOptions): Metering {
  const budgets: Budgets = { call: nano(settings.perCallUsd), person: nano(settings.perPersonDayUsd), everyone: nano(settings.perDayUsd) }
  const pricesFor = (brain: BrainKind | undefined) => brain === undefined ? prices : pricesOf(brain)
  const live = new Set<LiveMeter>()
  /** A call was ended for it: the next one of that day doesn't begin, though a little may be left. */
  const usedUp = new Set<string>()
  const day = () => dayOf(nowMs())
  let usedUpDay = day()
  const names = createPersonNames()

  const keyOf = (of: 'person' | 'everyone', person: string) => of === 'everyone' ? of : `person ${person}`

  function rememberUsedUp(of: 'person' | 'everyone', person: string) {
    turnDay()
    if (usedUp.size < MAX_REMEMBERED) usedUp.add(keyOf(of, person))
  }

  function turnDay() {
    if (usedUpDay === day()) return
    usedUpDay = day()
    usedUp.clear()
  }

  function isUsedUp(of: 'person' | 'everyone', person: string) {
    const budget = budgets[of]
    if (budget === undefined) return false
    turnDay()
    return usedUp.has(keyOf(of, person)) || ledger.spent(of, person) + ledger.reserved(of, person) >= budget
  }

  function begin(call: CallToMeter): CallMeter {
    const person = personKey(call.person)
    if ('name' in call.person && call.person.name !== undefined) names.note(person, call.person.name)
    const meter = createCallMeter({
      ...call, person, prices: pricesFor(call.brain), ledger, ids, day,
      budgets: call.budgetUsd === undefined ? budgets : { ...budgets, call: nano(call.budgetUsd) },
      onSpent(spent) {
        // What is only set aside may be there again in a minute.
        if (spent.of !== 'call' && ledger.spent(spent.of, person) >= USED_UP_SHARE * (budgets[spent.of] ?? Infinity)) rememberUsedUp(spent.of, person)
        call.onSpent(spent)
      },
      tellOthers(state, of, isEnough = () => false) {
        for (const other of [...live]) {
          if (isEnough()) return
          if (other !== meter && (of === 'everyone' || other.person === person)) other.hear(state, of)
        }
      },
    })
    live.add(meter)
    meter.begin()
    return {
      observer: meter.observer,
      guard: meter.guard,
      end() {
        live.delete(meter)
        meter.end()
      },
    }
  }

  return {
    refusal: person => (['person', 'everyone'] as const).find(of => isUsedUp(of, personKey(person))),
    isPriced: (model, brain) => pricesFor(brain).model(model) !== undefined,
    hasBudget: Object.values(budgets).some(budget => budget !== undefined),
    begin,
    totals() {
      const { day: today, models } = ledger.models()
      return {
        day: today,
        all: usageAmount(models.reduce((sum, { amount }) => plus(sum, amount), nothing)),
        reservedUsd: ledger.reserved('everyone', '') / NANO_PER_USD,
        budgetUsd: settings.perDayUsd,
        models: models.map(({ model, amount }) => ({ model, amount: usageAmount(amount) })),
      }
    },
    today: person => ({ day: day(), spent: usageAmount(ledger.today(personKey(person))), budgetUsd: settings.perPersonDayUsd }),
    accounts() {
      const { day: today, accounts } = ledger.accounts()
      return { day: today, accounts: accounts.map(account => ({ ...account, amount: usageAmount(account.amount) })) }
    },
    nameOf: names.of,
  }
}
