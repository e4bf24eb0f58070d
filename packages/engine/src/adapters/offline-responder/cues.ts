/** Scores what was heard against cues: words in any order, with what a recogniser makes of them, not whole sentences. */

import type { Utterance } from './utterance.ts'

/**
 * A cue is one line: groups apart by blanks, all of which must be there, in any order.
 * `a|b` either word · `a_b` both, side by side · `^a` among the first words that count · `!a` must not be there ·
 * `…` at the end: anything may follow, so the rest of the utterance doesn't count against it.
 */
export type CueLine = string

/** How much of what was said a cue must explain: lower, and chance meetings of words in a long sentence would win. */
const MIN_COVERAGE = 0.45
/** One word is thin evidence: it has to be nearly all that was said. */
const MIN_COVERAGE_OF_ONE_WORD = 0.6

/** Words that say nothing about what is wanted. */
const FILLERS = new Set(('a an the um uh er ah hm hmm oh please kindly could would can will you your me i my we us it is are am was were be do does did to of '
  + 'for in on at and so well then now just really very kaiwa hey ok okay right like want need some any there that this let give get got have has '
  + 'may might must shall should about know if again with from by as but or not happen quickly maybe actually today').split(' '))

/** A cue that names fillers ("who are you") is met by them, but they weigh little against words with a meaning. */
const FILLER_WEIGHT = 0.4

interface Group { alternatives: string[][], atStart: boolean, forbidden: boolean }
export interface Cue { groups: readonly Group[], open: boolean }

export function parseCue(line: CueLine): Cue {
  const parts = line.split(' ')
  const open = parts.at(-1) === '…'
  const groups = (open ? parts.slice(0, -1) : parts).map(part => ({
    forbidden: part.startsWith('!'),
    atStart: part.startsWith('^'),
    alternatives: part.replace(/^[!^]/u, '').split('|').map(words => words.split('_'))
      // Longer first: "bye bye" is more than "bye".
      .sort((a, b) => b.length - a.length),
  }))
  return { groups, open }
}

/** Common words that are one letter away from a cue's word and mean something else. */
const ALWAYS_THEMSELVES = new Set(['times', 'could', 'would', 'should', 'there', 'their', 'these', 'those', 'being', 'thing', 'think', 'house', 'stole', 'found', 'round', 'years', 'heard'])

/** One slip of a letter in a long word: typed in haste, or heard amiss. */
export function nearlySame(a: string, b: string): boolean {
  if (a === b) return true
  if (a.length < 5 || b.length < 5 || a[0] !== b[0] || Math.abs(a.length - b.length) > 1 || ALWAYS_THEMSELVES.has(a) || ALWAYS_THEMSELVES.has(b)) return false
  let head = 0
  while (head < a.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++
  const left = a.length - head - tail
  const right = b.length - head - tail
  const swapped = left === 2 && right === 2 && a[head] === b[head + 1] && a[head + 1] === b[head]
  return swapped || Math.max(left, right) <= 1
}

interface Hit { at: number[], exact: boolean }

function findPhrase(words: readonly string[], phrase: readonly string[], lastStart: number): Hit | undefined {
  for (let start = 0; start <= Math.min(lastStart, words.length - phrase.length); start++) {
    if (phrase.every((word, offset) => words[start + offset] === word)) return { at: phrase.map((_, offset) => start + offset), exact: true }
  }
  const [only] = phrase
  if (phrase.length > 1 || only === undefined || only.length < 5) return undefined
  const near = words.findIndex((word, index) => index <= lastStart && nearlySame(word, only))
  return near < 0 ? undefined : { at: [near], exact: false }
}

/** The start is where the first word with a meaning stands; two more are allowed for what a recogniser adds. */
function lastStartIndex(words: readonly string[]): number {
  const first = words.findIndex(word => !FILLERS.has(word))
  return (first < 0 ? 0 : first) + 1
}

function findGroup(words: readonly string[], group: Group, start: number): Hit | undefined {
  let near: Hit | undefined
  for (const phrase of group.alternatives) {
    const hit = findPhrase(words, phrase, group.atStart ? start : words.length)
    if (hit?.exact) return hit
    near ??= hit
  }
  return near
}

/** 0: the cue is not met. Otherwise more for more groups, and for more of the utterance explained. */
export function scoreCue(cue: Cue, words: readonly string[]): number {
  const start = lastStartIndex(words)
  const explained = new Set<number>()
  let score = 0
  let groups = 0
  for (const group of cue.groups) {
    const hit = findGroup(words, group, start)
    if (group.forbidden) {
      if (hit?.exact) return 0
      continue
    }
    if (!hit) return 0
    hit.at.forEach(index => explained.add(index))
    groups++
    score += hit.at.every(index => FILLERS.has(words[index]!)) ? FILLER_WEIGHT : hit.exact ? 1 : 0.6
  }
  const coverage = coverageOf(words, explained)
  const wanted = cue.open ? 0 : groups === 1 && explained.size === 1 ? MIN_COVERAGE_OF_ONE_WORD : MIN_COVERAGE
  return coverage < wanted ? 0 : score + coverage
}

/** Share of what was said that is explained. */
function coverageOf(words: readonly string[], explained: ReadonlySet<number>): number {
  let known = 0
  let all = 0
  for (const [index, word] of words.entries()) {
    const weight = FILLERS.has(word) ? FILLER_WEIGHT : 1
    if (explained.has(index)) known += weight
    if (explained.has(index) || weight === 1) all += weight
  }
  return all === 0 ? 0 : known / all
}

/** Share of the meaningful words that lie in [from, to): for skills that parse instead of looking for cues. */
export function coverageOfSpan(words: readonly string[], from: number, to: number): number {
  const explained = new Set(words.flatMap((_, index) => index >= from && index < to ? [index] : []))
  return coverageOf(words, explained)
}

export const meaningfulWords = (words: readonly string[]): string[] => words.filter(word => !FILLERS.has(word))

export function bestScore(cues: readonly Cue[], utterance: Utterance): number {
  const words = utterance.words.map(word => word.text)
  return cues.reduce((best, cue) => Math.max(best, scoreCue(cue, words)), 0)
}
