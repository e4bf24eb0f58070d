/** Which tool an utterance asks for: words are scored against the tool's name, description and parameters. */
import type { ResponderTool } from '../../../stages.ts'
import { meaningfulWords, nearlySame } from '../cues.ts'
import { durationSeconds } from '../skills/timers.ts'
import { findCode, findCurrencies, findPlace } from './mentions.ts'
import type { Material } from './material.ts'
import type { Slot } from './tool-schema.ts'
import { slotsOf } from './tool-schema.ts'
import { DESCRIPTION_STOPS, LIKE_WORDS, QUESTION_WORDS, stem, TOOL_VERBS, VAGUE_WORDS, wordsOfName } from './vocabulary.ts'
import type { ToolVerb } from './vocabulary.ts'

/** What each kind of evidence is worth, and how much of it a call takes: less, and small talk would call tools. */
export const TOOL_SCORES = {
  noun: 2, likeNoun: 1.5, vagueNoun: 0.5, nouns: 3.5,
  verb: 1.5, likeVerb: 1.25, question: 1,
  described: 0.75, allDescribed: 1.5,
  slot: 0.5, slots: 1.5,
  allExplained: 0.5,
  threshold: 2.5,
} as const

export interface KnownTool {
  tool: ResponderTool
  slots: readonly Slot[]
  verb: ToolVerb | undefined
  /** Stems and words of the name and of the description, by how much they say. */
  nouns: readonly string[]
  vague: readonly string[]
  described: readonly string[]
}

const known = new WeakMap<ResponderTool, KnownTool>()

/** The tool with what its names and schema say. */
export function knowTool(tool: ResponderTool): KnownTool {
  const before = known.get(tool)
  if (before) return before
  const name = wordsOfName(tool.name)
  const verb = TOOL_VERBS.get(name[0] ?? '')
  const rest = verb ? name.slice(1) : name
  const nouns = rest.filter(word => !VAGUE_WORDS.has(word))
  const about = (tool.description ?? '').slice(0, 600).toLowerCase().match(/\p{L}[\p{L}\d]+/gu) ?? []
  const fresh: KnownTool = {
    tool, slots: slotsOf(tool.parameters), verb,
    // "search", "navigate_to": the verb is all there is.
    nouns: nouns.length > 0 ? nouns : name.slice(0, 1),
    vague: rest.filter(word => VAGUE_WORDS.has(word) && !DESCRIPTION_STOPS.has(word)),
    described: [...new Set(about.filter(word => !DESCRIPTION_STOPS.has(word)).map(stem))],
  }
  known.set(tool, fresh)
  return fresh
}

/** `triggers`: words that speak for the tool; no argument is made of them. */
export interface ScoredTool { known: KnownTool, score: number, triggers: ReadonlySet<number> }

/** Where the word is said, and how well it fits: exact, nearly, or another word for it. */
function findWord(words: readonly string[], wanted: string, hits: ReadonlySet<number>): { at: number, like: boolean } | undefined {
  const root = stem(wanted)
  const exact = words.findIndex((word, at) => !hits.has(at) && stem(word) === root)
  if (exact >= 0) return { at: exact, like: false }
  const near = words.findIndex((word, at) => !hits.has(at) && nearlySame(word, wanted))
  if (near >= 0) return { at: near, like: false }
  const others = LIKE_WORDS.get(root) ?? LIKE_WORDS.get(wanted)
  const other = others ? words.findIndex((word, at) => !hits.has(at) && others.some(each => stem(each) === stem(word))) : -1
  return other >= 0 ? { at: other, like: true } : undefined
}

function scoreNouns({ nouns, vague }: KnownTool, words: readonly string[], hits: Set<number>): number {
  let score = 0
  for (const noun of nouns) {
    const found = findWord(words, noun, hits)
    if (!found) continue
    hits.add(found.at)
    score += found.like ? TOOL_SCORES.likeNoun : TOOL_SCORES.noun
  }
  // "light on": particles belong to the verb, and count a little.
  for (const word of vague) if (words.includes(word)) score += TOOL_SCORES.vagueNoun
  return Math.min(score, TOOL_SCORES.nouns)
}

function scoreVerb({ tool, verb }: KnownTool, words: readonly string[], hits: Set<number>): number {
  const own = wordsOfName(tool.name)[0] ?? ''
  const at = words.findIndex((word, index) => !hits.has(index) && stem(word) === stem(own))
  const other = at < 0 && verb ? words.findIndex((word, index) => !hits.has(index) && verb.said.includes(word)) : -1
  if (at >= 0 || other >= 0) hits.add(Math.max(at, other))
  if (at >= 0) return !verb ? 0 : verb.alone && at <= 2 && meaningfulWords(words).length > 1 ? TOOL_SCORES.threshold : TOOL_SCORES.verb
  const asked = verb?.asks !== false && (QUESTION_WORDS.has(words[0] ?? '') || QUESTION_WORDS.has(words[1] ?? ''))
  return other >= 0 ? TOOL_SCORES.likeVerb : asked ? TOOL_SCORES.question : 0
}

function scoreDescription({ described }: KnownTool, words: readonly string[], hits: Set<number>): number {
  let score = 0
  for (const [at, word] of words.entries()) {
    if (hits.has(at) || word.length < 3 || !described.includes(stem(word))) continue
    hits.add(at)
    score += TOOL_SCORES.described
  }
  return Math.min(score, TOOL_SCORES.allDescribed)
}

const isDuration = ({ value }: Slot) => value.kind === 'duration' || (value.kind === 'number' && value.secondsEach !== undefined)

/** Words that name a parameter or one of its values, and what can be nothing but its value. */
function scoreSlots({ slots }: KnownTool, material: Material, hits: ReadonlySet<number>, explained: Set<number>): number {
  let score = 0
  for (const slot of slots) {
    const { words } = material
    const values = slot.value.kind === 'choice' ? slot.value.choices.flatMap(({ said }) => said) : []
    const isNamed = (word: string) => word.length > 2 && slot.words.some(name => !VAGUE_WORDS.has(name) && stem(name) === stem(word))
    const at = words.findIndex((word, index) => !hits.has(index) && isNamed(word))
    const value = values.find(way => way.join('').length > 2 && words.some((_, index) => way.every((part, offset) => words[index + offset] === part)))
    const lasts = isDuration(slot) && durationSeconds(words) > 0
    const place = slot.value.kind === 'place' ? findPlace(material, slot, hits) : undefined
    const currency = slot.value.kind === 'currency' ? findCurrencies(material)[0] : undefined
    const code = slot.value.kind === 'code' ? findCode(material, slot) : undefined
    for (const span of [place, currency, code]) for (let index = span?.from ?? 0; index < (span?.to ?? 0); index++) explained.add(index)
    if (at >= 0) explained.add(at)
    if (at >= 0 || value || lasts || place || currency || code) score += TOOL_SCORES.slot
  }
  return Math.min(score, TOOL_SCORES.slots)
}

function isRefusal(words: readonly string[]): boolean {
  const at = words.findIndex(word => word === 'not' || word === 'never')
  return at >= 0 && at <= 1 && words[at - 1] !== 'can' && words[at - 1] !== 'could' && words[at - 1] !== 'why'
}

/** How much speaks for the tool. Below the threshold nothing is called. */
export function scoreTool(tool: ResponderTool, material: Material): ScoredTool {
  const about = knowTool(tool)
  const { words } = material
  const hits = new Set<number>()
  const nouns = scoreNouns(about, words, hits)
  const verb = scoreVerb(about, words, hits)
  const described = scoreDescription(about, words, hits)
  const explained = new Set(hits)
  const slots = scoreSlots(about, material, hits, explained)
  const whole = meaningfulWords(words.filter((_, at) => !explained.has(at))).filter(word => !QUESTION_WORDS.has(word)).length === 0
  const score = nouns + verb + described + slots + (whole ? TOOL_SCORES.allExplained : 0)
  // A tool that does something wants a word for it, or two signs of what it is done with; one that answers wants a question, or nothing else said.
  const meant = verb > 0 || (about.verb?.asks === false ? slots > TOOL_SCORES.slot : whole)
  return { known: about, score: (meant && !isRefusal(words)) ? score : 0, triggers: hits }
}

/** The best tool, whatever its score; undefined without tools. At equal scores the earlier one. */
export function bestTool(tools: readonly ResponderTool[], material: Material): ScoredTool | undefined {
  return tools.map(tool => scoreTool(tool, material)).reduce<ScoredTool | undefined>((best, next) => next.score > (best?.score ?? -1) ? next : best, undefined)
}
