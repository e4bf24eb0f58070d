import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFramer } from '@kaiwa/audio'

describe('framer', () => {
  it('gives every sample once, in order, in frames of one size, whatever the pieces', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.integer({ min: 0, max: 130 }), { maxLength: 30 }), (frameSamples, sizes) => {
      const got: number[] = []
      const framer = createFramer(frameSamples, (frame, firstSample) => {
        expect(firstSample).toBe(got.length)
        got.push(...frame)
      })
      let given = 0
      for (const size of sizes) framer.write(Int16Array.from({ length: size }, () => given++), size)
      expect(got).toEqual(Array.from({ length: given - given % frameSamples }, (_, i) => i))
      expect(framer.pendingSamples).toBe(given % frameSamples)
    }))
  })

  it('starts at sample 0 again after a reset', () => {
    const firsts: number[] = []
    const framer = createFramer(4, (_, firstSample) => firsts.push(firstSample))
    framer.write(new Int16Array(9), 9)
    framer.reset()
    framer.write(new Int16Array(4), 4)
    expect(firsts).toEqual([0, 4, 0])
  })

  it.each([0, -1, 2.5])('refuses frames of %d samples', size => {
    expect(() => createFramer(size, () => {})).toThrow(RangeError)
  })
})
