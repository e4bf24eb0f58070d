import type { ServerEventOf } from '../server-events.ts'
import { newUserSegment } from './conversation.ts'
import { amendSegment, forgetItem, hideItem, isHidden, putSegment, segmentOf, told, withTextDelta, withWholeText } from './items.ts'
import { readTranscriptionUsage } from './meter.ts'
import { wantReply } from './arbiter.ts'
import { change } from './state.ts'
import type { Step, TrackedSegment } from './state.ts'
import { isFloorTaken } from './turn-taking.ts'

/** The user's voice: from the first sound that the server noticed to the transcript, which may come after the answer. */

function userTurn(step: Step, itemId: string): TrackedSegment | undefined {
  if (isHidden(step.state, itemId)) return undefined
  return segmentOf(step.state, itemId) ?? newUserSegment(step, itemId, 'voice')
}

function forgetReserved(step: Step, exceptItemId?: string): void {
  for (const [itemId, item] of step.state.items) {
    if (item.kind === 'segment' && item.reserved && itemId !== exceptItemId) forgetItem(step, itemId)
  }
}

/** Reserves the turn's segment. With an interrupting server, what it was saying is over: its late audio is dropped from here on. */
export function receiveSpeechStarted(step: Step, event: ServerEventOf<'input_audio_buffer.speech_started'>): void {
  const { item_id: itemId, audio_start_ms: startedAtMs } = event
  forgetReserved(step, itemId)
  const { reply, line } = step.state
  const silences = line?.capabilities.serverInterrupts && !isFloorTaken(step.state)
  change(step, { speech: { itemId, startedAtMs }, reply: reply && silences ? { ...reply, silenced: true } : reply })
  const turn = userTurn(step, itemId)
  if (turn) putSegment(step, { ...turn, reserved: turn.segment.open })
  step.events.push({ type: 'user_speech', on: true, by: 'server', atMs: startedAtMs, segmentId: itemId })
}

/** When the person fell silent: the server's time includes the silence that it waited for, as long as its settings tell (server VAD). */
export function receiveSpeechStopped(step: Step, event: ServerEventOf<'input_audio_buffer.speech_stopped'>): void {
  const { speech, line } = step.state
  const detection = line?.detection
  const silenceMs = detection?.type === 'server_vad' && detection.silence_duration_ms > 0 ? detection.silence_duration_ms : 0
  const atMs = Math.max(speech?.startedAtMs ?? 0, event.audio_end_ms - silenceMs)
  change(step, { speech: null })
  step.events.push({ type: 'user_speech', on: false, by: 'server', atMs, segmentId: event.item_id })
}

/** The turn is an item now, and its place is told. Under the server's turn detection a turn that we ended ourselves still wants its answer. */
export function receiveCommitted(step: Step, event: ServerEventOf<'input_audio_buffer.committed'>): void {
  const { item_id: itemId, previous_item_id: previousId } = event
  const turn = userTurn(step, itemId)
  if (turn) putSegment(step, { ...turn, previousId: told(previousId, turn.previousId), reserved: false, segment: { ...turn.segment, open: false } })
  else hideItem(step, itemId, previousId)
  if (step.state.speech?.itemId === itemId) change(step, { speech: null })
  forgetReserved(step, step.state.speech?.itemId)
  const { turnEnded, turns } = step.state
  if (!turnEnded && turns.told?.create_response === false) step.events.push({ type: 'answer_due', segmentId: itemId })
  if (!turnEnded) return
  change(step, { turnEnded: false })
  // No retry: when the server is busy, it is with its own answer to this very turn.
  wantReply(step, { interrupt: false, retry: false })
}

/** What was announced and not committed will never be. */
export function receiveCleared(step: Step): void {
  const { speech } = step.state
  forgetReserved(step)
  change(step, { speech: null })
  if (speech) step.events.push({ type: 'user_speech', on: false, by: 'user', atMs: speech.startedAtMs, segmentId: speech.itemId })
}

/** The server commits a silent stretch to prompt an answer: nobody said anything, so nothing is shown. */
export function receiveIdleTimeout(step: Step, event: ServerEventOf<'input_audio_buffer.timeout_triggered'>): void {
  hideItem(step, event.item_id)
  step.events.push({ type: 'notice', code: 'idle_timeout', detail: '' })
}

export function receiveTranscriptDelta(step: Step, event: ServerEventOf<'conversation.item.input_audio_transcription.delta'>): void {
  const turn = userTurn(step, event.item_id)
  if (turn) putSegment(step, withTextDelta(turn, event.content_index ?? 0, event.delta ?? ''))
}

export function receiveTranscript(step: Step, event: ServerEventOf<'conversation.item.input_audio_transcription.completed'>): void {
  const turn = userTurn(step, event.item_id)
  if (turn) putSegment(step, withWholeText(turn, event.content_index ?? 0, event.transcript))
  readTranscriptionUsage(step, event.usage)
}

export function receiveTranscriptFailure(step: Step, event: ServerEventOf<'conversation.item.input_audio_transcription.failed'>): void {
  const turn = userTurn(step, event.item_id)
  if (turn) putSegment(step, turn)
  amendSegment(step, event.item_id, tracked =>
    tracked.segment.textState === 'final' ? tracked : { ...tracked, segment: { ...tracked.segment, textState: 'unavailable' } })
  step.events.push({ type: 'notice', code: 'transcription_failed', detail: event.error.message ?? event.error.code ?? '' })
}
