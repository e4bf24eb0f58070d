import type { Span } from '../store/journal-entry.ts'
import { objectAt } from './voice-format.ts'
import type { InputClock } from './input-clock.ts'

/** Answers whose span may still grow or be cut. Full ⇒ the oldest stays as it is. */
const MAX_ANSWERS = 64

/** When, by the call's clock, each voice said what. A talker's may begin before 0 by what was said while the line was being made. */
export interface SpokenSpans {
  /** Returns when the answer began to be heard, at the earliest: its pieces come faster than they are played. */
  answered(itemId: string, lengthMs: number, nowMs: number): number
  /** Of an answer; undefined: nothing of it was spoken. */
  ofAnswer(itemId: string): Span | undefined
  /** So much of it was heard, and no more. */
  cut(itemId: string, heardMs: number, nowMs: number): Span | undefined
  /** A voice that didn't come by us was played from here to there: WebRTC's own account (`output_audio_buffer.started`, `.stopped`, `.cleared`). */
  playing(nowMs: number): void
  /** @returns undefined: none was */
  played(nowMs: number): Span | undefined
  /** What was still to be heard is not. */
  silenced(nowMs: number): void
  speechStarted(itemId: unknown, audioMs: unknown, nowMs: number): void
  /** @returns when the speech ended; now, where that isn't known */
  speechEnded(itemId: unknown, audioMs: unknown, nowMs: number): number
  /** The talker's words became this item. */
  committed(itemId: unknown, nowMs: number): Span | undefined
  cleared(): void
}

export function createSpokenSpans(input: Pick<InputClock, 'at' | 'audioMs'>): SpokenSpans {
  const answers = new Map<string, { fromMs: number, lengthMs: number }>()
  let speech: { itemId: unknown, fromMs: number | undefined, toMs: number | undefined } | undefined
  let freeAtMs = 0
  let committedAudioMs = 0
  let playingFromMs: number | undefined
  const atAudio = (audioMs: unknown) => typeof audioMs === 'number' && Number.isFinite(audioMs) ? input.at(audioMs) : undefined
  const spanOf = (itemId: string): Span | undefined => {
    const answer = answers.get(itemId)
    return answer && { fromMs: answer.fromMs, toMs: answer.fromMs + answer.lengthMs }
  }

  return {
    answered(itemId, lengthMs, nowMs) {
      let answer = answers.get(itemId)
      if (!answer) {
        if (answers.size >= MAX_ANSWERS) answers.delete(answers.keys().next().value!)
        answer = { fromMs: Math.max(nowMs, freeAtMs), lengthMs: 0 }
        answers.set(itemId, answer)
      }
      answer.lengthMs += lengthMs
      freeAtMs = answer.fromMs + answer.lengthMs
      return answer.fromMs
    },
    ofAnswer: spanOf,
    cut(itemId, heardMs, nowMs) {
      const answer = answers.get(itemId)
      if (!answer) return undefined
      answer.lengthMs = Math.max(0, Math.min(answer.lengthMs, heardMs))
      freeAtMs = nowMs
      return spanOf(itemId)
    },
    playing(nowMs) { playingFromMs = nowMs },
    played(nowMs) {
      const span = playingFromMs === undefined ? undefined : { fromMs: playingFromMs, toMs: nowMs }
      playingFromMs = undefined
      return span
    },
    silenced(nowMs) { freeAtMs = nowMs },
    speechStarted(itemId, audioMs, nowMs) { speech = { itemId, fromMs: atAudio(audioMs) ?? nowMs, toMs: undefined } },
    speechEnded(itemId, audioMs, nowMs) {
      const toMs = atAudio(audioMs) ?? nowMs
      if (speech?.itemId === itemId) speech!.toMs = toMs
      return toMs
    },
    committed(itemId, nowMs) {
      const heard = speech?.itemId === itemId ? speech : undefined
      const fromMs = heard?.fromMs ?? input.at(committedAudioMs)
      const toMs = heard?.toMs ?? input.at(input.audioMs) ?? nowMs
      speech = undefined
      committedAudioMs = input.audioMs
      return fromMs === undefined || toMs < fromMs ? undefined : { fromMs, toMs }
    },
    cleared() { committedAudioMs = input.audioMs },
  }
}

/** `response.conversation_id: null`: the response stands beside the conversation. */
export const isAside = (event: unknown) => objectAt(event, 'response')?.conversation_id === null
