import type { Gate } from '../relay/gate.ts'
import type { WireText } from '../relay/link.ts'
import type { Reservation } from './ledger.ts'

/**
 * Out-of-band responses (API, `response.create` with `conversation: "none"`) can be asked for in any number at a time, so each has its money
 * before it is let through. One of the conversation has it already, and there is one at a time.
 */
export interface MoneyGate {
  guard(gate: Gate): Gate
  /** One of them began: its money; undefined: it wasn't seen coming. */
  began(): Reservation | undefined
  /** The model refused one. */
  refused(): void
  /** Nobody will begin any. */
  end(): void
}

/** Let through and not begun. Full ⇒ refused. */
const MAX_ASKED = 64

const noMoney = {
  type: 'rate_limit_error', code: 'budget_spent', param: null, event_id: null,
  message: 'What is left of the budget is set aside for responses under way. Ask again when one of them is done.',
}

/** @param take money for one; undefined: there is none */
export function createMoneyGate(take: () => Reservation | undefined): MoneyGate {
  const asked: Reservation[] = []

  function mayAsk(text: WireText): boolean {
    if (!text.includes('"none"')) return true
    const taken = asked.length < MAX_ASKED ? take() : undefined
    if (taken) asked.push(taken)
    return taken !== undefined
  }

  return {
    guard: gate => ({
      ...gate,
      check(text, nowMs) {
        const verdict = gate.check(text, nowMs)
        if (verdict.do !== 'pass' || verdict.type !== 'response.create' || mayAsk(verdict.text)) return verdict
        return { do: 'refuse', error: noMoney, type: verdict.type }
      },
    }),
    began: () => asked.shift(),
    refused() { asked.pop()?.release() },
    end() { for (const each of asked.splice(0)) each.release() },
  }
}
