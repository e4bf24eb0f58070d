import type { NoiseReductionWish } from '../dialogue.ts'
import type { RealtimeSession } from '../session-config.ts'
import { change, transmit } from './state.ts'
import type { Step } from './state.ts'

/** Noise taken out at the model's side: as the session was opened, until the page wishes for something. */

/** Not before the first `session.updated`: our server's own settings come with it. Refused once, a session is left in peace. */
function revise(step: Step): void {
  const { noise, turns } = step.state
  const { opened, told, wish, refused, asked } = noise
  if (told === undefined || !turns.settled || refused || asked !== null) return
  const wanted = wish ?? opened ?? told
  if (wanted === told) return
  const value = wanted === 'off' ? null : { type: wanted }
  const eventId = transmit(step, { type: 'session.update', session: { type: 'realtime', audio: { input: { noise_reduction: value } } } })
  change(step, { noise: { ...noise, asked: { eventId, wanted } } })
}

export function wishNoiseReduction(step: Step, wish: NoiseReductionWish): void {
  change(step, { noise: { ...step.state.noise, wish: wish === 'as_opened' ? undefined : wish } })
  revise(step)
}

/** What the server says is in force; what we never asked for is the session's own. */
export function learnNoiseReduction(step: Step, session: RealtimeSession): void {
  const { noise } = step.state
  // Other servers leave parts out.
  const input = session.audio?.input as Partial<RealtimeSession['audio']['input']> | null | undefined
  const told = input?.noise_reduction?.type ?? 'off'
  const isAnswer = noise.asked?.wanted === told
  const isOurs = isAnswer || (noise.opened !== undefined && told === noise.wish)
  change(step, { noise: { ...noise, told, opened: isOurs ? noise.opened : told, asked: isAnswer ? null : noise.asked } })
  revise(step)
}

/** @returns whether what was refused was a wish of ours: the session goes on as it was */
export function settleRefusedNoiseReduction(step: Step, eventId: string | null): boolean {
  const { noise } = step.state
  if (eventId === null || noise.asked?.eventId !== eventId) return false
  change(step, { noise: { ...noise, asked: null, refused: true } })
  return true
}
