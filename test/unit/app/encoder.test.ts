import { decodePcm16 } from '@kaiwa/audio'
import { describe, expect, it } from 'vitest'
import { createEncoder } from '../../../app/voice/encoder.ts'

/** Frame `n` of a microphone whose samples count upwards. */
const frame = (n: number) => ({ samples: new Int16Array(960).fill(n), level: 0, firstSample: n * 960 })

/** A line that notes which frames it got, in order. */
function line() {
  const frames: number[] = []
  const messages: number[] = []
  return {
    frames,
    messages,
    send(base64: string) {
      const samples = decodePcm16(base64)!
      messages.push(samples.length)
      for (let at = 0; at < samples.length; at += 960) frames.push(samples[at]!)
    },
  }
}

describe('encoder', () => {
  it('keeps the first word through a handshake of five seconds, then sends live, in order', () => {
    const encoder = createEncoder()
    const { frames, messages, send } = line()
    for (let n = 0; n < 125; n++) encoder.write(frame(n))
    expect(encoder.waitingMs).toBe(5000)
    encoder.open(send)
    encoder.write(frame(125))
    expect(frames).toEqual(Array.from({ length: 126 }, (_, n) => n))
    expect(messages.at(-1)).toBe(960)
    expect(encoder).toMatchObject({ waitingMs: 0, droppedMs: 0, sentSamples: 126 * 960 })
  })

  it('sends what waited in few messages, each far below a message limit', () => {
    const encoder = createEncoder()
    const { messages, send } = line()
    for (let n = 0; n < 250; n++) encoder.write(frame(n))
    encoder.open(send)
    expect(messages.length).toBe(25)
    expect(Math.max(...messages)).toBe(9600)
  })

  it('drops the oldest beyond ten seconds, and counts it', () => {
    const encoder = createEncoder()
    const { frames, send } = line()
    for (let n = 0; n < 300; n++) encoder.write(frame(n))
    expect(encoder).toMatchObject({ waitingMs: 10_000, droppedMs: 2000 })
    encoder.open(send)
    expect(frames[0]).toBe(50)
    expect(frames.length).toBe(250)
  })

  it('waits again while the line is lost, and goes on where it stopped', () => {
    const encoder = createEncoder()
    const first = line()
    const second = line()
    encoder.open(first.send)
    encoder.write(frame(0))
    encoder.hold()
    encoder.write(frame(1))
    encoder.write(frame(2))
    encoder.open(second.send)
    expect(first.frames).toEqual([0])
    expect(second.frames).toEqual([1, 2])
  })

  it('keeps what it had not sent when the line is lost in the middle of a flush', () => {
    const encoder = createEncoder()
    for (let n = 0; n < 25; n++) encoder.write(frame(n))
    encoder.open(() => encoder.hold())
    expect(encoder).toMatchObject({ waitingMs: 600, sentSamples: 9600 })
    const { frames, send } = line()
    encoder.open(send)
    expect(frames[0]).toBe(10)
  })

  it('forgets on demand without calling it lost', () => {
    const encoder = createEncoder({ maxWaitingMs: 200 })
    encoder.write(frame(0))
    encoder.clear()
    expect(encoder).toMatchObject({ waitingMs: 0, droppedMs: 0, sentSamples: 0 })
  })
})
