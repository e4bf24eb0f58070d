import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMicrophoneTrack } from '../../../../server/webrtc/microphone-track.ts'

/** Each packet decodes to 20 ms of its own number. */
function track() {
  const frames: number[] = []
  let samples = 0
  const microphone = createMicrophoneTrack({
    decode(payload) {
      if (payload[0] === 255) throw new Error('no Opus')
      return new Int16Array(480).fill(payload[0]!)
    },
    onSamples(piece) {
      samples += piece.length
      for (let at = 0; at < piece.length; at += 480) frames.push(piece[at]!)
    },
  })
  const push = (number: number, nowMs: number, first = 65_500) =>
    microphone.push({ sequenceNumber: (first + number) & 0xFFFF, timestamp: (0xFFFFF000 + number * 960) >>> 0, payload: Uint8Array.of(number) }, nowMs)
  return { microphone, push, frames, get ms() { return samples / 24 } }
}

describe('a microphone over RTP', () => {
  it('comes out in order and whole, whatever jitter up to 90 ms, across the end of the numbers', () => {
    fc.assert(fc.property(fc.array(fc.nat(90), { minLength: 60, maxLength: 60 }), delays => {
      const { push, frames } = track()
      const arrivals = delays.map((delayMs, number) => ({ number, atMs: number === 0 ? 0 : number * 20 + delayMs })).sort((a, b) => a.atMs - b.atMs)
      for (const { number, atMs } of arrivals) push(number, atMs)
      expect(frames).toEqual(Array.from({ length: 60 }, (_, number) => number))
    }))
  })

  it('keeps its length when packets are lost', () => {
    const heard = track()
    for (let number = 0; number < 100; number++) if (number % 10 !== 3 || number > 90) heard.push(number, number * 20)
    expect(heard.ms).toBe(2000)
    expect(heard.microphone.lost).toBe(9)
  })

  it('goes on after a loss within 120 ms, although no more comes', () => {
    const heard = track()
    heard.push(0, 0)
    heard.push(2, 40)
    heard.microphone.tick(100)
    expect(heard.ms).toBe(20)
    heard.microphone.tick(161)
    expect(heard.ms).toBe(60)
  })

  it('hides a lost packet by what was heard last, fading', () => {
    const heard = track()
    heard.push(9, 0)
    heard.push(11, 20)
    heard.microphone.tick(200)
    expect(heard.frames).toEqual([9, 9, 11])
  })

  it('is silence while nothing comes, and in step afterwards', () => {
    const heard = track()
    for (let number = 0; number < 10; number++) heard.push(number, number * 20)
    for (let atMs = 200; atMs <= 2000; atMs += 20) heard.microphone.tick(atMs)
    expect(heard.ms).toBeCloseTo(200 + 1820, -1)
    heard.push(100, 2000)
    heard.microphone.tick(2200)
    expect(Math.abs(heard.ms - 2020)).toBeLessThan(40)
  })

  it('doesn’t hear the same packet twice, nor one that comes too late', () => {
    const heard = track()
    for (const number of [0, 1, 1, 0, 2]) heard.push(number, 20)
    expect(heard.frames).toEqual([0, 1, 2])
  })

  it('survives what is no Opus', () => {
    const heard = track()
    heard.push(0, 0)
    heard.push(255, 20)
    heard.push(1, 40)
    expect(heard.frames[0]).toBe(0)
  })

  it('takes no more audio than there is time for', () => {
    const heard = track()
    for (let number = 0; number < 250; number++) heard.push(number, 0)
    expect(heard.ms).toBeLessThanOrEqual(3020)
  })

  it('begins anew when the numbers jump', () => {
    const heard = track()
    heard.push(0, 0)
    heard.push(1, 20, 20_000)
    heard.push(2, 40, 20_000)
    expect(heard.frames).toEqual([0, 1, 2])
  })
})
