import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bargeInModes, parseVoiceSettings, voiceSettingsDefaults } from '../../../app/voice/voice-settings.ts'

describe('voice settings that were remembered', () => {
  it('come back as they were', () => {
    const settings = { ...voiceSettingsDefaults, microphoneId: 'abc', volume: 0.5, bargeIn: 'cautious', halfDuplex: true, noiseFilter: 'rnnoise' } as const
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
