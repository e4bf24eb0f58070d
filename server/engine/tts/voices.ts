/**
 * The protocol's voice names on Flite's four voices. No two names sound alike: they differ in voice, or clearly in pitch.
 * Stable: people know a name by its sound, so add, but don't change.
 */
export type FliteVoiceName = 'slt' | 'rms' | 'awb' | 'kal16'

export interface FliteVoice {
  name: FliteVoiceName
  /** Factor on the voice's own pitch. Without effect on rms, which follows recorded contours. */
  pitch: number
}

export const DEFAULT_VOICE = 'marin'

/** slt: a woman, US. rms: a man, US. awb: a man, Scottish. kal16: the classic diphone voice, plainly a machine. */
export const fliteVoices: Record<string, FliteVoice> = {
  marin: { name: 'slt', pitch: 1 },
  cedar: { name: 'rms', pitch: 1 },
  alloy: { name: 'awb', pitch: 1.35 },
  ash: { name: 'awb', pitch: 0.82 },
  ballad: { name: 'awb', pitch: 1 },
  coral: { name: 'slt', pitch: 1.18 },
  echo: { name: 'kal16', pitch: 1 },
  sage: { name: 'slt', pitch: 0.85 },
  shimmer: { name: 'slt', pitch: 1.36 },
  verse: { name: 'kal16', pitch: 1.35 },
}

/** The sound of a voice name. Flite's own names work too; a name nobody knows sounds like the default. */
export function fliteVoiceFor(name: string): FliteVoice {
  const own = (['slt', 'rms', 'awb', 'kal16'] as const).find(flite => flite === name)
  if (own) return { name: own, pitch: 1 }
  return (Object.hasOwn(fliteVoices, name) ? fliteVoices[name] : undefined) ?? fliteVoices[DEFAULT_VOICE]!
}
