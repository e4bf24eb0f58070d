import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createUnheardAudio } from '../../../app/voice/unheard-audio.ts'

const counting = (from: number, length: number) => Int16Array.from({ length }, (_, i) => from + i)
const flat = (pieces: Int16Array[]) => pieces.flatMap(piece => [...piece])

it('gives back exactly what follows the samples that were heard, whatever the pieces', () => {
  const lengths = (max: number, maxLength: number) => fc.array(fc.integer({ min: 0, max }), { maxLength })
  fc.assert(fc.property(lengths(300, 20), lengths(3000, 5), (sizes, heard) => {
    const audio = createUnheardAudio()
    let total = 0
    for (const size of sizes) {
      audio.keep('a', counting(total, size))
      total += size
    }
    let most = 0
    for (const samples of heard) {
      most = Math.max(most, samples)
      audio.heard('a', samples)
      expect(flat(audio.rest('a', most))).toEqual(Array.from({ length: Math.max(0, total - most) }, (_, i) => most + i))
    }
  }))
})

it('keeps no more than it may, and forgets what the processor refused and what is over', () => {
  const audio = createUnheardAudio(100)
  audio.keep('a', counting(0, 80))
  audio.keep('b', counting(0, 80))
  expect(flat(audio.rest('b', 0))).toHaveLength(20)
  audio.refuse('b', 15)
  expect(flat(audio.rest('b', 0))).toEqual([0, 1, 2, 3, 4])
  audio.forget('a')
  audio.keep('b', counting(5, 90))
  expect(flat(audio.rest('b', 3))).toEqual(Array.from({ length: 92 }, (_, i) => i + 3))
  audio.clear()
  expect(audio.rest('b', 0)).toEqual([])
})
