import type { ServerEventOf } from '../server-events.ts'
import { newAssistantSegment } from './conversation.ts'
import { isHidden, putSegment, segmentOf, withTextDelta, withWholeText } from './items.ts'
import { appendBounded, change, isSideResponse, maxVoiced } from './state.ts'
import type { Step, TrackedSegment } from './state.ts'

/** The assistant's words and voice as they are made. */

interface Place { response_id: string, item_id: string, content_index: number }

function answerItem(step: Step, { response_id: responseId, item_id: itemId }: Place): TrackedSegment | undefined {
  if (isSideResponse(step.state, responseId) || isHidden(step.state, itemId)) return undefined
  const tracked = segmentOf(step.state, itemId) ?? newAssistantSegment(step, itemId, responseId)
  return tracked.segment.speaker === 'assistant' ? { ...tracked, responseId } : undefined
}

function inMedium(tracked: TrackedSegment, medium: 'voice' | 'text'): TrackedSegment {
  return { ...tracked, segment: { ...tracked.segment, medium } }
}

export function receivePart(step: Step, event: ServerEventOf<'response.content_part.added'>): void {
  const tracked = answerItem(step, event)
  if (tracked) putSegment(step, inMedium(tracked, event.part.type === 'audio' ? 'voice' : 'text'))
}

export function receiveTextDelta(step: Step, event: ServerEventOf<'response.output_text.delta' | 'response.output_audio_transcript.delta'>): void {
  const tracked = answerItem(step, event)
  const medium = event.type === 'response.output_text.delta' ? 'text' : 'voice'
  if (tracked) putSegment(step, withTextDelta(inMedium(tracked, medium), event.content_index, event.delta))
}

export function receiveTextDone(step: Step, event: ServerEventOf<'response.output_text.done'>): void {
  const tracked = answerItem(step, event)
  if (tracked) putSegment(step, withWholeText(inMedium(tracked, 'text'), event.content_index, event.text))
}

/** The server also sends it for an answer that was cancelled, with the words so far (perhaps none). */
export function receiveTranscriptDone(step: Step, event: ServerEventOf<'response.output_audio_transcript.done'>): void {
  const tracked = answerItem(step, event)
  if (!tracked) return
  const nothingSaid = event.transcript === '' && tracked.segment.text === ''
  putSegment(step, nothingSaid ? inMedium(tracked, 'voice') : withWholeText(inMedium(tracked, 'voice'), event.content_index, event.transcript))
}

/** Audio goes to the player unless the answer was interrupted meanwhile: then it would be heard after the silence. */
export function receiveVoice(step: Step, event: ServerEventOf<'response.output_audio.delta'>): void {
  const tracked = answerItem(step, event)
  if (!tracked) return
  const { response_id: replyId, item_id: segmentId } = event
  const { reply, voiced } = step.state
  const late = tracked.segment.cut !== undefined || (reply?.id === replyId && reply.silenced)
  const before = tracked.audio
  const audio = { contentIndex: event.content_index, delivered: before?.delivered || !late, dropped: before?.dropped || late, ended: false }
  if (!before || before.delivered !== audio.delivered || before.dropped !== audio.dropped) putSegment(step, { ...inMedium(tracked, 'voice'), audio })
  if (late) return
  if (!before?.delivered) change(step, { voiced: appendBounded(voiced, segmentId, maxVoiced) })
  step.events.push({ type: 'voice', replyId, segmentId, pcm16Base64: event.delta })
}

export function receiveVoiceDone(step: Step, event: ServerEventOf<'response.output_audio.done'>): void {
  const tracked = answerItem(step, event)
  if (!tracked?.audio || tracked.audio.ended) return
  putSegment(step, { ...tracked, audio: { ...tracked.audio, ended: true } })
  step.events.push({ type: 'voice_ended', replyId: event.response_id, segmentId: event.item_id })
}
