import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advanceClock, beginClock, endClock, isHeardOut } from '../../../app/voice/heard-clock.ts'

describe('what was heard of a voice that the browser plays', () => {
  it('is what the element has played since it began, less what is on its way', () => {
    const clock = advanceClock(beginClock(5000, 120), 6000, 120)
    expect(clock.heardMs).toBe(880)
  })

  it('is nothing while the element stands still', () => {
    expect(advanceClock(beginClock(0, 120), 0, 120).heardMs).toBe(0)
  })

  it('is all that was sent a moment after the last of it was', () => {
    const ended = endClock(advanceClock(beginClock(0, 120), 2000, 120), 2000)
    expect(isHeardOut(ended)).toBe(false)
    const later = advanceClock(ended, 2130, 120)
    expect(later).toMatchObject({ heardMs: 2000, sentMs: 2000 })
    expect(isHeardOut(later)).toBe(true)
  })

  it('never shrinks, is never more than was sent or the element played, and counts the longest way', () => {
    const step = fc.record({ passMs: fc.integer({ min: 0, max: 500 }), lagMs: fc.integer({ min: 0, max: 400 }), ends: fc.boolean() })
    const steps = fc.array(step, { maxLength: 60 })
    fc.assert(fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 0, max: 400 }), steps, (fromMs, lagMs, all) => {
      let clock = beginClock(fromMs, lagMs)
      let positionMs = fromMs
      for (const step of all) {
        positionMs += step.passMs
        const before = clock
        clock = advanceClock(clock, positionMs, step.lagMs)
        if (step.ends) clock = endClock(clock, positionMs)
        expect(clock.heardMs).toBeGreaterThanOrEqual(before.heardMs)
        expect(clock.heardMs).toBeLessThanOrEqual(Math.max(0, positionMs - fromMs - Math.min(lagMs, step.lagMs)) + 1e-9)
        expect(clock.heardMs).toBeLessThanOrEqual(clock.sentMs ?? Infinity)
        expect(clock.lagMs).toBeGreaterThanOrEqual(before.lagMs)
        if (before.sentMs !== undefined) expect(clock.sentMs).toBe(before.sentMs)
      }
    }))
  })
})
