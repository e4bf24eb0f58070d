import { serverVadDefaults } from '@kaiwa/protocol'
import { DEFAULT_PERSONA, type Persona } from './persona.ts'

/** Stands in for `personas/default.yaml`, so that there is somebody to talk to even when no file can be read. */
export const defaultPersona: Persona = {
  id: DEFAULT_PERSONA,
  version: 'built-in',
  name: { en: 'Kaiwa' },
  description: { en: '' },
  languages: [],
  brain: { kind: undefined, upstream: undefined },
  model: undefined,
  voice: undefined,
  instructions: 'You are Kaiwa, a partner in a spoken conversation. Answer in the language the person speaks, in two or three short sentences.',
  greeting: undefined,
  turnDetection: { ...serverVadDefaults },
  transcription: undefined,
  noiseReduction: null,
  reasoning: 'low',
  maxOutputTokens: 'inf',
  speed: 1,
  limits: { maxCallMinutes: undefined, budgetUsd: undefined },
  free: {},
}
