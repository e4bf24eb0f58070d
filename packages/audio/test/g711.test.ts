import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeG711, encodeG711 } from '../src/g711.ts'
import type { G711Law } from '../src/g711.ts'

const laws: G711Law[] = ['pcmu', 'pcma']

describe('G.711', () => {
  it('knows the values of the standard', () => {
    expect([...decodeG711('pcmu', Uint8Array.of(0x00, 0x7F, 0x80, 0xFF))]).toEqual([-32124, 0, 32124, 0])
    expect([...decodeG711('pcma', Uint8Array.of(0xD5, 0x55, 0xAA, 0x2A))]).toEqual([8, -8, 32256, -32256])
    expect([...encodeG711('pcmu', Int16Array.of(0, 32767, -32768))]).toEqual([0xFF, 0x80, 0x00])
    expect([...encodeG711('pcma', Int16Array.of(0, 32767, -32768))]).toEqual([0xD5, 0xAA, 0x2A])
  })

  it.each(laws)('%s: one byte a sample, and as near as the step at that loudness', law => {
    fc.assert(fc.property(fc.int16Array({ minLength: 0, maxLength: 50 }), samples => {
      const bytes = encodeG711(law, samples)
      expect(bytes.length).toBe(samples.length)
      for (const [index, decoded] of decodeG711(law, bytes).entries()) {
        const sample = samples[index]!
        expect(Math.abs(decoded - sample)).toBeLessThanOrEqual(Math.max(16, Math.abs(sample) / 16))
      }
    }))
  })

  it.each(laws)('%s: what was decoded encodes to the same sample again', law => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const decoded = decodeG711(law, all)
    expect(decodeG711(law, encodeG711(law, decoded))).toEqual(decoded)
  })
})
