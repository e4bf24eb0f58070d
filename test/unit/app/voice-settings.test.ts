import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bargeInModes, parseVoiceSettings, voiceSettingsDefaults, withChange } from '../../../app/voice/voice-settings.ts'

describe('voice settings that were remembered', () => {
  it('come back as they were', () => {
    const settings = { ...voiceSettingsDefaults, microphoneId: 'abc', volume: 0.5, bargeIn: 'cautious', halfDuplex: true, echoFloor: { lossDb: 21, noiseLevel: 0.002, tailMs: 180 }, noiseFilter: 'rnnoise' } as const
    expect(parseVoiceSettings(JSON.parse(JSON.stringify(settings)))).toEqual(settings)
  })

  it('lose only what can\'t be', () => {
    expect(parseVoiceSettings({ bargeIn: 'sometimes', volume: 7, microphoneId: '', speakerId: 'x'.repeat(300), turnTaking: 'semantic_vad' }))
      .toEqual({ ...voiceSettingsDefaults, turnTaking: 'semantic_vad' })
  })

  it('are settings whatever stood there', () => {
    fc.assert(fc.property(fc.anything(), value => {
      const settings = parseVoiceSettings(value)
      expect(Object.keys(settings).sort()).toEqual(Object.keys(voiceSettingsDefaults).sort())
      expect(bargeInModes).toContain(settings.bargeIn)
      expect(settings.volume).toBeGreaterThanOrEqual(0)
    }))
  })
})

describe('what was measured of an echo', () => {
  const measured = { ...voiceSettingsDefaults, echoFloor: { lossDb: 20, noiseLevel: 0.001, tailMs: 200 } }

  it.each([{ microphoneId: 'b' }, { speakerId: 'b' }, { playbackPath: 'loopback' as const }])('is forgotten with %o', change => {
    expect(withChange(measured, change)).toEqual({ ...measured, ...change, echoFloor: undefined })
  })

  it('stays with what makes no other echo, and when it is set along', () => {
    expect(withChange(measured, { halfDuplex: true, microphoneId: undefined }).echoFloor).toEqual(measured.echoFloor)
    const echoFloor = { lossDb: 3, noiseLevel: 0, tailMs: 90 }
    expect(withChange(measured, { playbackPath: 'loopback', echoFloor }).echoFloor).toEqual(echoFloor)
  })

  it.each([{ lossDb: 'x' }, { lossDb: 20, noiseLevel: 2, tailMs: 1 }, { lossDb: 20, noiseLevel: 0.1, tailMs: 1e9 }, 7, null])('is none when it can\'t be: %o', echoFloor => {
    expect(parseVoiceSettings({ echoFloor }).echoFloor).toBeUndefined()
  })
})
