import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { floatToPcm16, floatToPcm16Into, pcm16FromBytes, pcm16ToBytes, pcm16ToFloat } from '@kaiwa/audio'

describe('PCM16', () => {
  it('clips what is louder than full scale, instead of wrapping it into the opposite sign', () => {
    expect([...floatToPcm16(Float32Array.of(1, -1, 1.5, -7, Infinity, -Infinity))]).toEqual([32_767, -32_768, 32_767, -32_768, 32_767, -32_768])
  })

  it('rounds to the nearest integer on both sides of zero, and makes silence of NaN', () => {
    expect([...floatToPcm16(Float32Array.of(0.4 / 32_768, 0.6 / 32_768, -0.4 / 32_768, -0.6 / 32_768, NaN))]).toEqual([0, 1, 0, -1, 0])
  })

  it('comes back unchanged from float', () => {
    fc.assert(fc.property(fc.int16Array(), samples => {
      expect(floatToPcm16(pcm16ToFloat(samples))).toEqual(samples)
    }))
  })

  it('is little endian in bytes, and comes back from them', () => {
    expect([...pcm16ToBytes(Int16Array.of(0x0102, -2))]).toEqual([0x02, 0x01, 0xFE, 0xFF])
    fc.assert(fc.property(fc.int16Array(), samples => {
      expect(pcm16FromBytes(pcm16ToBytes(samples))).toEqual(samples)
    }))
  })

  it('reads bytes that start at an odd address', () => {
    const bytes = Uint8Array.of(9, 0x02, 0x01).subarray(1)
    expect([...pcm16FromBytes(bytes)!]).toEqual([0x0102])
  })

  it('refuses half a sample', () => {
    expect(pcm16FromBytes(Uint8Array.of(1, 2, 3))).toBeUndefined()
  })

  it('refuses to write past the end', () => {
    expect(() => floatToPcm16Into(new Float32Array(4), 4, new Int16Array(5), 2)).toThrow(RangeError)
  })
})
