import type { DialogueCommand } from '../dialogue.ts'
import { stopSpeaking } from './interruption.ts'
import { hideItem, newSegment, putSegment, segmentOf, withWholeText } from './items.ts'
import { cancelReply, wantReply } from './arbiter.ts'
import { wishNoiseReduction } from './noise-reduction.ts'
import { change, transmit } from './state.ts'
import type { Step } from './state.ts'
import { answerTool } from './tools.ts'
import { changeTurns, endTurn } from './turn-taking.ts'

/** PCM16, mono, 24 kHz; base64 holds three bytes in four characters. */
const base64CharsPerMs = 48 * 4 / 3

export function command(step: Step, request: DialogueCommand): void {
  switch (request.type) {
    case 'audio': return appendAudio(step, request.pcm16Base64)
    case 'end_turn': return endTurn(step)
    case 'answer': return wantReply(step, { interrupt: false, retry: true })
    case 'discard_turn': return discardTurn(step, request.segmentId)
    case 'say': return say(step, request.text, request.segmentId)
    case 'stop_speaking': return stopSpeaking(step, request)
    case 'recall': return recall(step, request.said)
    case 'answer_tool': return answerTool(step, request.callId, request.output)
    case 'change': return changeSession(step, request)
    default: return assertNever(request)
  }
}

function changeSession(step: Step, request: Extract<DialogueCommand, { type: 'change' }>): void {
  changeTurns(step, request)
  if (request.noiseReduction !== undefined) wishNoiseReduction(step, request.noiseReduction)
}

function discardTurn(step: Step, segmentId: string | undefined): void {
  if (segmentId === undefined) {
    transmit(step, { type: 'input_audio_buffer.clear' })
    return change(step, { appendedMs: 0 })
  }
  transmit(step, { type: 'conversation.item.delete', item_id: segmentId })
  hideItem(step, segmentId)
}

/** Without an id of its own: nothing answers it, and there are 25 a second. */
function appendAudio(step: Step, pcm16Base64: string): void {
  if (pcm16Base64 === '') return
  step.wire.push({ type: 'input_audio_buffer.append', audio: pcm16Base64 })
  change(step, { appendedMs: step.state.appendedMs + pcm16Base64.length / base64CharsPerMs })
}

/**
 * Typed text becomes an item under the segment's id (the API takes ids of up to 32 characters), so that the server's echo is the same
 * segment. It interrupts an answer that is being made.
 */
function say(step: Step, text: string, segmentId: string): void {
  if (text.trim() === '' || segmentOf(step.state, segmentId)) return
  cancelReply(step, 'user')
  const typed = newSegment(segmentId, 'user', 'text')
  putSegment(step, withWholeText({ ...typed, segment: { ...typed.segment, open: false } }, 0, text))
  transmit(step, { type: 'conversation.item.create', item: { type: 'message', role: 'user', id: segmentId, content: [{ type: 'input_text', text }] } })
  wantReply(step, { interrupt: true, retry: true })
}

/** Under the ids they had, so that each stays the same segment. */
function recall(step: Step, said: Extract<DialogueCommand, { type: 'recall' }>['said']): void {
  for (const { segmentId, text } of said) {
    transmit(step, { type: 'conversation.item.create', item: { type: 'message', role: 'user', id: segmentId, content: [{ type: 'input_text', text }] } })
  }
}

function assertNever(request: never): never {
  throw new Error(`No such command: ${JSON.stringify(request)}`)
}
