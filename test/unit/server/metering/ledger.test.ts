import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nothing, responseAmount } from '../../../../server/metering/amount.ts'
import { createLedger, type Charge, type Reservation } from '../../../../server/metering/ledger.ts'

const DAY_MS = 86_400_000
const charge = (person: string, nanoUsd: number | null, model = 'gpt-realtime-2.1'): Charge =>
  ({ callId: 'call_1', person, model, responseId: 'resp_1', amount: responseAmount(nothing.tokens, nanoUsd), estimated: false })

function scene(options: { earlier?: Charge[], maxPersons?: number } = {}) {
  let nowMs = Date.UTC(2026, 10, 22, 12)
  const written: Charge[] = []
  const ledger = createLedger({ nowMs: () => nowMs, record: each => written.push(each), ...options })
  return { ledger, written, wait: (ms: number) => { nowMs += ms } }
}

describe('the ledger', () => {
  it('knows what each person and everyone spent today, and writes each charge down', () => {
    const { ledger, written } = scene()
    for (const each of [charge('a', 5), charge('b', 7), charge('a', 1)]) ledger.charge(each)
    expect([ledger.spent('person', 'a'), ledger.spent('person', 'b'), ledger.spent('everyone', 'a')]).toEqual([6, 7, 13])
    expect(written).toHaveLength(3)
  })

  it('knows what each person took of each model, and how many responses that was', () => {
    const { ledger, wait } = scene()
    for (const each of [charge('a', 5), charge('b', 7), charge('a', 1), charge('a', 2, 'other'), { ...charge('a', 3, 'other'), responseId: null }]) ledger.charge(each)
    expect(ledger.accounts().accounts.map(({ person, model, responses, amount }) => [person, model, responses, amount.nanoUsd]))
      .toEqual([['a', 'gpt-realtime-2.1', 2, 6], ['b', 'gpt-realtime-2.1', 1, 7], ['a', 'other', 1, 5]])
    wait(DAY_MS)
    expect(ledger.accounts().accounts).toEqual([])
  })

  it('begins anew at midnight UTC; what is under way stays reserved', () => {
    const { ledger, wait } = scene()
    ledger.charge(charge('a', 5))
    const reservation = ledger.hold('a', 3)
    wait(DAY_MS / 2 - 1)
    expect(ledger.spent('person', 'a')).toBe(5)
    wait(1)
    expect(ledger.spent('person', 'a')).toBe(0)
    expect(ledger.spent('everyone', 'a')).toBe(0)
    expect(ledger.reserved('everyone', 'a')).toBe(3)
    reservation.release()
    expect(ledger.models()).toEqual({ day: '2026-11-23', models: [] })
  })

  it('goes on where it was before a restart', () => {
    const { ledger, written } = scene({ earlier: [charge('a', 5), charge('b', 1)] })
    expect(ledger.spent('person', 'a')).toBe(5)
    expect(ledger.spent('everyone', 'a')).toBe(6)
    expect(written).toEqual([])
  })

  it('reserves while spending and reservations are below both budgets, else says which isn\'t', () => {
    const { ledger } = scene()
    const budgets = { person: 10, everyone: 15 }
    ledger.charge(charge('a', 4))
    expect(ledger.reserve('a', 5, budgets)).toMatchObject({ nanoUsd: 5 })
    const last = ledger.reserve('a', 5, budgets)
    expect(last).toMatchObject({ nanoUsd: 5 })
    expect(ledger.reserve('a', 1, budgets)).toBe('person')
    expect(ledger.reserve('b', 2, budgets)).toMatchObject({ nanoUsd: 2 })
    expect(ledger.reserve('c', 1, budgets)).toBe('everyone')
    ;(last as Reservation).release()
    expect(ledger.reserve('a', 1, budgets)).toMatchObject({ nanoUsd: 1 })
  })

  it('is held by no budget that isn\'t set', () => {
    const { ledger } = scene()
    ledger.charge(charge('a', 1e12))
    expect(ledger.reserve('a', 5, {})).toMatchObject({ nanoUsd: 5 })
  })

  it('gives back exactly what was set aside, however reservations are mixed', () => {
    const step = fc.record({ who: fc.constantFrom('a', 'b', 'c'), nano: fc.nat(1e9), then: fc.constantFrom('keep', 'raise', 'release', 'release twice') })
    fc.assert(fc.property(fc.array(step, { maxLength: 50 }), steps => {
      const { ledger } = scene()
      const held = steps.map(({ who, nano, then }) => {
        const reservation = ledger.hold(who, nano)
        if (then === 'raise') reservation.raise(nano)
        if (then.startsWith('release')) reservation.release()
        if (then === 'release twice') reservation.release()
        return { who, reservation }
      })
      for (const who of ['a', 'b', 'c']) expect(ledger.reserved('person', who)).toBe(held.filter(each => each.who === who).reduce((sum, { reservation }) => sum + reservation.nanoUsd, 0))
      for (const { reservation } of held) reservation.release()
      expect(ledger.reserved('everyone', 'a')).toBe(0)
    }))
  })

  it('lets persons beyond its bound share one account, so that nobody gets out of theirs', () => {
    const { ledger } = scene({ maxPersons: 2 })
    for (const who of ['a', 'b', 'c', 'd']) ledger.charge(charge(who, 10))
    expect(ledger.spent('person', 'a')).toBe(10)
    expect(ledger.spent('person', 'c')).toBe(20)
    expect(ledger.spent('person', 'somebody new')).toBe(20)
    expect(ledger.spent('everyone', '')).toBe(40)
  })

  it('sums by model; what has no price adds no money', () => {
    const { ledger } = scene()
    for (const each of [charge('a', 5), charge('b', 6), charge('a', null, 'own')]) ledger.charge(each)
    expect(ledger.models().models.map(({ model, amount }) => [model, amount.nanoUsd])).toEqual([['gpt-realtime-2.1', 11], ['own', null]])
    expect(ledger.today('a').nanoUsd).toBe(5)
  })
})
