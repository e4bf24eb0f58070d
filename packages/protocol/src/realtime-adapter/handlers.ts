import type { ServerEvent } from '../server-events.ts'
import { receivePart, receiveTextDelta, receiveTextDone, receiveTranscriptDone, receiveVoice, receiveVoiceDone } from './answer.ts'
import { receiveDeleted, receiveItem, receiveOutputItem, receiveTruncated } from './conversation.ts'
import { receiveError } from './faults.ts'
import { receiveSoundOver, receiveSoundStarted } from './media-voice.ts'
import { receiveResponseCreated, receiveResponseDone } from './replies.ts'
import { receiveSession } from './session.ts'
import type { Step } from './state.ts'
import { receiveFunctionCall } from './tools.ts'
import {
  receiveCleared, receiveCommitted, receiveIdleTimeout, receiveSpeechStarted, receiveSpeechStopped,
  receiveTranscript, receiveTranscriptDelta, receiveTranscriptFailure,
} from './user-turns.ts'

/** Which part of the adapter an event belongs to. A new type in the protocol's union has to be decided on here. */
export function handle(step: Step, event: ServerEvent): void {
  switch (event.type) {
    case 'session.created': case 'session.updated': return receiveSession(step, event)
    case 'error': return receiveError(step, event)
    case 'conversation.item.added': case 'conversation.item.done': return receiveItem(step, event)
    case 'conversation.item.truncated': return receiveTruncated(step, event)
    case 'conversation.item.deleted': return receiveDeleted(step, event)
    case 'conversation.item.input_audio_transcription.delta': return receiveTranscriptDelta(step, event)
    case 'conversation.item.input_audio_transcription.completed': return receiveTranscript(step, event)
    case 'conversation.item.input_audio_transcription.failed': return receiveTranscriptFailure(step, event)
    case 'input_audio_buffer.speech_started': return receiveSpeechStarted(step, event)
    case 'input_audio_buffer.speech_stopped': return receiveSpeechStopped(step, event)
    case 'input_audio_buffer.committed': return receiveCommitted(step, event)
    case 'input_audio_buffer.cleared': return receiveCleared(step)
    case 'input_audio_buffer.timeout_triggered': return receiveIdleTimeout(step, event)
    case 'response.created': return receiveResponseCreated(step, event)
    case 'response.done': return receiveResponseDone(step, event)
    case 'response.output_item.added': return receiveOutputItem(step, event)
    case 'response.output_item.done': receiveOutputItem(step, event); return receiveFunctionCall(step, event)
    case 'response.content_part.added': return receivePart(step, event)
    case 'response.output_text.delta': case 'response.output_audio_transcript.delta': return receiveTextDelta(step, event)
    case 'response.output_text.done': return receiveTextDone(step, event)
    case 'response.output_audio_transcript.done': return receiveTranscriptDone(step, event)
    case 'response.output_audio.delta': return receiveVoice(step, event)
    case 'response.output_audio.done': return receiveVoiceDone(step, event)
    case 'output_audio_buffer.started': return receiveSoundStarted(step, event)
    case 'output_audio_buffer.stopped': case 'output_audio_buffer.cleared': return receiveSoundOver(step, event)
    // Reasons: server-event-types.ts
    case 'conversation.item.retrieved': case 'response.content_part.done': case 'rate_limits.updated':
    case 'response.function_call_arguments.delta': case 'response.function_call_arguments.done':
    case 'response.mcp_call_arguments.delta': case 'response.mcp_call_arguments.done':
    case 'response.mcp_call.in_progress': case 'response.mcp_call.completed': case 'response.mcp_call.failed':
    case 'mcp_list_tools.in_progress': case 'mcp_list_tools.completed': case 'mcp_list_tools.failed': return
    default: return assertNever(event)
  }
}

/** For the compiler only: the parser lets no other type through. */
function assertNever(_event: never): void {}
