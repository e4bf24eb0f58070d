import type { TurnWish } from '@kaiwa/protocol'
import { settledOverlap } from './barge-in.ts'
import type { CallEffect } from './call-inputs.ts'
import { isAnswering } from './call-phase.ts'
import type { Habits, Phase } from './call-phase.ts'

/** What follows from every step of the call's machine alike, so that no step can forget it. Pure. */

/** The phase with what it implies. */
export function withImplied(phase: Phase, habits: Habits, atMs: number): Phase {
  if (phase.name !== 'running') return phase
  const call = settledOverlap(phase, habits, atMs)
  // Kept on until whoever spoke over the answer is done and answered: no session is changed while somebody speaks.
  const busy = call.turn !== undefined || call.overlap !== undefined || call.interruptedAtMs !== undefined || call.awaitedSinceMs !== undefined
  const guarded = isAnswering(call) || (call.guarded && busy)
  return guarded === call.guarded ? call : { ...call, guarded }
}

interface Decided { phase: Phase, habits: Habits }

/** The voice gives way and comes back, and turns are wished for, exactly when the one state has it and the other has not. */
export function impliedEffects(before: Decided, after: Decided, effects: readonly CallEffect[]): CallEffect[] {
  if (effects.some(({ type }) => type === 'release')) return []
  const [was, is] = [isDucked(before.phase), isDucked(after.phase)]
  const wish = wishOf(after)
  const wishes = wish && !sameWish(wish, wishOf(before) ?? {})
  return [
    ...was === is ? [] : [{ type: is ? 'duck' : 'unduck' } as const],
    ...wishes ? [{ type: 'wish_turns', turns: wish } as const] : [],
  ]
}

export const isDucked = (phase: Phase) => phase.name === 'running' && phase.overlap?.decided === 'no'

const endings = { auto: undefined, server_vad: 'silence', semantic_vad: 'sense', push_to_talk: 'page' } as const

/** How turns are to be taken; undefined while there is no line to say it on. */
function wishOf({ phase, habits }: Decided): TurnWish | undefined {
  if (phase.name !== 'running' || phase.line !== 'up' || phase.farewell || phase.limit !== undefined) return undefined
  const { bargeIn, turnTaking, patient } = habits
  const endedBy = endings[turnTaking]
  return {
    ...(endedBy ? { endedBy } : {}),
    ...(patient || phase.patience ? { patient: true } : {}),
    interruptedBy: bargeIn === 'eager' ? 'server' : 'page',
    ...(bargeIn !== 'eager' && phase.guarded ? { answeredBy: 'page' } : {}),
  }
}

const sameWish = (a: TurnWish, b: TurnWish) =>
  a.endedBy === b.endedBy && a.patient === b.patient && a.interruptedBy === b.interruptedBy && a.answeredBy === b.answeredBy
