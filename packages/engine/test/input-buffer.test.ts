import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createInputBuffer, msToPosition, positionToMs } from '../src/input-buffer.ts'

const ramp = (from: number, length: number) => Int16Array.from({ length }, (_, index) => from + index)

describe('input audio buffer', () => {
  it('keeps counting across drops, so that offsets stay true', () => {
    const buffer = createInputBuffer()
    buffer.append(ramp(0, 100))
    buffer.dropBefore(60)
    buffer.append(ramp(100, 50))
    expect([buffer.start, buffer.end]).toEqual([60, 150])
    expect([...buffer.read(90, 110)]).toEqual([...ramp(90, 20)])
  })

  it('gives only what it holds', () => {
    const buffer = createInputBuffer()
    buffer.append(ramp(0, 10))
    buffer.dropBefore(4)
    expect([...buffer.read(0, 100)]).toEqual([4, 5, 6, 7, 8, 9])
    expect(buffer.read(50, 60)).toHaveLength(0)
  })

  it('refuses what does not fit, and takes nothing of it', () => {
    const buffer = createInputBuffer(100)
    expect(buffer.append(ramp(0, 90))).toBe(true)
    expect(buffer.append(ramp(90, 11))).toBe(false)
    expect(buffer.end).toBe(90)
    buffer.dropBefore(50)
    expect(buffer.append(ramp(90, 60))).toBe(true)
  })

  it('lets go of a long append once most of it is over', () => {
    const buffer = createInputBuffer()
    const long = ramp(0, 100_000)
    buffer.append(long)
    buffer.dropBefore(99_000)
    expect(buffer.read(99_000, 99_001).buffer).not.toBe(long.buffer)
    expect([...buffer.read(99_990, 100_000)]).toEqual([...long.subarray(99_990)])
  })

  it('reads the same samples however they were cut and dropped', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 60 })), { maxLength: 30 }), steps => {
      const buffer = createInputBuffer()
      for (const [length, drop] of steps) {
        buffer.append(ramp(buffer.end, length))
        buffer.dropBefore(buffer.start + drop)
        expect([...buffer.read(0, buffer.end)]).toEqual([...ramp(buffer.start, buffer.end - buffer.start)])
      }
    }))
  })

  it('has 24 samples in a millisecond', () => {
    expect([msToPosition(100), positionToMs(2400), msToPosition(0.99)]).toEqual([2400, 100, 23])
  })
})
