import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { waveFile } from '../../../../../server/engine/stt/wave-file.ts'
import { createPcmStream, PcmStreamError } from '../../../../../server/engine/tts/pcm-stream.ts'

const tone = Float32Array.from({ length: 300 }, (_, index) => Math.round(9_000 * Math.sin(index / 4)) / 32_768 + 0)
const raw = new Uint8Array(Int16Array.from(tone, sample => sample * 32_768).buffer)
const wave = waveFile([tone.map(sample => sample * 32_768 / 32_767)], 22_050)

function read(bytes: Uint8Array, cuts: number[] = []) {
  const stream = createPcmStream(24_000)
  const samples: number[] = []
  let at = 0
  for (const cut of [...cuts.map(cut => cut % bytes.length).sort((a, b) => a - b), bytes.length]) {
    samples.push(...stream.take(bytes.subarray(at, cut)))
    at = cut
  }
  return { samples, sampleRate: stream.sampleRate }
}

/** With every byte from `at` on replaced. */
function patched(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice()
  copy.set(values, at)
  return copy
}

describe('sound from a speech server', () => {
  it('is the same however its bytes are cut, raw or as a WAV file', () => {
    fc.assert(fc.property(fc.array(fc.nat(), { maxLength: 40 }), cuts => {
      expect(read(raw, cuts)).toEqual({ samples: [...tone], sampleRate: 24_000 })
      expect(read(wave, cuts)).toEqual({ samples: [...tone], sampleRate: 22_050 })
    }))
  })

  it('ends where the WAV file says; what follows is no sound, and an unknown length means to the end', () => {
    const tagged = new Uint8Array([...wave, ...new TextEncoder().encode('LIST....tags')])
    expect(read(tagged).samples).toHaveLength(300)
    expect(read(patched(wave, 40, 0xff, 0xff, 0xff, 0xff)).samples).toHaveLength(300)
    expect(read(patched(wave, 40, 0, 0, 0, 0)).samples).toHaveLength(300)
  })

  it('is mixed to one channel', () => {
    const stereo = patched(wave, 22, 2)
    const { samples } = read(stereo)
    expect(samples).toHaveLength(150)
    expect(samples[10]).toBeCloseTo((tone[20]! + tone[21]!) / 2, 6)
  })

  it.each([['24 bits', 34, 24], ['floats', 20, 3], ['no channel', 22, 0], ['no wave', 8, 88]])('of another form is refused: %s', (_name, at, value) => {
    expect(() => read(patched(wave, at, value))).toThrow(PcmStreamError)
  })

  it('never throws but PcmStreamError, whatever follows RIFF', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isWave) => {
      const head = isWave ? [...wave.subarray(0, 12)] : [0x52, 0x49, 0x46, 0x46]
      try {
        read(new Uint8Array([...head, ...bytes]))
      } catch (error) {
        expect(error).toBeInstanceOf(PcmStreamError)
      }
    }))
  })
})
