import type { ServerEventOf } from '../server-events.ts'
import { change, isSideResponse } from './state.ts'
import type { RealtimeAdapterState, Step } from './state.ts'

/** Voices that the transport carries beside the events (WebRTC): the server tells when it sends the voice of a response. */

export function receiveSoundStarted(step: Step, { response_id: replyId }: ServerEventOf<'output_audio_buffer.started'>): void {
  if (!step.state.media || isSideResponse(step.state, replyId) || step.state.sounding === replyId) return
  overVoice(step, { cut: false })
  change(step, { sounding: replyId })
  step.events.push({ type: 'voice_began', replyId, segmentId: voicedItem(step.state, replyId) })
}

export function receiveSoundOver(step: Step, { type, response_id: replyId }: ServerEventOf<'output_audio_buffer.stopped' | 'output_audio_buffer.cleared'>): void {
  if (step.state.sounding === replyId) overVoice(step, { cut: type === 'output_audio_buffer.cleared' })
}

/** Whatever sounded, does so no more. */
export function overVoice(step: Step, { cut }: { cut: boolean }): void {
  const { sounding } = step.state
  if (sounding === null) return
  change(step, { sounding: null })
  step.events.push({ type: 'voice_over', replyId: sounding, cut })
}

/** The first item of a response that is spoken: media has no marks between items. */
function voicedItem(state: RealtimeAdapterState, replyId: string): string | null {
  for (const [itemId, item] of state.items) {
    if (item.kind === 'segment' && item.responseId === replyId && item.segment.medium === 'voice') return itemId
  }
  return null
}
