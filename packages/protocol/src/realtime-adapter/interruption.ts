import type { Cut, DialogueCommand } from '../dialogue.ts'
import { amendSegment, segmentOf } from './items.ts'
import { cancelReply } from './arbiter.ts'
import { change, transmit } from './state.ts'
import type { Step } from './state.ts'

type StopSpeaking = Extract<DialogueCommand, { type: 'stop_speaking' }>
export type HeardVoice = NonNullable<StopSpeaking['heard']>

/**
 * The player fell silent: the response is stopped (unless the server does that itself), and the server is told what of its words was
 * really heard, so that the model doesn't remember saying what nobody heard.
 */
export function stopSpeaking(step: Step, { by, heard }: StopSpeaking): void {
  const { line, turns, reply, voiced, media, sounding } = step.state
  const serverStops = by === 'barge_in' && !turns.held && (line?.capabilities.serverInterrupts ?? false)
  if (!serverStops) {
    cancelReply(step, by)
    // In this order: the server drops what it has ready, and cuts the item where it was.
    if (media && (reply || sounding !== null)) transmit(step, { type: 'output_audio_buffer.clear' })
  } else if (reply) change(step, { reply: { ...reply, silenced: true } })
  change(step, { replyWanted: false, voiced: [] })
  if (!heard) return
  // The server knows what it sent, and cuts by itself.
  if (media) return markCut(step, by, heard)
  cutAt(step, by, heard)
  // What was queued behind the segment that was sounding, nobody heard at all.
  const at = voiced.indexOf(heard.segmentId)
  if (at >= 0) voiced.slice(at + 1).forEach(itemId => dropUnheard(step, itemId, by))
}

/** Where nobody cuts on our word: shown as far as it was heard, until the server says better. */
export function markCut(step: Step, by: Cut['by'], { segmentId, heardMs: toldMs, receivedMs }: HeardVoice): void {
  const tracked = segmentOf(step.state, segmentId)
  const over = tracked !== undefined && step.state.sounding !== tracked.responseId && toldMs >= receivedMs
  if (!tracked || tracked.segment.cut || over) return
  const heardMs = Math.max(0, Math.floor(toldMs))
  amendSegment(step, segmentId, cut => ({ ...cut, segment: { ...cut.segment, cut: { by, heardMs } } }))
  if (by !== 'server') step.events.push({ type: 'interrupted', by, segmentId, heardMs })
}

/** Cuts at the shorter of heard and received; fully heard ⇒ nothing to cut; nothing heard ⇒ deleted, since a cut at 0 is refused. */
function cutAt(step: Step, by: 'barge_in' | 'user', heard: HeardVoice): void {
  const { segmentId } = heard
  const tracked = segmentOf(step.state, segmentId)
  if (!tracked?.audio || tracked.segment.cut) return
  const { audio } = tracked
  if (audio.ended && !audio.dropped && heard.heardMs >= heard.receivedMs) return
  const shorterMs = Math.floor(Math.min(heard.heardMs, heard.receivedMs))
  const heardMs = Number.isFinite(shorterMs) ? Math.max(0, shorterMs) : 0
  if (heardMs === 0) dropUnheard(step, segmentId, by)
  else {
    transmit(step, { type: 'conversation.item.truncate', item_id: segmentId, content_index: audio.contentIndex, audio_end_ms: heardMs })
    amendSegment(step, segmentId, cut => ({ ...cut, segment: { ...cut.segment, cut: { by, heardMs } } }))
  }
  step.events.push({ type: 'interrupted', by, segmentId, heardMs })
}

/** Deletes an answer of which nothing was heard. Our segment stays, marked as cut at 0. */
export function dropUnheard(step: Step, itemId: string, by: 'barge_in' | 'user' = 'barge_in'): void {
  const tracked = segmentOf(step.state, itemId)
  if (!tracked || tracked.segment.cut) return
  transmit(step, { type: 'conversation.item.delete', item_id: itemId })
  amendSegment(step, itemId, dropped => ({ ...dropped, segment: { ...dropped.segment, cut: { by, heardMs: 0 } } }))
}
