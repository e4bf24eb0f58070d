import type { AssistantMessageItem, Item, MessageItem, UserMessageItem } from '../items.ts'
import type { ServerEventOf } from '../server-events.ts'
import { amendSegment, hideItem, isHidden, newSegment, putSegment, segmentOf, told, withWholeText } from './items.ts'
import type { Position } from './items.ts'
import { isSideResponse } from './state.ts'
import type { Step, TrackedSegment } from './state.ts'

/** `conversation.item.added` and `.done`: an item has its place; done, its content is what it will be (but a transcript may still come). */
export function receiveItem(step: Step, event: ServerEventOf<'conversation.item.added' | 'conversation.item.done'>): void {
  const { item, previous_item_id: previousId } = event
  if (item.type !== 'message' || item.role === 'system' || isHidden(step.state, item.id)) return hideItem(step, item.id, previousId)
  if (item.role === 'user') return receiveUserItem(step, item, previousId)
  if (item.role === 'assistant') return receiveAssistantItem(step, item, previousId, event.type === 'conversation.item.done')
}

function receiveUserItem(step: Step, item: UserMessageItem, previousId: Position): void {
  const voice = item.content.find(part => part.type === 'input_audio')
  const before = segmentOf(step.state, item.id) ?? newUserSegment(step, item.id, voice ? 'voice' : 'text')
  const segment: TrackedSegment = { ...before, previousId: told(previousId, before.previousId), reserved: false, segment: { ...before.segment, open: false } }
  if (!voice) return putSegment(step, withWholeText(segment, 0, textOf(item)))
  putSegment(step, voice.transcript ? withWholeText(segment, item.content.indexOf(voice), voice.transcript) : segment)
}

function receiveAssistantItem(step: Step, item: AssistantMessageItem, previousId: Position, done: boolean): void {
  const before = segmentOf(step.state, item.id) ?? newAssistantSegment(step, item.id, step.state.reply?.id ?? null)
  putSegment(step, withContent({ ...before, previousId: told(previousId, before.previousId) }, item, done))
}

/** `response.output_item.added`: the item belongs to the response; its place comes with `conversation.item.added`. */
export function receiveOutputItem(step: Step, event: ServerEventOf<'response.output_item.added' | 'response.output_item.done'>): void {
  const { item, response_id: responseId } = event
  if (isSideResponse(step.state, responseId) || isHidden(step.state, item.id)) return
  if (item.type !== 'message' || item.role !== 'assistant') return
  const before = segmentOf(step.state, item.id) ?? newAssistantSegment(step, item.id, responseId)
  putSegment(step, withContent({ ...before, responseId }, item, event.type === 'response.output_item.done'))
}

/** Takes over what a final item says; one that is still being made says nothing yet. */
export function withContent(tracked: TrackedSegment, item: AssistantMessageItem, done: boolean): TrackedSegment {
  if (!done && item.status !== 'completed') return tracked
  const medium = item.content.some(part => part.type === 'output_audio') ? 'voice' : item.content.length ? 'text' : tracked.segment.medium
  const closed: TrackedSegment = { ...tracked, segment: { ...tracked.segment, medium, open: false } }
  const text = textOf(item)
  return text === '' || closed.segment.textState === 'final' ? closed : withWholeText({ ...closed, parts: [] }, 0, text)
}

function textOf(item: Extract<Item, MessageItem>): string {
  return item.content.map(part => ('text' in part ? part.text : 'transcript' in part ? part.transcript : null) ?? '').join('')
}

export function newUserSegment(step: Step, itemId: string, medium: 'voice' | 'text'): TrackedSegment {
  const tracked = newSegment(itemId, 'user', medium)
  const transcribed = medium === 'text' || (step.state.line?.capabilities.transcripts.user ?? true)
  return transcribed ? tracked : { ...tracked, segment: { ...tracked.segment, textState: 'unavailable' } }
}

export function newAssistantSegment(step: Step, itemId: string, responseId: string | null): TrackedSegment {
  const { reply, line } = step.state
  const medium = reply?.id === responseId ? reply?.medium : line?.medium
  return { ...newSegment(itemId, 'assistant', medium ?? 'voice'), responseId }
}

/** The server's word that audio was cut. When it wasn't us who asked, a user who is speaking is the likely reason. */
export function receiveTruncated(step: Step, event: ServerEventOf<'conversation.item.truncated'>): void {
  const heardMs = Math.max(0, Math.floor(event.audio_end_ms))
  amendSegment(step, event.item_id, tracked => {
    const by = tracked.segment.cut?.by ?? (step.state.speech ? 'barge_in' : 'server')
    return { ...tracked, segment: { ...tracked.segment, cut: { by, heardMs } } }
  })
}

/** An answer that we deleted because nothing of it was heard stays to be seen, as long as it has words. */
export function receiveDeleted(step: Step, event: ServerEventOf<'conversation.item.deleted'>): void {
  const segment = segmentOf(step.state, event.item_id)?.segment
  const unheard = segment?.cut?.heardMs === 0 && segment.text !== ''
  if (!unheard) hideItem(step, event.item_id)
}
