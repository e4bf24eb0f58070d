import { transportWishes, type TransportWish } from './transport.ts'
import { parseEchoFloor, type EchoFloor } from './echo-floor.ts'

/** How somebody wants to talk and to hear. Plain data, remembered by the page; every change takes effect in the running call where it can. */

export const bargeInModes = ['off', 'cautious', 'normal', 'eager'] as const
/** What speaking over an answer does: nothing; stops it when the speech goes on (the voice gets quieter meanwhile), later or sooner; stops it at once. */
export type BargeInMode = typeof bargeInModes[number]

export const turnTakings = ['auto', 'server_vad', 'semantic_vad', 'push_to_talk'] as const
/** Who ends the user's turn: as the persona has it, silence, silence weighed by what was said, or the user's finger. */
export type TurnTaking = typeof turnTakings[number]

export const playbackPaths = ['direct', 'loopback'] as const
/** `loopback`: through a peer connection within the page, for browsers whose echo cancellation knows such audio only. */
export type PlaybackPath = typeof playbackPaths[number]

export const noiseFilters = ['browser', 'rnnoise', 'off'] as const
export type NoiseFilter = typeof noiseFilters[number]

export const noiseReductions = ['auto', 'near_field', 'far_field', 'off'] as const
/** At the model: as the persona has it, for a headset, for a laptop's microphone or a room, or none. */
export type NoiseReduction = typeof noiseReductions[number]

export interface VoiceSettings {
  /** Undefined: the system's own. */
  microphoneId: string | undefined
  speakerId: string | undefined
  /** 0 to 1. */
  volume: number
  bargeIn: BargeInMode
  turnTaking: TurnTaking
  /** Take your time: a longer pause than usual ends a turn. */
  patient: boolean
  playbackPath: PlaybackPath
  /** The microphone is closed while the answer sounds: the last resort against an echo. */
  halfDuplex: boolean
  /** As last measured with these devices; undefined: never. */
  echoFloor: EchoFloor | undefined
  noiseFilter: NoiseFilter
  noiseReduction: NoiseReduction
  /** The way that calls go; a change counts from the next call on. */
  transport: TransportWish
}

export const voiceSettingsDefaults = {
  microphoneId: undefined, speakerId: undefined, volume: 1, bargeIn: 'normal', turnTaking: 'auto', patient: false, playbackPath: 'direct',
  halfDuplex: false, echoFloor: undefined, noiseFilter: 'browser', noiseReduction: 'auto', transport: 'auto',
} as const satisfies VoiceSettings

/** A device's id is the browser's own invention; longer than this it is somebody else's. */
const MAX_ID_CHARS = 256

/** Settings from what was remembered, which anyone may have written: each field that can't be is the default's. */
export function parseVoiceSettings(value: unknown): VoiceSettings {
  const said = typeof value === 'object' && value !== null ? value as Record<string, unknown> : {}
  const one = <T extends string>(name: keyof VoiceSettings, values: readonly T[], fallback: T): T => values.find(known => known === said[name]) ?? fallback
  const id = (name: keyof VoiceSettings) => typeof said[name] === 'string' && said[name] !== '' && said[name].length <= MAX_ID_CHARS ? said[name] : undefined
  const { volume } = said
  const flag = (name: 'patient' | 'halfDuplex') => typeof said[name] === 'boolean' ? said[name] : voiceSettingsDefaults[name]
  return {
    microphoneId: id('microphoneId'),
    speakerId: id('speakerId'),
    volume: typeof volume === 'number' && volume >= 0 && volume <= 1 ? volume : voiceSettingsDefaults.volume,
    bargeIn: one('bargeIn', bargeInModes, voiceSettingsDefaults.bargeIn),
    turnTaking: one('turnTaking', turnTakings, voiceSettingsDefaults.turnTaking),
    patient: flag('patient'),
    playbackPath: one('playbackPath', playbackPaths, voiceSettingsDefaults.playbackPath),
    echoFloor: parseEchoFloor(said.echoFloor),
    halfDuplex: flag('halfDuplex'),
    noiseFilter: one('noiseFilter', noiseFilters, voiceSettingsDefaults.noiseFilter),
    noiseReduction: one('noiseReduction', noiseReductions, voiceSettingsDefaults.noiseReduction),
    transport: one('transport', transportWishes, voiceSettingsDefaults.transport),
  }
}

/** Settings after a change. Another device or way makes another echo: what was measured of the one before says nothing about it. */
export function withChange(settings: VoiceSettings, change: Partial<VoiceSettings>): VoiceSettings {
  const next = { ...settings, ...change }
  const same = next.microphoneId === settings.microphoneId && next.speakerId === settings.speakerId && next.playbackPath === settings.playbackPath
  return same || 'echoFloor' in change ? next : { ...next, echoFloor: undefined }
}
