import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64, decodePcm16, encodeBase64, encodePcm16 } from '@kaiwa/audio'

describe('base64', () => {
  it('writes what RFC 4648 writes', () => {
    const bytes = (text: string) => new TextEncoder().encode(text)
    expect(['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map(text => encodeBase64(bytes(text)))).toEqual(['', 'Zg==', 'Zm8=', 'Zm9v', 'Zm9vYg==', 'Zm9vYmE=', 'Zm9vYmFy'])
  })

  it('agrees with Node for any bytes, both ways', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      const text = Buffer.from(bytes).toString('base64')
      expect(encodeBase64(bytes)).toBe(text)
      expect(decodeBase64(text)).toEqual(new Uint8Array(bytes))
    }))
  })

  it('takes a whole minute of audio without overflowing a stack', () => {
    const samples = new Int16Array(60 * 24_000).map((_, i) => i * 31)
    expect(decodePcm16(encodePcm16(samples))).toEqual(samples)
  })

  it.each(['A', 'AB', 'ABC', 'ABCDE', 'AB C', 'A===', '====', 'AB=C', 'AB==CDEF', 'ABC-', 'ABC_', 'ABCÿ', 'ABC\u1234', 'あいうえ', 'NaN!'])('refuses %j', text => {
    expect(decodeBase64(text)).toBeUndefined()
  })

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => {
      decodeBase64(text)
    }))
  })

  it('refuses PCM16 that ends in half a sample', () => {
    expect(decodePcm16(encodeBase64(Uint8Array.of(1, 2, 3)))).toBeUndefined()
  })
})
