import type { CallEffect, Decision, Moment } from './call-inputs.ts'
import { isAnswering } from './call-phase.ts'
import type { RunningCall } from './call-phase.ts'

/** What becomes of an answer: it begins, is over, is stopped. Pure. */

/** Typed before the line is up; more than a person types in that time. Full ⇒ the oldest goes. */
export const MAX_WAITING_TEXTS = 16
/** Replies under way at once; a server has one, two around an interruption. Full ⇒ the oldest is forgotten. */
const MAX_REPLIES = 16

/** Nothing under way and nothing to hear: the answer, if one was awaited, is over. */
export function settled(call: RunningCall, changed: boolean): RunningCall {
  return changed && !isAnswering(call) ? { ...call, awaitedSinceMs: undefined } : call
}

/** The answer stops, whatever there is of it; who spoke over it goes on speaking. */
export function stopAnswer(call: RunningCall, by: 'barge_in' | 'user'): { phase: RunningCall, effects: CallEffect[] } {
  const effects: CallEffect[] = isAnswering(call) ? [{ type: 'silence', by, replyIds: call.replies }] : []
  const user = call.overlap && call.turn ? 'speaking' : call.user
  return { phase: { ...call, user, overlap: undefined, replies: [], playback: 'silent', awaitedSinceMs: undefined, refuseNext: false }, effects }
}

export function interrupt(call: RunningCall, { atMs }: Moment): Decision {
  const { phase, effects } = stopAnswer(call, 'user')
  return { phase: { ...phase, interruptedAtMs: atMs, refuseNext: !isAnswering(call) && call.limit === undefined }, effects }
}

export function replyStarted(call: RunningCall, replyId: string, { atMs }: Moment): Decision {
  // Under server turn detection a reply may start in the moment before the floor is taken or the user interrupts.
  if (call.refuseNext || call.floor.is === 'held') return { phase: { ...call, refuseNext: false }, effects: [{ type: 'silence', by: 'user', replyIds: [replyId] }] }
  const awaitedSinceMs = call.playback === 'sounding' ? undefined : call.awaitedSinceMs ?? atMs
  return { phase: { ...call, replies: [...call.replies, replyId].slice(-MAX_REPLIES), awaitedSinceMs, troubles: { ...call.troubles, answer: undefined } } }
}

export function say(call: RunningCall, text: string, { atMs }: Moment): Decision {
  if (call.line !== 'up') return { phase: { ...call, typed: true, waitingTexts: [...call.waitingTexts, text].slice(-MAX_WAITING_TEXTS) } }
  const { phase, effects } = stopAnswer(call, 'user')
  return { phase: { ...phase, typed: true, awaitedSinceMs: atMs, troubles: { ...call.troubles, answer: undefined } }, effects: [...effects, { type: 'say', text }] }
}

/** The server ended a turn and leaves the answer to the page: one is wanted, unless the user has taken it back meanwhile. */
export function askForAnswer(call: RunningCall, { atMs }: Moment): Decision {
  if (call.limit !== undefined || call.floor.is === 'held') return { phase: call }
  if (call.refuseNext) return { phase: { ...call, refuseNext: false, awaitedSinceMs: undefined } }
  return { phase: { ...call, awaitedSinceMs: call.awaitedSinceMs ?? atMs }, effects: [{ type: 'answer' }] }
}
