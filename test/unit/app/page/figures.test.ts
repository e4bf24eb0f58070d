import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quantilesOf, turnMs, turnSpans } from '../../../../app/components/drawer/turn-spans.ts'
import { personLabel } from '../../../../app/components/operator/person-label.ts'
import { sumOf, sumsBy, sumsByDay } from '../../../../app/components/usage/spending-sums.ts'
import type { AnswerLatency } from '../../../../app/voice/call.ts'
import type { SpendingLine } from '../../../../shared/spending.ts'

const latency = (more: Partial<AnswerLatency> = {}): AnswerLatency => ({ replyId: 'r', committedMs: 10, textMs: 300, audioMs: 400, heardMs: 460, relayMs: 0.2, ...more })

describe('where the time of an answer went', () => {
  test('each stretch begins where the one before ended', () => {
    expect(turnSpans(latency())).toEqual([
      { kind: 'end', fromMs: 0, toMs: 10 }, { kind: 'words', fromMs: 10, toMs: 300 }, { kind: 'voice', fromMs: 300, toMs: 400 }, { kind: 'way', fromMs: 400, toMs: 460 },
    ])
  })

  test('what isn’t known takes no time, and neither do words that came after the voice', () => {
    expect(turnSpans(latency({ textMs: 450, heardMs: undefined })).map(({ kind, toMs }) => [kind, toMs])).toEqual([['end', 10], ['words', 450]])
    expect(turnSpans(latency({ committedMs: 0, textMs: undefined })).map(({ kind }) => kind)).toEqual(['voice', 'way'])
    expect(turnMs(latency({ committedMs: undefined, textMs: undefined, audioMs: undefined, heardMs: undefined }))).toBe(0)
  })

  test('whatever is known: the stretches follow each other without a gap', () => {
    const ms = fc.option(fc.integer({ min: 0, max: 9000 }), { nil: undefined })
    fc.assert(fc.property(fc.record({ committedMs: ms, textMs: ms, audioMs: ms, heardMs: ms }), known => {
      const spans = turnSpans(latency(known))
      spans.forEach((span, index) => expect(span.fromMs).toBe(spans[index - 1]?.toMs ?? 0))
      expect(spans.every(({ fromMs, toMs }) => toMs > fromMs)).toBe(true)
    }))
  })

  test('half and nineteen of twenty are values that were measured', () => {
    expect(quantilesOf(Array.from({ length: 100 }, (_, at) => 100 - at))).toEqual({ p50: 50, p95: 95 })
    expect(quantilesOf([7, undefined])).toEqual({ p50: 7, p95: 7 })
    expect(quantilesOf([undefined])).toBeUndefined()
  })
})

describe('what was spent', () => {
  const line = (day: string, model: string, usd: number | null, text = 10): SpendingLine => ({
    day, model, prices_of: null, responses: 1,
    usage: {
      usd, transcription_seconds: 2, input_tokens: { text, audio: 5, image: 1, cached_text: 4, cached_audio: 0, cached_image: 1 },
      output_tokens: { text: 2, audio: 3 },
    },
  })

  test('adds up, tokens of what has no price too', () => {
    expect(sumOf([line('2026-08-01', 'a', 0.5), line('2026-08-01', 'b', null)])).toEqual({ usd: 0.5, responses: 2, tokensIn: 32, cached: 10, tokensOut: 10, transcribedSeconds: 4 })
    expect(sumOf([line('2026-08-01', 'b', null)]).usd).toBeUndefined()
  })

  test('stands the dearest first', () => {
    expect(sumsBy([line('2026-08-01', 'a', 0.5), line('2026-08-02', 'b', 0.4), line('2026-08-03', 'b', 0.3)], ({ model }) => model).map(({ key }) => key)).toEqual(['b', 'a'])
  })

  test('has every day in it, over the end of a month and without anything too', () => {
    expect(sumsByDay([line('2026-02-28', 'a', 0.5), line('2026-02-28', 'b', 0.1)], '2026-02-27', '2026-03-01'))
      .toEqual([{ day: '2026-02-27', usd: 0 }, { day: '2026-02-28', usd: 0.6 }, { day: '2026-03-01', usd: 0 }])
    expect(sumsByDay([], '2000-01-01', '2026-01-01')).toHaveLength(400)
  })
})

test.each([
  ['local', null, { key: 'local' }], ['forgotten', null, { key: 'forgotten' }], ['token:robot', 'robot', { key: 'token', id: 'robot' }], ['oidc:0123456789abcdef', 'Ann', { name: 'Ann' }],
  ['oidc:0123456789abcdef', null, { key: 'oidc', id: '89abcdef' }], ['anonymous:203.0.113.7', null, { key: 'anonymous', id: '203.0.113.7' }], ['strange', null, { name: 'strange' }],
] as const)('%s, called %s', (person, name, expected) => { expect(personLabel({ person, name })).toEqual(expected) })
