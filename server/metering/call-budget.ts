import type { KaiwaLimitEvent } from '../../shared/calls.ts'
import type { Ledger, Reservation } from './ledger.ts'
import { NANO_PER_USD } from './prices.ts'

export type Scope = 'call' | 'person' | 'everyone'
/** Nano-dollars; undefined: no bound. */
export type Budgets = Partial<Record<Scope, number | undefined>>

/** `mayGoodbye`: a few kind words still fit, and the money for them is set aside. */
export interface Spent { of: Scope, mayGoodbye: boolean }

export interface CallBudgetOptions {
  person: string
  budgets: Budgets
  ledger: Ledger
  ids: (prefix: string) => string
  /** Today (UTC). */
  day(): string
  onLimit(event: KaiwaLimitEvent): void
  onSpent(spent: Spent): void
  /** Nano-dollars. */
  goodbye(): number
  /** Nothing is under way in this call. */
  isIdle(): boolean
  /** A budget that isn't this call's alone: the others have to hear of it. */
  /** @param isEnough asked before each of them, where it isn't about all */
  tellOthers(state: 'near' | 'reached', of: 'person' | 'everyone', isEnough?: () => boolean): void
}

/** The money of one call: reserves before it is spent, warns, and says when it is used up. */
export interface CallBudget {
  /**
   * Keeps so much for the beginning of the next response, of which nobody asks whether it may begin. Without it the call is told to end,
   * unless something is under way; then it is looked at again after that.
   */
  keepForNext(nanoUsd: number): void
  /** Money for one more response beside the next; undefined: there is none. */
  take(nanoUsd: number): Reservation | undefined
  /** A response began, with what was kept for it. Beyond the budget the call is told to end; what is under way is set aside nonetheless. */
  reserve(nanoUsd: number): Reservation
  /** What is under way and can't be refused (a transcription). */
  hold(nanoUsd: number): Reservation
  /** A response in progress will be dearer. It may be the one that goes beyond the budget, but not together with another: then the call is told to end. */
  raise(reservation: Reservation, byNanoUsd: number): void
  /** Counts what was charged; the ledger has it already. */
  spend(nanoUsd: number): void
  /** After a charge: warns, or ends, when what is left won't do for `nextNanoUsd`. */
  check(nextNanoUsd: number): void
  near(of: Scope): void
  /** Another call used it up: ends this one unless an answer is under way; then it is looked at again after that. */
  usedUp(of: Scope): void
  /** Gives back what was set aside for words that nobody will speak. */
  end(): void
}

/** From here on a talker is warned. */
const NEAR_SHARE = 0.8
/** However dear the next response may be: nobody is sent away while this much of their budget is left. */
const LAST_SHARE = 0.1
/** As long as a call has for its goodbye. */
const ENDS_IN_SECONDS = 5
const scopes = ['call', 'person', 'everyone'] as const

/**
 * A budget counts as used up when what is left is less than the next response is thought to cost, and less than its tenth: early
 * enough for a goodbye, as a rule. Each call keeps money for the beginning of its next response, and each response what may still come
 * after it is stopped. Nothing is kept for another, and none grows, once the others together have a budget used up or set aside: the
 * sum stays below the budget and that one response, so the overshoot is at most one response, in all.
 */
export function createCallBudget(options: CallBudgetOptions): CallBudget {
  const { person, budgets, ledger, tellOthers } = options
  let spentInCall = 0
  let reservedInCall = 0
  let told: Spent | undefined
  let forGoodbye: Reservation | undefined
  let forNext: Reservation | undefined
  const isBounded = scopes.some(of => budgets[of] !== undefined)
  const warned = new Set<string>()

  const spent = (of: Scope) => of === 'call' ? spentInCall : ledger.spent(of, person)
  const reserved = (of: Scope) => of === 'call' ? reservedInCall : ledger.reserved(of, person)
  /** Neither spent nor set aside; endless without a budget. */
  const left = (of: Scope) => (budgets[of] ?? Infinity) - spent(of) - reserved(of)

  function limitEvent(of: Scope, state: 'near' | 'reached'): KaiwaLimitEvent {
    const isShown = of !== 'everyone'
    return {
      type: 'kaiwa.limit', event_id: options.ids('event'), of, state,
      spent_usd: isShown ? spent(of) / NANO_PER_USD : null,
      budget_usd: isShown ? (budgets[of] ?? 0) / NANO_PER_USD : null,
      ends_in_seconds: state === 'reached' ? ENDS_IN_SECONDS : null,
    }
  }

  /** Counted for the call as well. */
  function inCall(reservation: Reservation): Reservation {
    reservedInCall += reservation.nanoUsd
    return {
      get nanoUsd() { return reservation.nanoUsd },
      raise(by) {
        reservedInCall += by
        reservation.raise(by)
      },
      release() {
        reservedInCall -= reservation.nanoUsd
        reservation.release()
      },
    }
  }

  function end(of: Scope, isIdle: boolean) {
    if (told) return
    const goodbye = options.goodbye()
    forNext?.release()
    forNext = undefined
    told = { of, mayGoodbye: isIdle && scopes.every(scope => left(scope) >= goodbye) }
    if (told.mayGoodbye) forGoodbye = inCall(ledger.hold(person, goodbye))
    options.onLimit(limitEvent(of, 'reached'))
    options.onSpent(told)
  }

  /** Whoever is idle makes room for what is being said. */
  function askForRoom() {
    for (const scope of ['person', 'everyone'] as const) if (left(scope) <= 0) tellOthers('reached', scope, () => left(scope) > 0)
  }

  /** The last money there is goes to one who asks. */
  function take(nanoUsd: number): Reservation | Scope {
    if (left('call') <= 0) return 'call'
    const taken = ledger.reserve(person, nanoUsd, budgets)
    return typeof taken === 'string' ? taken : inCall(taken)
  }

  /** Whether it may: the others together have left something. */
  function grow(reservation: Reservation, byNanoUsd: number): Scope | undefined {
    const usedUp = scopes.find(scope => left(scope) + reservation.nanoUsd <= 0)
    if (!usedUp) reservation.raise(byNanoUsd)
    return usedUp
  }

  function keepForNext(nanoUsd: number) {
    if (!isBounded || told) return
    if (forNext && forNext.nanoUsd >= nanoUsd) return
    const got = forNext ? grow(forNext, nanoUsd - forNext.nanoUsd) : take(nanoUsd)
    if (typeof got === 'object') forNext = got
    else if (got !== undefined && options.isIdle()) end(got, true)
  }

  function warn(of: Scope) {
    const key = of === 'call' ? of : `${of} ${options.day()}`
    if (told || warned.has(key)) return
    warned.add(key)
    options.onLimit(limitEvent(of, 'near'))
  }

  function reserve(nanoUsd: number): Reservation {
    if (forGoodbye) {
      const goodbye = forGoodbye
      forGoodbye = undefined
      return goodbye
    }
    if (forNext) {
      const kept = forNext
      forNext = undefined
      return kept
    }
    const taken = take(nanoUsd)
    if (typeof taken === 'object') return taken
    const reservation = inCall(ledger.hold(person, nanoUsd))
    end(taken, false)
    return reservation
  }

  return {
    keepForNext,
    take(nanoUsd) {
      const taken = take(nanoUsd)
      return typeof taken === 'object' ? taken : undefined
    },
    reserve,
    hold: nanoUsd => inCall(ledger.hold(person, nanoUsd)),
    raise(reservation, byNanoUsd) {
      const usedUp = grow(reservation, byNanoUsd)
      if (usedUp) end(usedUp, false)
      else askForRoom()
    },
    spend(nanoUsd) { spentInCall += nanoUsd },
    check(nextNanoUsd) {
      for (const scope of scopes) {
        const budget = budgets[scope]
        if (budget === undefined) continue
        if (left(scope) + (forNext?.nanoUsd ?? 0) < Math.min(nextNanoUsd, budget * LAST_SHARE)) {
          if (options.isIdle()) end(scope, true)
          if (scope !== 'call') tellOthers('reached', scope)
        } else if (spent(scope) >= budget * NEAR_SHARE) {
          warn(scope)
          if (scope !== 'call') tellOthers('near', scope)
        }
      }
    },
    near: warn,
    usedUp(of) {
      if (options.isIdle()) end(of, true)
    },
    end() {
      told ??= { of: 'call', mayGoodbye: false }
      forGoodbye?.release()
      forGoodbye = undefined
      forNext?.release()
      forNext = undefined
    },
  }
}
