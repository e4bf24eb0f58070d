import { describe, expect, test } from 'vitest'
import { dollars, dollarsPerMinute, moment, nextDayUtc, tokensByKind } from '../../../../app/components/usage/money.ts'

describe('money', () => {
  test.each([
    [0, '$0.00'], [0.00002, '<$0.0001'], [0.00123, '$0.0012'], [0.00994, '$0.0099'], [0.00996, '$0.010'], [0.0667, '$0.067'], [0.0994, '$0.099'],
    [0.0996, '$0.10'], [0.5, '$0.50'], [1.239, '$1.24'], [1234.5, '$1,234.50'],
  ])('%f dollars are %s', (usd, text) => {
    expect(dollars(usd, 'en')).toBe(text)
  })

  test('a price for a minute is told only of a call that is long enough to say something', () => {
    expect(dollarsPerMinute(0.01, 29_999)).toBeUndefined()
    expect(dollarsPerMinute(0.06, 90_000)).toBeCloseTo(0.04)
  })

  test('a day’s money is there again at midnight UTC, whatever the month', () => {
    expect(nextDayUtc(Date.UTC(2026, 11, 31, 23, 59))).toBe(Date.UTC(2027, 0, 1))
    expect(nextDayUtc(Date.UTC(2026, 10, 22))).toBe(Date.UTC(2026, 10, 23))
  })

  test('a moment of another day names the day', () => {
    const now = new Date(2026, 10, 22, 15, 0).getTime()
    expect(moment(new Date(2026, 10, 22, 16, 5).getTime(), now, 'en-US')).toMatch(/^4:05\sPM$/)
    expect(moment(new Date(2026, 10, 23, 1, 0).getTime(), now, 'en-US')).toMatch(/^Monday/)
  })

  test('kinds of tokens add up: what was cached is not counted twice', () => {
    const kinds = tokensByKind({
      usd: 1, transcribedSeconds: 0,
      inputTokens: { text: 10, audio: 30, image: 4 }, cachedTokens: { text: 4, audio: 30, image: 0 }, outputTokens: { text: 2, audio: 9 },
    })
    expect(kinds).toEqual({ textIn: 6, textCached: 4, audioIn: 0, audioCached: 30, imageIn: 4, imageCached: 0, textOut: 2, audioOut: 9 })
    expect(Object.values(kinds).reduce((sum, count) => sum + count)).toBe(10 + 30 + 4 + 2 + 9)
  })
})
