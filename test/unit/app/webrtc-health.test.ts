import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { connectingUntil, deadlineOf, SHAKY_MS, stepHealth } from '../../../app/voice/webrtc-health.ts'
import type { WebRtcEvent, WebRtcHealth } from '../../../app/voice/webrtc-health.ts'

const peer = (state: RTCPeerConnectionState, reachable = true): WebRtcEvent => ({ type: 'peer', state, reachable })
const time: WebRtcEvent = { type: 'time' }
const states = ['new', 'connecting', 'connected', 'disconnected', 'failed', 'closed'] as const
const anyEvent = fc.oneof(fc.constant(time), fc.record({ type: fc.constant('peer' as const), state: fc.constantFrom(...states), reachable: fc.boolean() }))

describe('a WebRTC way', () => {
  it('is open when voices and events both get through', () => {
    expect(stepHealth(connectingUntil(3000), peer('connected', false), 500).name).toBe('connecting')
    expect(stepHealth(connectingUntil(3000), peer('connected'), 600)).toEqual({ name: 'open' })
  })

  it('is given up when it isn’t open in time, or can’t be had', () => {
    expect(stepHealth(connectingUntil(3000), time, 3000)).toEqual({ name: 'over', why: 'unreached' })
    expect(stepHealth(connectingUntil(3000), peer('failed'), 100)).toEqual({ name: 'over', why: 'unreached' })
  })

  it('is given up when it stays away for two seconds, and not when it comes back', () => {
    const shaky = stepHealth({ name: 'open' }, peer('disconnected'), 10_000)
    expect(deadlineOf(shaky)).toBe(10_000 + SHAKY_MS)
    expect(stepHealth(shaky, peer('connected'), 11_900)).toEqual({ name: 'open' })
    expect(stepHealth(shaky, time, 12_000)).toEqual({ name: 'over', why: 'lost' })
  })

  it('ends whatever happens in whatever order, once, and asks for a time only while it waits for one', () => {
    fc.assert(fc.property(fc.array(fc.tuple(anyEvent, fc.integer({ min: 0, max: 3000 })), { maxLength: 40 }), events => {
      let health: WebRtcHealth = connectingUntil(3000)
      let nowMs = 0
      for (const [event, ms] of events) {
        nowMs += ms
        const before = health
        health = stepHealth(health, event, nowMs)
        if (before.name === 'over') expect(health).toBe(before)
        if (before.name !== 'connecting') expect(health.name).not.toBe('connecting')
        expect(deadlineOf(health) !== undefined).toBe(health.name === 'connecting' || health.name === 'shaky')
      }
      // Left alone, a way that isn't open is over soon.
      for (let round = 0; round < 3 && deadlineOf(health) !== undefined; round++) health = stepHealth(health, time, deadlineOf(health)!)
      expect(['open', 'over']).toContain(health.name)
    }))
  })
})
