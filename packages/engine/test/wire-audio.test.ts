import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBase64, encodePcm16 } from '@kaiwa/audio'
import { decodeG711, encodeG711 } from '@kaiwa/audio/g711'
import { createWireDecoder, createWireEncoder, pcm24k, samplesInBase64 } from '../src/wire-audio.ts'

const g711 = [{ type: 'audio/pcmu' }, { type: 'audio/pcma' }] as const
const tone = (rate: number, ms: number) => Int16Array.from({ length: rate * ms / 1000 }, (_, index) => 8000 * Math.sin(2 * Math.PI * 500 * index / rate))
const power = (samples: Int16Array) => Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)

describe('audio of the wire', () => {
  it('passes PCM16 through untouched', () => {
    const samples = tone(24_000, 20)
    expect(createWireDecoder(pcm24k).decode(encodePcm16(samples))).toEqual(samples)
    expect(createWireEncoder(pcm24k).encode(samples)).toBe(encodePcm16(samples))
    expect(createWireEncoder(pcm24k).rest()).toBe('')
    expect(createWireDecoder(pcm24k).decode('AA==')).toBeUndefined()
  })

  it.each(g711)('$type in: 24 samples a millisecond of what came, however it was cut', format => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 8 }), cuts => {
      const decoder = createWireDecoder(format)
      for (const bytes of cuts) expect(decoder.decode(encodeBase64(new Uint8Array(bytes)))).toHaveLength(bytes * 3)
    }), { numRuns: 50 })
    expect(createWireDecoder(format).decode('not base64')).toBeUndefined()
  })

  it.each(g711)('$type in and out sounds as before', format => {
    const law = format.type === 'audio/pcmu' ? 'pcmu' : 'pcma'
    const heard = createWireDecoder(format).decode(encodeBase64(encodeG711(law, tone(8000, 500))))!
    expect(power(heard.subarray(2400))).toBeGreaterThan(5400)
    expect(power(heard.subarray(2400))).toBeLessThan(5900)
    const encoder = createWireEncoder(format)
    const spoken = decodeG711(law, Uint8Array.from([encoder.encode(tone(24_000, 500)), encoder.rest()].flatMap(text => [...Buffer.from(text, 'base64')])))
    expect(spoken).toHaveLength(4000)
    expect(power(spoken)).toBeGreaterThan(5400)
    expect(power(spoken)).toBeLessThan(5900)
  })

  it('knows beforehand how much a text holds', () => {
    expect(samplesInBase64(4 * 1600, pcm24k)).toBe(2400)
    expect(samplesInBase64(4 * 1600, { type: 'audio/pcmu' })).toBe(14_400)
  })
})
