import { Decoder } from '@evan/opus'
import { describe, expect, it } from 'vitest'
import { createFrameClock } from '../../../../server/webrtc/steady-clock.ts'
import { createVoiceSender } from '../../../../server/webrtc/voice-sender.ts'
import { hostAddresses, withCandidates } from '../../../../server/webrtc/host-addresses.ts'

describe('the clock of frames', () => {
  it('doesn’t drift, however late it is asked', () => {
    const clock = createFrameClock(1000)
    let frames = 0
    for (let nowMs = 1000; nowMs <= 61_000; nowMs += 17.3) {
      const { from, to } = clock.due(nowMs)
      frames += to - from
    }
    expect(Math.abs(frames - 3000)).toBeLessThanOrEqual(1)
  })

  it('leaves time out instead of a burst when it stood still', () => {
    const clock = createFrameClock(0)
    clock.due(0)
    const { from, to } = clock.due(10_000)
    expect([to - from, to]).toEqual([5, 501])
  })
})

describe('the voice on its way out', () => {
  const loud = (ms: number) => Int16Array.from({ length: ms * 24 }, (_, at) => 9000 * Math.sin(at / 9))

  it('counts a frame as sent once the next one went out', () => {
    const sender = createVoiceSender(() => 0.5)
    sender.push(loud(50), 0)
    const told = [0, 1, 2, 3, 4].map(frame => {
      sender.packet(frame)
      return sender.report()?.samples
    })
    expect(told).toEqual([undefined, 480, 960, 1200, undefined])
  })

  it('says nothing of what was cleared, and takes nothing that belongs to before', () => {
    const sender = createVoiceSender(() => 0.5)
    sender.push(loud(100), 0)
    sender.packet(0)
    sender.clear(1)
    sender.push(loud(100), 0)
    sender.packet(1)
    sender.packet(2)
    expect(sender.report()).toBeUndefined()
    sender.push(loud(20), 1)
    sender.packet(3)
    sender.packet(4)
    expect(sender.report()).toEqual({ generation: 1, samples: 480 })
  })

  it('goes on in time when frames were left out, and numbers packets without a gap', () => {
    const sender = createVoiceSender(() => 0)
    const [first, second] = [sender.packet(10), sender.packet(17)]
    expect([second.timestamp - first.timestamp, second.sequenceNumber - first.sequenceNumber]).toEqual([7 * 960, 1])
  })

  it('is encoded in speech, and three bytes in a pause', () => {
    const sender = createVoiceSender(() => 0)
    sender.push(loud(40), 0)
    const packets = Array.from({ length: 30 }, (_, frame) => sender.packet(frame))
    expect([packets[0]!.marker, packets[1]!.marker]).toEqual([true, false])
    expect(packets[1]!.payload.length).toBeGreaterThan(20)
    expect(packets.at(-1)!.payload.length).toBe(3)
    const decoder = new Decoder({ channels: 1, sample_rate: 24_000 })
    for (const { payload } of packets) expect(decoder.decode(payload).length).toBe(960)
  })
})

describe('where a browser finds the engine', () => {
  const own = { address: '10.0.0.5', internal: false }
  const interfaces = { lo: [{ address: '127.0.0.1', internal: true }, { address: '::1', internal: true }], eth0: [own, { address: 'fe80::1', internal: false }] } as never
  it.each([
    ['by setting, and nowhere else', '203.0.113.9', 'example.org', ['203.0.113.9']],
    ['where it was called, then at its own addresses', undefined, '198.51.100.4', ['198.51.100.4', '10.0.0.5']],
    ['on this machine at loopback, too', undefined, 'localhost', ['10.0.0.5', '127.0.0.1', '::1']],
    ['not at loopback from elsewhere', undefined, 'example.org', ['10.0.0.5']],
  ])('%s', (_name, configured, calledAs, expected) => {
    expect(hostAddresses({ configured, calledAs, interfaces })).toEqual(expected)
  })

  it('is named in the answer, each address with the port of its kind', () => {
    const answer = 'v=0\r\na=candidate:x 1 udp 1 127.0.0.1 4000 typ host generation 0\r\na=candidate:y 1 udp 1 ::1 4001 typ host\r\na=end-of-candidates\r\n'
    expect(withCandidates(answer, ['203.0.113.9', '2001:db8::1', '10.0.0.5']).split('\r\n').map(line => line.split(' ').slice(4, 6).join(' ')).filter(Boolean))
      .toEqual(['203.0.113.9 4000', '10.0.0.5 4000', '2001:db8::1 4001'])
  })
})
