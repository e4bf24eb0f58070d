import type { SemanticVad } from '@kaiwa/protocol'

/**
 * How long to wait for more, judged by the words so far (`semantic_vad`). The words are a recogniser's partial text: no
 * punctuation can be relied on, so the last word and how the text begins decide. English only; other languages get the neutral wait.
 * Measured by `npx node bench/end-of-turn.ts`.
 */
export interface EndpointingOptions {
  /** The text could stand as it is. @default 350 */
  completeMs: number
  /** The words may stand or go on. @default 500 */
  doubtfulMs: number
  /** Nothing recognised yet, or a language whose words say nothing here. @default 700 */
  neutralMs: number
  /** It ends in a word that asks for another one. @default 900 */
  openMs: number
  /** The speaker is thinking aloud. @default 1200 */
  fillerMs: number
}

export const endpointingDefaults = { completeMs: 350, doubtfulMs: 500, neutralMs: 700, openMs: 900, fillerMs: 1200 } as const satisfies EndpointingOptions

const words = (list: string) => new Set(list.split(' '))
const fillers = words('um uh uhm er erm hm hmm mm mhm well like')
const opens = words('and or but so because since although though while if when unless until than that which who whose '
  + 'a an the my your his her its our their this these those some any every '
  + 'to of in on at by for with from into onto about as per between among through during without within '
  + 'is are was were am be been being do does did have has had can could will would shall should may might must '
  + 'i i\'m you\'re he\'s she\'s it\'s we\'re they\'re i\'d i\'ll let\'s please not very really')
const auxiliaries = words('is are was were am do does did have has had can could will would shall should may might must')
/** These end a short sentence as often as they go on: "what is that", "give me this". */
const openOnlyInLongText = words('that this these those any some')
const subjects = words('he she we they')
const ditransitives = words('give show tell read send bring find get buy')
/** A question may end in them: "where are you from", "what is it like". */
const stranded = words('to of in on at by for with from into about like as')
/** "where are you …", "what should I …". */
const invertedQuestion = /^(?:and |so |but )?(?:what|where|who|which|when|how|why)(?: \w+)?(?:'s|'re| (?:is|are|was|were|do|does|did|have|has|can|could|will|would|should)) (?:i|you|he|she|it|we|they|this|that|these|those|there)\b/
/** "yes I can", "so it is". */
const shortAnswer = /^(?:yes|yeah|yep|no|nope|so|sure|of course|i think|i know)\b/
/** "if it rains tomorrow": the main clause is still to come. But "when is the train" is whole. */
const subordinate = /^(?:and |so |but )?(?:if|when|because|although|though|while|unless|until|since|whenever|after|before|as soon as)\b(?! (?:is|are|was|were|do|does|did|can|could|will|would|should)\b)/
/** Up to so many words there is no main clause behind a subordinate one. */
const SUBORDINATE_WORDS = 5
/** "on Monday": an answer, or the beginning of a sentence. */
const adverbialStart = words('on in at for during by with from')
/** "turn the light on", "come in". */
const phrasalVerb = /^(?:please |and )?(?:(?:go|come|hold|carry|get|move|log|sign) (?:on|in)|(?:turn|switch|put|leave) (?:.* )?on|(?:like|with|of|for|about) (?:this|that))$/

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
  if (fillers.has(last) && !(stranded.has(last) && invertedQuestion.test(text))) return options.fillerMs
  switch (expectation(spoken, last)) {
    case 'more': return options.openMs
    case 'perhaps': return options.doubtfulMs
    default: return options.completeMs
  }
}

/** Is more to come? By how the text begins and which word it ends in. */
function expectation(spoken: readonly string[], last: string): 'more' | 'perhaps' | 'nothing' {
  const text = spoken.join(' ').replaceAll('’', '\'')
  const before = spoken.at(-2) ?? ''
  if (phrasalVerb.test(text)) return 'nothing'
  // "where are you from", but also "how do I get from".
  if (stranded.has(last) && invertedQuestion.test(text)) return 'perhaps'
  if (opens.has(last)) return afterOpenWord(spoken, last, text)
  if (subjects.has(last) && !auxiliaries.has(before)) return 'more'
  if (last === 'me' && ditransitives.has(before)) return 'more'
  if (subordinate.test(text) && spoken.length <= SUBORDINATE_WORDS) return 'more'
  return spoken.length === 2 && adverbialStart.has(spoken[0]!) ? 'perhaps' : 'nothing'
}

function afterOpenWord(spoken: readonly string[], last: string, text: string): 'more' | 'nothing' {
  if (last === 'please') return spoken.length > 1 ? 'nothing' : 'more'
  if (auxiliaries.has(last) && spoken.length > 1 && (shortAnswer.test(text) || invertedQuestion.test(text))) return 'nothing'
  if (openOnlyInLongText.has(last) && spoken.length <= 3 && spoken.length > 1) return 'nothing'
  return 'more'
}
