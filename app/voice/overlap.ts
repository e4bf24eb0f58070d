import type { BargeInMode } from './voice-settings.ts'

/** What is said while an answer is under way, until it is known what it was. Plain data and its times. */

export interface Overlap {
  sinceMs: number
  /** `no`: the voice gives way meanwhile. `dismissed`: it was a cough, a door, a sound of listening; the voice has come back. */
  decided: 'no' | 'dismissed'
  /** What the page's ear heard lately, each with the ms of speech in it. Bound: 40 ms each, as long as the longest window. */
  voiced: readonly { atMs: number, ms: number }[]
  lastVoiceMs: number
  /** The server's turn has ended; whether it gets an answer comes next. */
  spoken?: { segmentId: string | null, fromMs: number, toMs: number }
  /** The answer was over then, and the turn went on. */
  overMs?: number
}

/** A turn that seems to be none: once its words had time to come, it is dropped. */
export interface Doubtful { segmentId: string, untilMs: number }

/**
 * When speech is meant to interrupt. 400 ms is more than a cough (a burst is 150 to 300 ms, its voiced part shorter), an "mhm" or a "yeah"
 * (200 to 400), and about a word and a half: "no, wait". The window leaves room for the pauses within words; cautious is a short sentence.
 */
export const evidence = {
  normal: { speechMs: 400, withinMs: 600 },
  cautious: { speechMs: 800, withinMs: 1200 },
} as const

/** Pauses between the words of somebody who means to interrupt are shorter. */
export const QUIET_MS = 300
/** However often it crackles: the voice doesn't wait longer to know. */
export const MAX_DOUBT_MS = 2000
/** A transcript of a word takes about this long. */
export const WORDS_MS = 1500
/** Between the end of the server's turn and its word that an answer is due lies nothing but the line. */
export const DUE_MS = 2000
/** What the server puts in front of the speech that it noticed. */
export const PREFIX_MS = 300
/** Turns of a word or two within a second and a half. Full ⇒ the oldest is dropped at once. */
export const MAX_DOUBTFUL = 4

export const evidenceOf = (mode: BargeInMode) => mode === 'cautious' ? evidence.cautious : evidence.normal

/** When time alone decides something, ms since the call began. */
export function overlapDeadlines({ overlap, doubtful, turn }: { overlap?: Overlap, doubtful: readonly Doubtful[], turn?: unknown }): number[] {
  const words = doubtful.map(({ untilMs }) => untilMs)
  if (!overlap) return words
  if (overlap.spoken) words.push(overlap.spoken.toMs + DUE_MS)
  if (overlap.decided === 'no') return [...words, Math.min(overlap.lastVoiceMs + QUIET_MS, overlap.sinceMs + MAX_DOUBT_MS)]
  return turn || overlap.spoken ? words : [...words, overlap.lastVoiceMs + QUIET_MS]
}
