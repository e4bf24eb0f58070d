import type { NoiseReduction, Reasoning, TurnDetection } from '@kaiwa/protocol'
import type { LocalText } from '../../shared/personas.ts'
import type { BrainChoice } from '../brains/brains.ts'
import type { FreeFields } from '../policy/session-fields.ts'

/** Whom a page talks with: everything about a session that is the operator's to say. Read from a file, checked. */
export interface Persona {
  /** The file's name without its ending. */
  id: string
  /** Of the file's content: another one when it changes. */
  version: string
  name: LocalText
  description: LocalText
  /** ISO 639-1 codes; empty: whatever the talker speaks. */
  languages: string[]
  brain: BrainChoice
  /** Undefined: the brain's own. */
  model: string | undefined
  voice: string | undefined
  instructions: string
  /** How it opens the conversation, as instructions; undefined: the talker begins. */
  greeting: string | undefined
  /** Null: the talker says when a turn ends (hold to talk). */
  turnDetection: TurnDetection | null
  /** A model's name; null: what the talker says isn't written down; undefined: the brain's usual one. */
  transcription: string | null | undefined
  noiseReduction: NoiseReduction | null
  /** For models that reason, of whom alone it is said. */
  reasoning: NonNullable<Reasoning['effort']>
  maxOutputTokens: number | 'inf'
  /** 1: as the voice speaks by itself. */
  speed: number
  /** Only ever less than the server allows. */
  limits: { maxCallMinutes: number | undefined, budgetUsd: number | undefined }
  /** What the page may change while it talks. */
  free: FreeFields
}

/** Names a persona as it was when something was granted for it. */
export interface PersonaRef { id: string, version: string }

export const DEFAULT_PERSONA = 'default'

/** Why a file is no persona, and where in it. */
export interface PersonaFault {
  file: string
  /** From 1. */
  line: number
  column: number
  /** Dotted, as in `turn_taking.threshold`; empty: the file as a whole. */
  field: string
  /** A sentence: what was found there and what it takes. */
  message: string
}

export const describePersonaFault = ({ file, line, column, message }: PersonaFault) => `${file}, line ${line}, column ${column}: ${message}`

/** What it may last: the lower of the two bounds. */
export const callMinutes = ({ limits }: Pick<Persona, 'limits'>, serverMinutes: number) => Math.min(serverMinutes, limits.maxCallMinutes ?? serverMinutes)

/** What a call may cost in US dollars: the lower of the two bounds; undefined: there is none. */
export function callBudgetUsd({ limits }: Pick<Persona, 'limits'>, serverUsd: number | undefined): number | undefined {
  const bounds = [limits.budgetUsd, serverUsd].filter(usd => usd !== undefined)
  return bounds.length > 0 ? Math.min(...bounds) : undefined
}
