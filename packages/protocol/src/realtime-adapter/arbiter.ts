import { change, transmit } from './state.ts'
import type { Step } from './state.ts'

/**
 * One response of the conversation is active at a time: a wanted one is asked for at once or, when one is active or asked for, after
 * its `response.done`.
 */

/** `interrupt`: what is being said gives way. `retry`: ask again if the server turns out to be busy. */
export function wantReply(step: Step, { interrupt, retry }: { interrupt: boolean, retry: boolean }): void {
  const { reply, create } = step.state
  if (!reply && !create) return askForReply(step, retry)
  if (interrupt) cancelReply(step, 'user')
  if (retry || interrupt) change(step, { replyWanted: true })
}

function askForReply(step: Step, retry: boolean): void {
  const eventId = transmit(step, { type: 'response.create' })
  change(step, { create: { eventId, cancelledBy: null }, lastAsked: { eventId, retry }, replyWanted: false })
}

/** Sends the request that had to wait, once nothing is in its way. */
export function askIfWanted(step: Step): void {
  const { reply, create, replyWanted } = step.state
  if (replyWanted && !reply && !create) askForReply(step, true)
}

/** Stops the active response, or the one that was just asked for (the server takes events in order). Once per response. */
export function cancelReply(step: Step, by: 'barge_in' | 'user'): void {
  const { reply, create } = step.state
  if (reply) {
    if (!reply.cancelledBy) transmit(step, { type: 'response.cancel', response_id: reply.id })
    change(step, { reply: { ...reply, cancelledBy: reply.cancelledBy ?? by, silenced: true } })
  } else if (create && !create.cancelledBy) {
    transmit(step, { type: 'response.cancel' })
    change(step, { create: { ...create, cancelledBy: by } })
  }
}

/** An `error` that concerns a request of ours: the server was busy (ask again later), or refused it for good. */
export function settleRefusedRequest(step: Step, refused: { code: string | null, eventId: string | null }): void {
  const { create, lastAsked, replyWanted } = step.state
  const ours = create !== null && (refused.eventId === create.eventId || refused.eventId === null)
  if (ours) change(step, { create: null })
  if (refused.code !== 'conversation_already_has_active_response') return
  // Not the last one asked for, and not ours: the server's own answer collided, and the turn wants it all the same.
  const concernsLast = lastAsked !== null && (refused.eventId ?? lastAsked.eventId) === lastAsked.eventId
  change(step, { replyWanted: replyWanted || !concernsLast || lastAsked.retry })
  askIfWanted(step)
}
