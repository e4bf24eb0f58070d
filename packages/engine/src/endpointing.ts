import type { SemanticVad } from '@kaiwa/protocol'

/**
 * How long to wait for more, judged by the words so far (`semantic_vad`). The words are a recogniser's partial text: no
 * punctuation can be relied on, so the last word decides. English word lists; other languages get the neutral wait.
 */
export interface EndpointingOptions {
  /** The text could stand as it is. @default 350 */
  completeMs: number
  /** Nothing recognised yet, or no way to tell. @default 700 */
  neutralMs: number
  /** It ends in a word that asks for another one. @default 900 */
  openMs: number
  /** The speaker is thinking aloud. @default 1200 */
  fillerMs: number
}

export const endpointingDefaults = { completeMs: 350, neutralMs: 700, openMs: 900, fillerMs: 1200 } as const satisfies EndpointingOptions

const words = (list: string) => new Set(list.split(' '))
const fillers = words('um uh uhm er erm hm hmm mm mhm well like')
const opens = words('and or but so because since although though while if when unless until than that which who whose '
  + 'a an the my your his her its our their this these those some any every '
  + 'to of in on at by for with from into onto about as per between among through during without within '
  + 'is are was were am be been being do does did have has had can could will would shall should may might must '
  + 'i i\'m you\'re he\'s she\'s it\'s we\'re they\'re i\'d i\'ll let\'s please not very really')
/** These end a sentence as often as they go on: "what is that", "yes I can". */
const openOnlyInLongText = words('that is are was were do does did have has had can could will would should must this these those any some')

/** Less patient or more: the API names maximum waits of 8, 4 and 2 s for low, medium and high. */
const eagernessFactor: Record<SemanticVad['eagerness'], number> = { low: 1.8, medium: 1, auto: 1, high: 0.7 }

/** Silence, in ms, that ends the turn after these words. */
export function silenceNeededMs(partialText: string, eagerness: SemanticVad['eagerness'] = 'auto', options: EndpointingOptions = endpointingDefaults): number {
  return Math.round(waitMs(partialText, options) * eagernessFactor[eagerness])
}

function waitMs(partialText: string, options: EndpointingOptions): number {
  const text = partialText.trim().toLowerCase()
  if (!text) return options.neutralMs
  if (/[.?!。？！]["'”’)\]]*$/.test(text)) return options.completeMs
  if (/[,;:、…-]$/.test(text)) return options.openMs
  if (!/[a-z]/.test(text)) return options.neutralMs
  const spoken = text.split(/\s+/)
  const last = (spoken.at(-1) ?? '').replaceAll('’', '\'').replace(/[^a-z']/g, '')
  if (fillers.has(last)) return options.fillerMs
  if (opens.has(last) && !(openOnlyInLongText.has(last) && spoken.length <= 3 && spoken.length > 1)) return options.openMs
  return options.completeMs
}
