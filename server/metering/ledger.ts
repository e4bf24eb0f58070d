import { nothing, plus, type Amount } from './amount.ts'

/** What one response or transcription was charged. */
export interface Charge {
  callId: string
  /** Key of a person, `personKey`. */
  person: string
  model: string
  /** Null: a transcription. */
  responseId: string | null
  amount: Amount
  /** Nobody reported it: counted by what passed. */
  estimated: boolean
}

/** Money set aside for something that is under way. */
export interface Reservation {
  readonly nanoUsd: number
  /** It turns out dearer: never refused, since it is being spent. */
  raise(byNanoUsd: number): void
  /** Gives it back; idempotent. Charging what it came to is a step of its own, before this one. */
  release(): void
}

/** Nano-dollars a day; undefined: no bound. */
export interface DayBudgets { person?: number | undefined, everyone?: number | undefined }

/**
 * Who spent how much today (UTC). Every operation is whole: in one process because none of them waits, in a store that several
 * share because each is one command there (reserve is the only one that decides).
 */
export interface Ledger {
  /** Sets money aside if the day's spending and what is reserved are still below both budgets; else says which isn't. */
  reserve(person: string, nanoUsd: number, budgets: DayBudgets): Reservation | 'person' | 'everyone'
  /** Sets money aside without asking. */
  hold(person: string, nanoUsd: number): Reservation
  charge(charge: Charge): void
  /** Nano-dollars spent today, without what is reserved. */
  spent(of: 'person' | 'everyone', person: string): number
  /** Nano-dollars set aside at the moment, whichever day they will be spent. */
  reserved(of: 'person' | 'everyone', person: string): number
  /** A person's day. */
  today(person: string): Amount
  /** Everyone's day, model by model. */
  models(): { day: string, models: { model: string, amount: Amount }[] }
  /** Everyone's day, by person and model. */
  accounts(): { day: string, accounts: Account[] }
}

export interface Account { person: string, model: string, /** Transcriptions aside. */ responses: number, amount: Amount }

/** A day's persons. Full ⇒ who comes now shares one account. */
const MAX_PERSONS = 100_000
const MAX_MODELS = 200
const OTHERS = 'others'
/** Persons with each of their models. Full ⇒ who comes now is counted among the others. */
const MAX_ACCOUNTS = 200_000

const accountKey = ({ person, model }: Pick<Account, 'person' | 'model'>) => JSON.stringify([person, model])

export const dayOf = (nowMs: number) => new Date(nowMs).toISOString().slice(0, 10)

export interface LedgerOptions {
  /** Wall clock, Unix milliseconds. */
  nowMs(): number
  /** Where charges are written down; absent: nowhere. */
  record?(charge: Charge, atMs: number): void
  /** What was charged earlier today, before a restart. */
  earlier?: Iterable<Charge>
  maxPersons?: number
}

/** The ledger of one process. */
export function createLedger({ nowMs, record, earlier = [], maxPersons = MAX_PERSONS }: LedgerOptions): Ledger {
  let day = dayOf(nowMs())
  let everyone = nothing
  const persons = new Map<string, Amount>()
  const models = new Map<string, Amount>()
  const accounts = new Map<string, Account>()
  /** Of whom something is under way: as many as there are calls. */
  const reserved = new Map<string, number>()
  let reservedInAll = 0

  function turnDay() {
    const today = dayOf(nowMs())
    if (today === day) return
    day = today
    everyone = nothing
    persons.clear()
    models.clear()
    accounts.clear()
  }

  const account = (person: string) => persons.has(person) || persons.size < maxPersons ? person : OTHERS

  function add({ person, model, amount, responseId }: Charge) {
    const key = account(person)
    everyone = plus(everyone, amount)
    persons.set(key, plus(persons.get(key) ?? nothing, amount))
    const name = models.has(model) || models.size < MAX_MODELS ? model : OTHERS
    models.set(name, plus(models.get(name) ?? nothing, amount))
    addToAccount({ person: key, model: name, responses: responseId === null ? 0 : 1, amount })
  }

  function addToAccount(more: Account) {
    const known = accounts.has(accountKey(more)) || accounts.size < MAX_ACCOUNTS ? more : { ...more, person: OTHERS }
    const before = accounts.get(accountKey(known))
    accounts.set(accountKey(known), before ? { ...before, responses: before.responses + more.responses, amount: plus(before.amount, more.amount) } : known)
  }

  function setAside(person: string, nanoUsd: number) {
    reservedInAll += nanoUsd
    const sum = (reserved.get(person) ?? 0) + nanoUsd
    if (sum === 0) reserved.delete(person)
    else reserved.set(person, sum)
  }

  function hold(person: string, nanoUsd: number): Reservation {
    let amount = nanoUsd
    let released = false
    setAside(person, amount)
    return {
      get nanoUsd() { return amount },
      raise(by) {
        if (released) return
        amount += by
        setAside(person, by)
      },
      release() {
        if (released) return
        released = true
        setAside(person, -amount)
        amount = 0
      },
    }
  }

  function spent(of: 'person' | 'everyone', person: string): number {
    turnDay()
    return (of === 'everyone' ? everyone : persons.get(account(person)))?.nanoUsd ?? 0
  }
  const reservedOf = (of: 'person' | 'everyone', person: string) => of === 'everyone' ? reservedInAll : reserved.get(person) ?? 0

  for (const charge of earlier) add(charge)

  return {
    reserve(person, nanoUsd, budgets) {
      for (const scope of ['person', 'everyone'] as const) {
        const budget = budgets[scope]
        if (budget !== undefined && spent(scope, person) + reservedOf(scope, person) >= budget) return scope
      }
      return hold(person, nanoUsd)
    },
    hold,
    charge(charge) {
      turnDay()
      add(charge)
      record?.(charge, nowMs())
    },
    spent,
    reserved: reservedOf,
    today(person) {
      turnDay()
      return persons.get(account(person)) ?? nothing
    },
    models() {
      turnDay()
      return { day, models: [...models].map(([model, amount]) => ({ model, amount })) }
    },
    accounts() {
      turnDay()
      return { day, accounts: [...accounts.values()] }
    },
  }
}
