import { assertNever } from './assert-never.ts'
import { stopAnswer } from './call-answer.ts'
import type { CallEffect, Decision, Moment } from './call-inputs.ts'
import { isAnswering, isReady } from './call-phase.ts'
import type { RunningCall } from './call-phase.ts'

/** The floor: the user takes the turn from the server and gives it back. Pure. */

/** A hold shorter than this is a slip of the finger: the floor goes back without asking for an answer. */
export const MIN_HOLD_MS = 300

/** Line and microphone are both there for the first time: what was recorded meanwhile goes out, as the floor says. */
export function becomeReady(call: RunningCall, { atMs }: Moment): { phase: RunningCall, effects: CallEffect[] } {
  switch (call.floor.is) {
    case 'open': return { phase: call, effects: [{ type: 'start_sending' }] }
    case 'held': return { phase: call, effects: [{ type: 'take_floor' }, { type: 'start_sending' }] }
    case 'released': return {
      phase: { ...call, floor: { is: 'open' }, awaitedSinceMs: atMs },
      effects: [{ type: 'take_floor' }, { type: 'start_sending' }, { type: 'give_floor', ask: true }],
    }
    default: return assertNever(call.floor)
  }
}

export function takeFloor(call: RunningCall, { atMs }: Moment): Decision {
  if (call.floor.is === 'held') return { phase: call }
  const floor = { is: 'held', sinceMs: atMs } as const
  if (call.microphone === 'off' || call.microphone === 'failed') return { phase: { ...call, microphone: 'opening', floor }, effects: [{ type: 'open_microphone' }] }
  if (!isReady(call)) return { phase: { ...call, floor } }
  const { phase, effects } = stopAnswer(call, 'user')
  const refuseNext = call.awaitedSinceMs !== undefined && !isAnswering(call)
  return { phase: { ...phase, floor, refuseNext, interruptedAtMs: undefined, user: 'quiet', turn: undefined }, effects: [...effects, { type: 'take_floor' }] }
}

export function giveFloor(call: RunningCall, { atMs }: Moment): Decision {
  if (call.floor.is !== 'held') return { phase: call }
  const slip = atMs - call.floor.sinceMs < MIN_HOLD_MS
  const open: RunningCall = { ...call, floor: { is: 'open' }, refuseNext: false }
  if (!isReady(call)) return { phase: slip ? open : { ...call, floor: { is: 'released' } } }
  if (slip) return { phase: open, effects: [{ type: 'give_floor', ask: false }] }
  return { phase: { ...open, awaitedSinceMs: atMs }, effects: [{ type: 'give_floor', ask: true }] }
}
