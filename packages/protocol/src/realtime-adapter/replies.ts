import type { Fault, ReplyEnd } from '../dialogue.ts'
import { isReadableItem } from '../parse.ts'
import type { ResponseObject, ServerEventOf } from '../server-events.ts'
import { withContent } from './conversation.ts'
import { faultOfResponse } from './faults.ts'
import { askIfWanted } from './arbiter.ts'
import { dropUnheard } from './interruption.ts'
import { hideItem, putSegment, segmentOf } from './items.ts'
import { readUsage } from './meter.ts'
import { appendBounded, change, isSideResponse, maxSideResponses } from './state.ts'
import type { Reply, Step, TrackedSegment } from './state.ts'
import { endToolGroup } from './tools.ts'

/** The life of responses: of the conversation's own, one at a time, and of those beside it, which only cost. */

export function receiveResponseCreated(step: Step, event: ServerEventOf<'response.created'>): void {
  const { response } = event
  if (response.conversation_id === null) {
    return change(step, { sideResponses: appendBounded(step.state.sideResponses, response.id, maxSideResponses) })
  }
  const { reply, create } = step.state
  if (reply?.id === response.id) return
  // One response at a time: the end of the one before got lost.
  if (reply) endReply(step, reply, { how: 'incomplete', reason: 'unknown' })
  beginReply(step, response, create?.cancelledBy ?? null)
}

function beginReply(step: Step, response: ResponseObject, cancelledBy: Reply['cancelledBy']): void {
  const modality = response.output_modalities?.[0]
  const medium = modality === 'text' ? 'text' : modality === 'audio' ? 'voice' : step.state.line?.medium ?? 'voice'
  change(step, { reply: { id: response.id, medium, cancelledBy, silenced: cancelledBy !== null }, create: null })
  step.events.push({ type: 'reply_started', replyId: response.id })
}

export function receiveResponseDone(step: Step, event: ServerEventOf<'response.done'>): void {
  const { response } = event
  readUsage(step, response.usage)
  const { sideResponses } = step.state
  if (response.conversation_id === null || isSideResponse(step.state, response.id)) {
    return change(step, { sideResponses: sideResponses.filter(id => id !== response.id) })
  }
  // Some servers leave `response.created` out for a response that fails at once.
  if (step.state.reply?.id !== response.id) beginReply(step, response, step.state.create?.cancelledBy ?? null)
  takeOutput(step, response)
  const { reply } = step.state
  if (reply) endReply(step, reply, endOf(response, reply))
  endToolGroup(step, response)
  askIfWanted(step)
}

/** What the finished response says about its items, for those whose own last events are missing. */
function takeOutput(step: Step, response: ResponseObject): void {
  for (const item of response.output ?? []) {
    if (!isReadableItem(item) || item.type !== 'message' || item.role !== 'assistant') continue
    const tracked = segmentOf(step.state, item.id)
    if (tracked) putSegment(step, withContent({ ...tracked, responseId: response.id }, item, true))
  }
}

function endReply(step: Step, reply: Reply, end: ReplyEnd): void {
  change(step, { reply: null })
  for (const item of step.state.items.values()) {
    if (item.kind === 'segment' && item.responseId === reply.id) closeSegment(step, item)
  }
  step.events.push({ type: 'reply_ended', replyId: reply.id, end })
}

/** No more will come. An answer of which there is neither a word nor a sound is no turn. */
function closeSegment(step: Step, tracked: TrackedSegment): void {
  const { segment, audio } = tracked
  if (segment.text === '' && !audio?.delivered && !audio?.dropped) return hideItem(step, segment.id)
  const textState = segment.textState === 'partial' ? 'final' : segment.textState === 'pending' ? 'unavailable' : segment.textState
  putSegment(step, { ...tracked, segment: { ...segment, open: false, textState } })
  if (audio?.dropped && !audio.delivered) dropUnheard(step, segment.id)
}

function endOf(response: ResponseObject, reply: Reply): ReplyEnd {
  const { reason } = response.status_details ?? {}
  switch (response.status) {
    case 'completed': return { how: 'completed' }
    case 'cancelled': return { how: 'cancelled', by: reason === 'turn_detected' ? 'barge_in' : reply.cancelledBy ?? (reason === 'client_cancelled' ? 'user' : 'server') }
    case 'failed': return { how: 'failed', fault: failureOf(response) }
    case 'incomplete': case 'in_progress': return { how: 'incomplete', reason: reason === 'max_output_tokens' ? 'length' : reason === 'content_filter' ? reason : 'unknown' }
    // A status of the future; the type says there is none, the wire may.
    default: return { how: 'incomplete', reason: 'unknown' }
  }
}

function failureOf(response: ResponseObject): Fault {
  const details: unknown = response.status_details
  const error: unknown = typeof details === 'object' && details !== null && 'error' in details ? details.error : undefined
  return faultOfResponse(error)
}
