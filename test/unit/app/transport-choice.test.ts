import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AUTO_PATIENCE_MS, firstWay, isOfNetwork, nextWay } from '../../../app/voice/transport-choice.ts'
import { transportWishes } from '../../../app/voice/transport.ts'
import type { WayFault } from '../../../app/voice/transport.ts'

const faults: readonly WayFault[] = ['unsupported', 'refused', 'unreached', 'lost']
const here = { supported: true, failedBefore: false }

describe('the way of a call', () => {
  it('is WebRTC first, for three seconds, where nothing speaks against it', () => {
    expect(firstWay('auto', here)).toEqual({ kind: 'webrtc', patienceMs: AUTO_PATIENCE_MS })
    expect(AUTO_PATIENCE_MS).toBe(3000)
  })

  it.each([
    ['a browser without it', { supported: false, failedBefore: false }, 'unsupported'],
    ['a server without it', { supported: true, failedBefore: false, answered: false }, 'unanswered'],
    ['a network in which it failed', { supported: true, failedBefore: true }, 'failed_before'],
  ] as const)('is the socket at once with %s, and says so', (_where, seen, instead) => {
    expect(firstWay('auto', seen)).toMatchObject({ kind: 'websocket', instead })
  })

  it('is the one that was chosen, whatever was before', () => {
    expect(firstWay('websocket', here)).toMatchObject({ kind: 'websocket' })
    expect(firstWay('websocket', here).instead).toBeUndefined()
    expect(firstWay('webrtc', { supported: true, failedBefore: true, answered: false })).toMatchObject({ kind: 'webrtc' })
  })

  it('goes on over the socket when WebRTC fails, before and in the middle of a call', () => {
    for (const fault of faults) {
      for (const wasOpen of [true, false]) expect(nextWay('auto', { kind: 'webrtc', fault, wasOpen })).toMatchObject({ kind: 'websocket', instead: fault })
    }
  })

  it('is over when the server ended the call, and when the socket failed', () => {
    expect(nextWay('auto', { kind: 'webrtc', fault: undefined, wasOpen: true })).toBeUndefined()
    fc.assert(fc.property(fc.constantFrom(...transportWishes), fc.constantFrom(undefined, ...faults), fc.boolean(), (wish, fault, wasOpen) => {
      expect(nextWay(wish, { kind: 'websocket', fault, wasOpen })).toBeUndefined()
    }))
  })

  it('is WebRTC anew for who wants no other, where it broke off, but isn’t tried for ever where it can’t be had', () => {
    expect(nextWay('webrtc', { kind: 'webrtc', fault: 'lost', wasOpen: true })).toMatchObject({ kind: 'webrtc' })
    expect(nextWay('webrtc', { kind: 'webrtc', fault: 'unreached', wasOpen: false })).toBeUndefined()
  })

  it('is remembered only for what says something of the network', () => {
    expect(faults.filter(isOfNetwork)).toEqual(['unreached'])
  })
})
