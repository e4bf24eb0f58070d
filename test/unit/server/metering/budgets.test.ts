import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Person } from '../../../../server/auth/person.ts'
import { anna, ben, dollars, meteringScene, spoken, type CallScene } from './metering-scene.ts'

const tokensFor = (usd: number) => Math.round(usd / 64e-6)

describe('a budget', () => {
  it('of a call warns once at 80 %, then ends the call, with a goodbye while one fits', () => {
    const { call } = meteringScene({ perCallUsd: 1 })
    const talk = call()
    for (let number = 0; number < 15; number++) talk.answers(tokensFor(0.064), `resp_${number}`)
    expect(talk.limits).toEqual([expect.objectContaining({ type: 'kaiwa.limit', of: 'call', state: 'near', spent_usd: 0.832, budget_usd: 1, ends_in_seconds: null }),
      expect.objectContaining({ of: 'call', state: 'reached', spent_usd: 0.96, budget_usd: 1, ends_in_seconds: 5 })])
    expect(talk.spent).toEqual([{ of: 'call', mayGoodbye: true }])
  })

  it('may be one call\'s own, with or without one for all calls, and the others keep theirs', () => {
    for (const perCallUsd of [undefined, 1]) {
      const { call } = meteringScene({ perCallUsd })
      const [modest, other] = [call({ budgetUsd: 0.1 }), call()]
      for (const talk of [modest, other]) talk.answers(tokensFor(0.0928))
      expect(modest.limits.at(-1)).toMatchObject({ of: 'call', state: 'reached', budget_usd: 0.1 })
      expect(modest.spent).toEqual([{ of: 'call', mayGoodbye: true }])
      expect(other.spent).toEqual([])
    }
  })

  it('ends the call without a goodbye when none fits any more', () => {
    const { call } = meteringScene({ perCallUsd: 0.1 })
    const talk = call()
    talk.answers(tokensFor(0.096))
    expect(talk.limits.map(({ state }) => state)).toEqual(['reached'])
    expect(talk.spent).toEqual([{ of: 'call', mayGoodbye: false }])
  })

  it('is not reported as used up while more than a tenth of it is left, however dear answers are', () => {
    const { call } = meteringScene({ perCallUsd: 0.2 })
    const talk = call()
    // The next answer might cost 0.15 again; still, three quarters are no end.
    talk.answers(tokensFor(0.15))
    expect(talk.spent).toEqual([])
    expect(talk.limits).toEqual([])
  })

  it('lets the goodbye itself be spoken, and says nothing twice', () => {
    const { call, spent, ledger } = meteringScene({ perCallUsd: 0.1 })
    const talk = call()
    talk.answers(tokensFor(0.0928))
    expect(talk.spent).toEqual([{ of: 'call', mayGoodbye: true }])
    talk.answers(80, 'goodbye')
    talk.answers(10, 'more')
    expect(talk.spent).toHaveLength(1)
    expect(talk.limits).toHaveLength(1)
    talk.end()
    expect(dollars(spent())).toBeLessThanOrEqual(0.1)
    expect(ledger.reserved('everyone', '')).toBe(0)
  })

  it('gives back what was set aside for a goodbye that nobody speaks', () => {
    const { call, ledger } = meteringScene({ perCallUsd: 0.1 })
    const talk = call()
    talk.answers(tokensFor(0.0928))
    expect(ledger.reserved('everyone', '')).toBeGreaterThan(0)
    talk.end()
    expect(ledger.reserved('everyone', '')).toBe(0)
  })

  it('of a person spans their calls: used up in one, the others end too, somebody else\'s don\'t', () => {
    const { call, metering } = meteringScene({ perPersonDayUsd: 0.5 })
    const [one, two, other] = [call(), call(), call({ person: ben })]
    one.answers(tokensFor(0.42))
    for (const each of [one, two]) expect(each.limits).toEqual([expect.objectContaining({ of: 'person', state: 'near', spent_usd: 0.420032, budget_usd: 0.5 })])
    two.answers(tokensFor(0.07))
    for (const each of [one, two]) expect(each.spent).toEqual([expect.objectContaining({ of: 'person' })])
    expect(other.limits).toEqual([])
    expect(metering.refusal(anna)).toBe('person')
    expect(metering.refusal(ben)).toBeUndefined()
  })

  it('of everyone ends everyone\'s calls and shows nobody the amounts', () => {
    const { call, metering } = meteringScene({ perDayUsd: 0.5 })
    const calls = [call(), call({ person: ben })]
    calls[0]!.answers(tokensFor(0.42))
    calls[0]!.answers(tokensFor(0.09), 'resp_2')
    for (const { limits, spent } of calls) {
      expect(limits.map(({ state, of, spent_usd, budget_usd }) => [state, of, spent_usd, budget_usd])).toEqual([['near', 'everyone', null, null], ['reached', 'everyone', null, null]])
      expect(spent).toEqual([{ of: 'everyone', mayGoodbye: false }])
    }
    expect(metering.refusal(anna)).toBe('everyone')
    expect(metering.refusal({ by: 'anonymous', id: undefined })).toBe('everyone')
  })

  it('of a day is whole again at midnight UTC, and warns anew', () => {
    const { call, metering, wait } = meteringScene({ perPersonDayUsd: 0.5 })
    const talk = call()
    talk.answers(tokensFor(0.405))
    wait(86_400_000)
    talk.answers(tokensFor(0.405), 'resp_2')
    expect(talk.limits.map(({ state }) => state)).toEqual(['near', 'near'])
    talk.answers(tokensFor(0.09), 'resp_3')
    expect(metering.refusal(anna)).toBe('person')
    wait(86_400_000)
    expect(metering.refusal(anna)).toBeUndefined()
  })

  it('that is used up stays so for the day: a new call doesn\'t begin with the crumbs', () => {
    const { call, metering } = meteringScene({ perPersonDayUsd: 0.5 })
    const talk = call()
    talk.answers(tokensFor(0.42))
    talk.answers(tokensFor(0.06), 'resp_2')
    expect(talk.spent).toEqual([{ of: 'person', mayGoodbye: true }])
    talk.end()
    expect(metering.refusal(anna)).toBe('person')
  })

  it('lets an answer that is under way in another call end, and looks at that call then', () => {
    const { call } = meteringScene({ perPersonDayUsd: 0.5 })
    const [one, two] = [call(), call()]
    two.created('slow')
    one.answers(tokensFor(0.495))
    expect(one.spent).toHaveLength(1)
    expect(two.spent).toEqual([])
    two.done(spoken(10), 'slow')
    expect(two.spent).toEqual([{ of: 'person', mayGoodbye: false }])
  })

  it('counts persons who can\'t be told apart as one', () => {
    const { call, metering } = meteringScene({ perPersonDayUsd: 0.1 })
    const nobody: Person = { by: 'anonymous', id: undefined }
    call({ person: nobody }).answers(tokensFor(0.2))
    expect(metering.refusal(nobody)).toBe('person')
    expect(metering.refusal({ by: 'anonymous', id: '192.0.2.1' })).toBeUndefined()
  })

  it('ends a call as it begins when nothing is left for its first answer, and one that begins a second beside its own', () => {
    const { call } = meteringScene({ perPersonDayUsd: 0.04 })
    const [one, two, late] = [call(), call(), call()]
    expect([one, two, late].map(({ spent }) => spent)).toEqual([[], [], [{ of: 'person', mayGoodbye: false }]])
    for (const each of [one, two]) each.created()
    expect([one, two].map(({ spent }) => spent)).toEqual([[], []])
    one.created('beside it')
    expect([one, two].map(({ spent }) => spent)).toEqual([[{ of: 'person', mayGoodbye: false }], []])
  })

  it('keeps more for the next answer while somebody speaks and types, and ends the call when that can\'t be had', () => {
    const { call, ledger } = meteringScene({ perPersonDayUsd: 0.06 })
    const [one, two] = [call(), call()]
    const kept = () => dollars(ledger.reserved('person', 'oidc:anna'))
    const before = kept()
    one.event('input_audio_buffer.speech_started', { item_id: 'a', audio_start_ms: 0 })
    one.appended(150_000)
    expect(kept() - before).toBeGreaterThan(1500 * 32e-6 - 0.01)
    two.typed(8000)
    expect(two.spent).toEqual([{ of: 'person', mayGoodbye: false }])
    expect(one.spent).toEqual([])
  })

  it('of one response is not touched by silence that is sent while nobody speaks', () => {
    const { call, ledger } = meteringScene({ perCallUsd: 1 })
    const talk = call()
    const before = ledger.reserved('everyone', '')
    talk.appended(3_600_000)
    expect(ledger.reserved('everyone', '')).toBe(before)
  })

  it('of a call counts all that is under way in it', () => {
    const talk = meteringScene({ perCallUsd: 0.04 }).call()
    for (const id of ['a', 'b']) talk.created(id)
    expect(talk.spent).toEqual([])
    talk.created('c')
    expect(talk.spent).toEqual([{ of: 'call', mayGoodbye: false }])
  })

  it('that is given out is freed by those who are idle, as many as it takes, for an answer that goes on', () => {
    const { call } = meteringScene({ perPersonDayUsd: 0.105 })
    const [one, ...idle] = [call(), call(), call(), call()]
    one!.created()
    expect(idle.flatMap(({ spent }) => spent)).toEqual([])
    one!.speaks(6000)
    expect(idle.map(({ spent }) => spent)).toEqual([[{ of: 'person', mayGoodbye: true }], [], []])
    expect(one!.spent).toEqual([])
  })

  it('lets nothing out of band through that has no money, and nothing else is asked for twice', () => {
    const { call } = meteringScene({ perPersonDayUsd: 0.06 })
    const talk = call()
    const beside = '{"type":"response.create","response":{"conversation":"none"}}'
    const gate = talk.meter.guard({ check: text => ({ do: 'pass', text, type: 'response.create' }), serverEvent: () => undefined })
    const verdicts = (texts: string[]) => texts.map(text => gate.check(text, 0).do)
    expect(verdicts([beside, beside, beside, '{"type":"response.create"}'])).toEqual(['pass', 'pass', 'refuse', 'pass'])
    talk.event('error', { error: { param: 'response.tools', code: 'invalid_value' } })
    expect(verdicts([beside, beside])).toEqual(['pass', 'refuse'])
    for (const id of ['a', 'b']) talk.event('response.created', { response: { id, conversation_id: null } })
    expect(talk.spent).toEqual([])
  })

  it('stops an answer that grows beyond what was set aside while others have the rest', () => {
    const { call, ledger } = meteringScene({ perPersonDayUsd: 0.05 })
    const [one, two] = [call(), call()]
    one.created()
    two.created()
    two.speaks(60_000)
    expect(two.spent).toEqual([])
    // Two is the one that may go beyond it; one can't as well.
    expect(dollars(ledger.reserved('person', 'oidc:anna'))).toBeGreaterThan(0.05)
    one.speaks(30_000)
    expect(one.spent).toEqual([{ of: 'person', mayGoodbye: false }])
  })

  it('of no one is touched by what costs nothing', () => {
    const { call, metering } = meteringScene({ perCallUsd: 0.000001, perDayUsd: 0.000001 }, 'free')
    const talk = call({ model: 'kaiwa-local' })
    for (let number = 0; number < 20; number++) talk.answers(10_000, `resp_${number}`)
    expect(talk.spent).toEqual([])
    expect(metering.refusal(anna)).toBeUndefined()
  })
})

describe('the overshoot', () => {
  it('of one call is at most one response, whatever responses cost', () => {
    fc.assert(fc.property(fc.array(fc.nat(20_000), { maxLength: 60 }), fc.integer({ min: 1, max: 500 }), (answers, cents) => {
      const { call, charges, spent } = meteringScene({ perCallUsd: cents / 100 })
      const talk = call()
      for (const [number, tokens] of answers.entries()) if (talk.spent.length === 0) talk.answers(tokens, `resp_${number}`)
      const largest = Math.max(0, ...charges.map(({ amount }) => amount.nanoUsd!))
      expect(spent()).toBeLessThanOrEqual(cents * 1e7 + largest)
    }))
  })

  interface Act { who: number, does: 'asks' | 'speaks' | 'ends' | 'leaves' | 'loses usage', ms: number }
  const act: fc.Arbitrary<Act> = fc.record({ who: fc.nat(11), does: fc.constantFrom('asks', 'asks', 'speaks', 'speaks', 'speaks', 'ends', 'ends', 'leaves', 'loses usage'), ms: fc.integer({ min: 200, max: 60_000 }) })

  /** All begin at once, then anything happens: most of the money is under way at the same time. */
  const crowd = fc.array(act, { maxLength: 300 }).map(acts => [...Array.from({ length: 12 }, (_, who): Act => ({ who, does: 'asks', ms: 200 })), ...acts])

  /** What the model read before it spoke. */
  const instructed = { input_tokens: 900, input_token_details: { text_tokens: 900, audio_tokens: 0, image_tokens: 0, cached_tokens: 0 } }

  /** Twelve calls of three persons do these things in this order; each ends as soon as it is told to. */
  function play(acts: Act[], budgets: Parameters<typeof meteringScene>[0]) {
    const scene = meteringScene(budgets)
    const people: Person[] = [anna, ben, { by: 'anonymous', id: undefined }]
    let number = 0
    const talks = Array.from({ length: 12 }, (_, index) => {
      const state = { response: undefined as string | undefined, spokenMs: 0, isOver: false, talk: undefined as CallScene | undefined }
      state.talk = scene.call({ person: people[index % 3]!, onSpent() { state.isOver = true } })
      return state
    })
    for (const { who, does, ms } of acts) {
      const state = talks[who]!
      const talk = state.talk!
      if (state.isOver) talk.end()
      else if (does === 'asks' && !state.response) {
        state.response = `resp_${++number}`
        state.spokenMs = 0
        talk.created(state.response)
      } else if (does === 'speaks' && state.response) {
        // It is cut off as soon as it is told to end.
        for (let at = 0; at < ms && !state.isOver; at += 200) {
          talk.speaks(200)
          state.spokenMs += 200
        }
      } else if ((does === 'ends' || does === 'loses usage') && state.response) {
        talk.done(does === 'ends' ? spoken(state.spokenMs / 50, instructed) : null, state.response, { status: 'cancelled' })
        state.response = undefined
      } else if (does === 'leaves') {
        state.isOver = true
        talk.end()
      }
    }
    for (const { talk } of talks) talk!.end()
    return scene
  }

  it('of many calls at once is one response in all, in whatever order things happen', () => {
    fc.assert(fc.property(crowd, fc.integer({ min: 3, max: 30 }), (acts, cents) => {
      const { charges, spent, ledger } = play(acts, { perDayUsd: cents / 100 })
      const largest = Math.max(0, ...charges.map(({ amount }) => amount.nanoUsd!))
      expect(spent()).toBeLessThanOrEqual(cents * 1e7 + largest)
      expect(ledger.reserved('everyone', '')).toBe(0)
    }), { numRuns: 300 })
  })

  it('of each person\'s calls is one response in all, beside a call\'s budget and everyone\'s', () => {
    fc.assert(fc.property(crowd, fc.integer({ min: 3, max: 15 }), (acts, cents) => {
      const { charges } = play(acts, { perCallUsd: cents / 100, perPersonDayUsd: cents / 100, perDayUsd: 2 * cents / 100 })
      for (const key of ['person', 'callId'] as const) {
        for (const one of new Set(charges.map(charge => charge[key]))) {
          const costs = charges.filter(charge => charge[key] === one).map(({ amount }) => amount.nanoUsd!)
          expect(costs.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(cents * 1e7 + Math.max(...costs))
        }
      }
    }), { numRuns: 300 })
  })

  it('counts what came after a response was told to stop, up to eight seconds of voice in each call', () => {
    const { call, charges, spent } = meteringScene({ perDayUsd: 0.5 })
    const talks = Array.from({ length: 40 }, () => call())
    const lateMs = new Map<CallScene, number>()
    for (const talk of talks) if (talk.spent.length === 0) talk.created()
    for (let spokenMs = 0; spokenMs < 60_000; spokenMs += 200) {
      for (const talk of talks) {
        // Those who are told to end go on for a while, as models do.
        if (talk.spent.length > 0) lateMs.set(talk, (lateMs.get(talk) ?? 0) + 200)
        if ((lateMs.get(talk) ?? 0) <= 8000) talk.speaks(200)
      }
    }
    for (const talk of talks) talk.end()
    expect(dollars(spent())).toBeGreaterThan(0.3)
    expect(dollars(spent())).toBeLessThanOrEqual(0.5 + Math.max(...charges.map(({ amount }) => dollars(amount.nanoUsd!))))
  })

  it('of two hundred calls that answer at the same moment stays one response', () => {
    const { call, charges, spent } = meteringScene({ perDayUsd: 1 })
    const talks = Array.from({ length: 200 }, () => call())
    const speakOrEnd = (talk: CallScene) => talk.spent.length === 0 ? talk.speaks(200) : talk.end()
    for (let round = 0; round < 5; round++) {
      const open = talks.filter(talk => talk.spent.length === 0)
      for (const talk of open) if (talk.spent.length === 0) talk.created(`resp_${round}`)
      for (let spokenMs = 0; spokenMs < 40_000; spokenMs += 200) for (const talk of open) speakOrEnd(talk)
      for (const talk of open) {
        if (talk.spent.length === 0) talk.done(spoken(800), `resp_${round}`)
        else talk.end()
      }
    }
    for (const talk of talks) talk.end()
    expect(dollars(spent())).toBeGreaterThan(0.8)
    expect(dollars(spent())).toBeLessThanOrEqual(1 + Math.max(...charges.map(({ amount }) => dollars(amount.nanoUsd!))))
  })
})
