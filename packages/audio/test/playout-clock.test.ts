import { describe, expect, it } from 'vitest'
import { createPlayoutClock } from '@kaiwa/audio'

describe('playout clock', () => {
  it('says which segment sounds and how much of it was played', () => {
    const clock = createPlayoutClock()
    clock.append('a', 100)
    clock.append('b', 50)
    expect(clock.moveTo(40)).toEqual([])
    expect(clock.current).toEqual({ segmentId: 'a', playedSamples: 40 })
    expect(clock.moveTo(120)).toEqual([{ segmentId: 'a', playedSamples: 100 }])
    expect(clock.current).toEqual({ segmentId: 'b', playedSamples: 20 })
  })

  it('keeps a segment that may still get samples, although all of them were played', () => {
    const clock = createPlayoutClock()
    clock.append('a', 100)
    expect(clock.moveTo(100)).toEqual([])
    expect(clock.ended).toBe(false)
    clock.end('a')
    expect(clock.moveTo(100)).toEqual([{ segmentId: 'a', playedSamples: 100 }])
    expect(clock.empty).toBe(true)
  })

  it('takes samples for the newest segment only', () => {
    const clock = createPlayoutClock()
    clock.append('a', 1)
    expect(clock.accepts('a')).toBe(true)
    clock.append('b', 1)
    expect(clock.accepts('a')).toBe(false)
    expect(clock.accepts('c')).toBe(true)
  })

  it('counts on after it was cleared', () => {
    const clock = createPlayoutClock()
    clock.append('a', 100)
    clock.append('b', 100)
    clock.moveTo(30)
    expect(clock.clear()).toEqual({ current: { segmentId: 'a', playedSamples: 30 }, waiting: ['b'] })
    clock.append('c', 10)
    clock.moveTo(205)
    expect(clock.current).toEqual({ segmentId: 'c', playedSamples: 5 })
  })
})
