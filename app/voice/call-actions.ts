import type { Action, CallStateName } from './call.ts'
import type { CallMachine } from './call-phase.ts'

/** What each state allows while a microphone is there; `allowedActions` takes account of one that isn't. */
const byState: Record<CallStateName, readonly Action[]> = {
  idle: ['start', 'hold', 'say'],
  permission: ['end', 'mute', 'hold', 'say'],
  connecting: ['end', 'mute', 'hold', 'say'],
  listening: ['end', 'mute', 'hold', 'say'],
  'user-speaking': ['end', 'mute', 'hold', 'say'],
  thinking: ['end', 'mute', 'hold', 'say', 'interrupt'],
  speaking: ['end', 'mute', 'hold', 'say', 'interrupt'],
  interrupted: ['end', 'mute', 'hold', 'say'],
  held: ['end', 'mute', 'hold', 'say'],
  reconnecting: ['end', 'mute', 'hold', 'say'],
  'rolling-over': ['end', 'mute', 'say'],
  limit: ['end', 'mute', 'interrupt'],
  error: ['start', 'retry', 'hold', 'say'],
  ended: ['start', 'hold', 'say'],
}

/**
 * The actions that have an effect now. A call without a microphone offers `start` (it opens one) instead of `mute`; a failed
 * microphone also offers `retry`. Muted means muted: `hold` would break the promise, so it waits until the user unmutes.
 */
export function allowedActions({ phase, muted, state }: CallMachine): ReadonlySet<Action> {
  if (phase.name === 'running' && phase.farewell) return new Set(['end'])
  const allowed = new Set(byState[state.name])
  if (phase.name === 'running' && (phase.microphone === 'off' || phase.microphone === 'failed')) {
    allowed.delete('mute')
    if (phase.limit === undefined) allowed.add('start')
    if (phase.limit === undefined && phase.microphone === 'failed') allowed.add('retry')
  }
  const holding = phase.name === 'running' && phase.floor.is === 'held'
  if (muted && !holding) allowed.delete('hold')
  return allowed
}
