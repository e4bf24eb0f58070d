import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEventMerge } from '../../../app/voice/event-merge.ts'

const event = (n: number) => JSON.stringify({ type: 'x', event_id: `event_${n}`, error: { event_id: 'kaiwa_1' } })
const all = (count: number) => Array.from({ length: count }, (_, n) => event(n))

describe('events that come over a socket and a channel', () => {
  it('are each taken once and in order, however the two run against each other and wherever the channel begins', () => {
    const schedule = fc.record({
      count: fc.integer({ min: 0, max: 60 }), channelFrom: fc.integer({ min: 0, max: 70 }), socketFirst: fc.array(fc.boolean(), { maxLength: 120 }),
    })
    fc.assert(fc.property(schedule, ({ count, channelFrom, socketFirst }) => {
      const taken: string[] = []
      const merge = createEventMerge(text => taken.push(text))
      let [socketAt, channelAt] = [0, channelFrom]
      const socket = () => { if (socketAt < count) merge.fromSocket(event(socketAt++)) }
      const channel = () => { if (channelAt < count) merge.fromChannel(event(channelAt++)) }
      for (const first of socketFirst) (first ? socket : channel)()
      while (channelAt < count) channel()
      while (socketAt < count) socket()
      expect(taken).toEqual(all(count))
    }))
  })

  it('come over the channel as soon as they do, once both are at the same point', () => {
    const taken: string[] = []
    const merge = createEventMerge(text => taken.push(text))
    merge.fromSocket(event(0))
    merge.fromSocket(event(1))
    merge.fromChannel(event(1))
    merge.fromChannel(event(2))
    expect(taken).toEqual(all(3))
  })

  it('come over the socket alone when the channel is far ahead of it', () => {
    const taken: string[] = []
    const merge = createEventMerge(text => taken.push(text))
    for (let n = 0; n < 1200; n++) merge.fromChannel(event(n))
    for (let n = 0; n < 1300; n++) merge.fromSocket(event(n))
    expect(taken).toEqual(all(1300))
  })

  it('are taken from the socket as they come where they have no id, or aren’t JSON', () => {
    const taken: string[] = []
    const merge = createEventMerge(text => taken.push(text))
    for (const text of ['{"type":"x"}', '{"type":"x"}', 'nonsense', '{"event_id":7}', 'null']) {
      merge.fromSocket(text)
      merge.fromChannel(text)
    }
    expect(taken).toHaveLength(5)
  })
})
