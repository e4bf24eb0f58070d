import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createVoiceSender } from '../../../app/voice/voice-sender.ts'
import { MAX_LATE_MS } from '../../../app/voice/voice-track.ts'

function sending() {
  const told = { passing: undefined as boolean | undefined, lateMs: undefined as number | undefined }
  const tracks: string[] = []
  const sender = createVoiceSender({ onTrack: track => tracks.push(track.id) })
  const voice = (id: string) => ({
    track: { id } as MediaStreamTrack, pass: (on: boolean) => { told.passing = on }, late: (ms: number) => { told.lateMs = ms }, close: () => {},
  })
  return { sender, told, tracks, voice }
}

describe('the user’s voice as a track', () => {
  it('passes only once the line is there, and begins with what was said before', () => {
    const { sender, told, voice } = sending()
    sender.use(voice('a'))
    expect(told.passing).toBe(false)
    sender.heard(0, 400)
    sender.heard(30, 1000)
    sender.heard(30, 1040)
    sender.start(1800)
    expect(told).toEqual({ passing: true, lateMs: 1100 })
  })

  it('isn’t late when nothing was said yet', () => {
    const { sender, told, voice } = sending()
    sender.use(voice('a'))
    sender.heard(0, 1000)
    sender.start(1800)
    expect(told).toEqual({ passing: true, lateMs: 0 })
  })

  it('catches up in the first pause that is long enough for nothing of a word to be skipped', () => {
    const { sender, told, voice } = sending()
    sender.use(voice('a'))
    sender.heard(30, 1000)
    sender.start(1500)
    sender.heard(30, 2000)
    expect(told.lateMs).toBe(800)
    sender.heard(0, 2990)
    expect(told.lateMs).toBe(800)
    sender.heard(0, 3000)
    expect(told.lateMs).toBe(0)
  })

  it('is silent while muted, and doesn’t say afterwards what was said before', () => {
    const { sender, told, voice } = sending()
    sender.use(voice('a'))
    sender.heard(30, 1000)
    sender.start(1500)
    sender.setMuted(true)
    expect(told.passing).toBe(false)
    sender.setMuted(false)
    expect(told).toEqual({ passing: true, lateMs: 0 })
  })

  it('begins a little before a key was pressed', () => {
    const { sender, told, voice } = sending()
    sender.use(voice('a'))
    sender.pass(false)
    sender.start(1000)
    expect(told.passing).toBe(false)
    sender.pass(true, 280)
    expect(told).toEqual({ passing: true, lateMs: 280 })
  })

  it('goes on with another microphone as it was', () => {
    const { sender, told, tracks, voice } = sending()
    sender.use(voice('a'))
    sender.start(0)
    sender.setMuted(true)
    sender.use(voice('b'))
    expect(tracks).toEqual(['a', 'b'])
    expect(told.passing).toBe(false)
  })

  it('never passes muted, before the line or unwanted, and is never later than is kept, whatever happens', () => {
    const step = fc.oneof(
      fc.constantFrom('start', 'stop', 'mute', 'unmute', 'wanted', 'unwanted', 'another'),
      fc.integer({ min: 0, max: 40 }),
    )
    fc.assert(fc.property(fc.array(step, { maxLength: 80 }), steps => {
      const { sender, told, voice } = sending()
      sender.use(voice('a'))
      let [on, muted, wanted, nowMs] = [false, false, true, 0]
      for (const what of steps) {
        nowMs += 40
        if (typeof what === 'number') sender.heard(what, nowMs)
        else if (what === 'start') sender.start(nowMs)
        else if (what === 'stop') sender.stop()
        else if (what === 'another') sender.use(voice('b'))
        else if (what === 'mute' || what === 'unmute') sender.setMuted(what === 'mute')
        else sender.pass(what === 'wanted', 280)
        if (what === 'start' || what === 'stop') on = what === 'start'
        if (what === 'mute' || what === 'unmute') muted = what === 'mute'
        if (what === 'wanted' || what === 'unwanted') wanted = what === 'wanted'
        expect(told.passing).toBe(on && !muted && wanted)
        expect(told.lateMs).toBeLessThanOrEqual(MAX_LATE_MS)
        expect(sender.lateMs).toBe(told.lateMs)
      }
    }))
  })
})
