import type { RealtimeServerEvent } from 'openai/resources/realtime/realtime'
import { describe, expect, it } from 'vitest'
import { handledServerEvents, ignoredServerEvents, isListedServerEvent, kaiwaServerEvents } from '@kaiwa/protocol'

/** Every type of the official union: the compiler refuses this list when one is missing or too many. */
const official: Record<RealtimeServerEvent['type'], true> = {
  'conversation.created': true, 'conversation.item.added': true, 'conversation.item.created': true, 'conversation.item.deleted': true, 'conversation.item.done': true,
  'conversation.item.input_audio_transcription.completed': true, 'conversation.item.input_audio_transcription.delta': true,
  'conversation.item.input_audio_transcription.failed': true, 'conversation.item.input_audio_transcription.segment': true,
  'conversation.item.retrieved': true, 'conversation.item.truncated': true, error: true,
  'input_audio_buffer.cleared': true, 'input_audio_buffer.committed': true, 'input_audio_buffer.dtmf_event_received': true,
  'input_audio_buffer.speech_started': true, 'input_audio_buffer.speech_stopped': true, 'input_audio_buffer.timeout_triggered': true,
  'mcp_list_tools.completed': true, 'mcp_list_tools.failed': true, 'mcp_list_tools.in_progress': true,
  'output_audio_buffer.cleared': true, 'output_audio_buffer.started': true, 'output_audio_buffer.stopped': true, 'rate_limits.updated': true,
  'response.content_part.added': true, 'response.content_part.done': true, 'response.created': true, 'response.done': true,
  'response.function_call_arguments.delta': true, 'response.function_call_arguments.done': true,
  'response.mcp_call.completed': true, 'response.mcp_call.failed': true, 'response.mcp_call.in_progress': true,
  'response.mcp_call_arguments.delta': true, 'response.mcp_call_arguments.done': true,
  'response.output_audio.delta': true, 'response.output_audio.done': true, 'response.output_audio_transcript.delta': true, 'response.output_audio_transcript.done': true,
  'response.output_item.added': true, 'response.output_item.done': true, 'response.output_text.delta': true, 'response.output_text.done': true,
  'session.created': true, 'session.updated': true,
}

describe('every event of the protocol', () => {
  it('is handled, or ignored for a reason, and not both', () => {
    const ours = [...handledServerEvents, ...Object.keys(ignoredServerEvents)]
    expect(ours.toSorted()).toEqual(Object.keys(official).toSorted())
    for (const reason of Object.values(ignoredServerEvents)) expect(reason.length).toBeGreaterThan(10)
  })
  it('is listed, as are those of Kaiwa', () => {
    expect([...Object.keys(official), ...kaiwaServerEvents].every(isListedServerEvent)).toBe(true)
    expect(isListedServerEvent('kaiwa.someday')).toBe(false)
  })
})
