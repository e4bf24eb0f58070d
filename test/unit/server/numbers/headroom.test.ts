import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHeadroom, roomy, weigh, type Reading } from '../../../../server/numbers/headroom.ts'
import { createProcessReading, descriptorLimitIn } from '../../../../server/numbers/process-reading.ts'
import { createManualClock } from '../../../fakes/manual-clock.ts'

const calm: Reading = {
  loopUtilisation: 0.1, loopDelayP99Ms: 1, loopDelayMaxMs: 20, openDescriptors: 100, maxDescriptors: 1024, memoryShare: 0.3, heapShare: 0.2, calls: 200,
}
const seconds = (state: typeof roomy, reading: Partial<Reading>, count: number) => {
  for (let second = 0; second < count; second++) state = weigh(state, { ...calm, ...reading })
  return state
}

describe('room for another call', () => {
  it.each([
    ['loop', { loopUtilisation: 0.97 }], ['loop', { loopUtilisation: 0.6, loopDelayP99Ms: 80 }], ['descriptors', { openDescriptors: 950 }],
    ['memory', { memoryShare: 0.95 }], ['memory', { heapShare: 0.95 }],
  ] as const)('is short of %s at %o for a while', (short, reading) => {
    expect(seconds(roomy, reading, 10).short).toBe(short)
  })

  it('is not refused for one busy second, whatever it was busy with', () => {
    const spike = weigh(seconds(roomy, {}, 5), { ...calm, loopUtilisation: 1, loopDelayP99Ms: 900 })
    expect(spike.short).toBeUndefined()
    expect(seconds(spike, {}, 1).short).toBeUndefined()
  })

  it('is refused within ten seconds of a full loop, before its delay reaches 100 ms', () => {
    expect(seconds(roomy, { loopUtilisation: 0.95, loopDelayP99Ms: 20 }, 10).short).toBe('loop')
    expect(seconds(roomy, { loopUtilisation: 0.5, loopDelayP99Ms: 60 }, 3).short).toBe('loop')
  })

  it('is not refused by a loop that is late because a neighbour has the machine, and has little to do itself', () => {
    expect(seconds(roomy, { loopUtilisation: 0.3, loopDelayP99Ms: 400 }, 30).short).toBeUndefined()
    const busy = seconds(roomy, { loopUtilisation: 0.6, loopDelayP99Ms: 80 }, 10)
    expect(seconds(busy, { loopUtilisation: 0.3, loopDelayP99Ms: 400 }, 10).short, 'nor kept away by it').toBeUndefined()
  })

  it('is not refused by a loop that a few calls can\'t have filled, but by memory and descriptors whoever holds them', () => {
    expect(seconds(roomy, { loopUtilisation: 1, loopDelayP99Ms: 900, calls: 3 }, 30).short).toBeUndefined()
    expect(seconds(roomy, { openDescriptors: 950, calls: 3 }, 1).short).toBe('descriptors')
  })

  it('comes back only when there is clearly enough, so that admission does not flicker', () => {
    const full = seconds(roomy, { openDescriptors: 900 }, 1)
    expect(full.short).toBe('descriptors')
    expect(seconds(full, { openDescriptors: 860 }, 5).short, 'a little less').toBe('descriptors')
    expect(seconds(full, { openDescriptors: 800 }, 1).short).toBeUndefined()
    const busy = seconds(roomy, { loopUtilisation: 0.95 }, 20)
    expect(seconds(busy, { loopUtilisation: 0.8 }, 20).short, 'a little less').toBe('loop')
    expect(seconds(busy, { loopUtilisation: 0.3 }, 20).short).toBeUndefined()
  })

  it('keeps some descriptors in hand however few there are', () => {
    expect(weigh(roomy, { ...calm, openDescriptors: 170, maxDescriptors: 200 }).short).toBe('descriptors')
    expect(weigh(roomy, { ...calm, openDescriptors: 100, maxDescriptors: 200 }).short).toBeUndefined()
  })

  it('is never short of what the machine does not tell', () => {
    expect(seconds(roomy, { openDescriptors: undefined, maxDescriptors: undefined, memoryShare: undefined }, 5).short).toBeUndefined()
  })

  it('recovers from anything within a minute of calm', () => {
    const any = fc.record({
      loopUtilisation: fc.double({ min: 0, max: 1, noNaN: true }), loopDelayP99Ms: fc.double({ min: 0, max: 10_000, noNaN: true }),
      loopDelayMaxMs: fc.double({ min: 0, max: 10_000, noNaN: true }),
      openDescriptors: fc.option(fc.nat(2000), { nil: undefined }), maxDescriptors: fc.option(fc.integer({ min: 1, max: 2000 }), { nil: undefined }),
      memoryShare: fc.option(fc.double({ min: 0, max: 2, noNaN: true }), { nil: undefined }), heapShare: fc.double({ min: 0, max: 1, noNaN: true }),
      calls: fc.nat(2000),
    })
    fc.assert(fc.property(fc.array(any, { maxLength: 50 }), past => {
      expect(seconds(past.reduce(weigh, roomy), {}, 60).short).toBeUndefined()
    }))
  })
})

describe('the headroom', () => {
  it('looks once a second, tells of each change once, and stops when it is told to', async () => {
    const clock = createManualClock()
    const told: unknown[] = []
    let reading = calm
    let reads = 0
    const headroom = createHeadroom({ clock, measure: () => () => { reads++; return reading }, calls: () => 200, onChange: short => told.push(short) })
    await clock.advance(3000)
    expect(reads, 'not before it is started').toBe(0)
    headroom.start()
    headroom.start()
    await clock.advance(3000)
    expect(reads).toBe(3)
    reading = { ...calm, memoryShare: 0.99 }
    await clock.advance(3000)
    expect(headroom.short).toBe('memory')
    reading = calm
    await clock.advance(3000)
    expect(headroom.short).toBeUndefined()
    expect(told).toEqual(['memory', undefined])
    headroom.stop()
    await clock.advance(5000)
    expect(reads).toBe(9)
  })

  it('adds up how long the loop stood still, and tells of each time; jitter is none', async () => {
    const clock = createManualClock()
    const told: number[] = []
    const readings = [499, 2000, 20, 700].map(loopDelayMaxMs => ({ ...calm, loopDelayMaxMs }))
    const headroom = createHeadroom({ clock, measure: () => () => readings.shift() ?? calm, calls: () => 3, onStall: forMs => told.push(forMs) })
    headroom.start()
    await clock.advance(5000)
    expect(told).toEqual([2000, 700])
    expect(headroom.stalledMs).toBe(2700)
    headroom.stop()
  })

  it('reads facts of this process that make sense', async () => {
    const read = createProcessReading()
    await new Promise(resolve => setTimeout(resolve, 100))
    const reading = read()
    expect(reading.loopUtilisation).toBeGreaterThanOrEqual(0)
    expect(reading.loopUtilisation).toBeLessThanOrEqual(1)
    expect(reading.loopDelayP99Ms).toBeGreaterThanOrEqual(0)
    expect(reading.loopDelayMaxMs).toBeGreaterThanOrEqual(reading.loopDelayP99Ms)
    expect(reading.heapShare).toBeGreaterThan(0)
    expect(reading.heapShare).toBeLessThan(1)
    if (process.platform === 'linux') expect(reading.openDescriptors).toBeGreaterThan(2)
  })

  it('takes the soft limit of descriptors from what Linux says, and none where there is none', () => {
    const limits = 'Limit                     Soft Limit           Hard Limit           Units     \nMax processes             63704                63704                processes \nMax open files            1024                 524288               files     \n'
    expect(descriptorLimitIn(limits)).toBe(1024)
    expect(descriptorLimitIn(limits.replace('1024  ', 'unlimited'))).toBeUndefined()
    expect(descriptorLimitIn('')).toBeUndefined()
  })
})
