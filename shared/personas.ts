/** What the page and the server say to each other about who can be talked to. */

/** A text in the interface's languages; English stands in where the other is missing. */
export interface LocalText { en: string, ja?: string }

/** What the page may change of a session while it runs; what is absent is the operator's. */
export interface PersonaFreedom {
  /** The voices it may choose from, or any. Only before the first answer is heard. */
  voice?: string[] | true
  speed?: true
  turn_taking?: true
  noise_reduction?: true
}

/** One that can be talked to. Its instructions, keys and addresses are the operator's alone. */
export interface PersonaCard {
  id: string
  name: LocalText
  description: LocalText
  /** ISO 639-1 codes of what it speaks; empty: whatever the talker speaks. */
  languages: string[]
  voice: string
  brain: 'openai' | 'azure' | 'local'
  available: boolean
  /** A sentence for the talker; null when it is available. */
  why: string | null
  /** It speaks first. */
  greets: boolean
  limits: { max_call_minutes: number }
  free: PersonaFreedom
}

/** Answer of `GET /api/personas`; the default comes first. */
export interface PersonaList { personas: PersonaCard[] }
