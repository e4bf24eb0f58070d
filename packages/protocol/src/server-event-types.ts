import type { ServerEventType } from './server-events.ts'

/** Server events that the adapter acts on. */
export const handledServerEvents = [
  'session.created', 'session.updated', 'error',
  'conversation.item.added', 'conversation.item.done', 'conversation.item.truncated', 'conversation.item.deleted',
  'conversation.item.input_audio_transcription.delta', 'conversation.item.input_audio_transcription.completed', 'conversation.item.input_audio_transcription.failed',
  'input_audio_buffer.committed', 'input_audio_buffer.cleared', 'input_audio_buffer.speech_started', 'input_audio_buffer.speech_stopped', 'input_audio_buffer.timeout_triggered',
  'response.created', 'response.done', 'response.output_item.added', 'response.output_item.done', 'response.content_part.added',
  'response.output_text.delta', 'response.output_text.done', 'response.output_audio.delta', 'response.output_audio.done',
  'response.output_audio_transcript.delta', 'response.output_audio_transcript.done',
  'output_audio_buffer.started', 'output_audio_buffer.stopped', 'output_audio_buffer.cleared',
] as const satisfies ServerEventType[]

/** Server events of the GA protocol that the adapter lets pass, each with the reason. */
export const ignoredServerEvents = {
  'conversation.created': 'optional, not seen on the wire; nothing depends on it',
  'conversation.item.created': 'beta name of conversation.item.added',
  'conversation.item.retrieved': 'answers a retrieve, which we never send; its text may be blank after a cut',
  'conversation.item.input_audio_transcription.segment': 'speaker segments of a diarizing model, which we never ask for',
  'input_audio_buffer.dtmf_event_received': 'telephony only',
  'response.content_part.done': 'repeats what the part\'s own done event carried',
  'response.function_call_arguments.delta': 'a call is acted on when its item is done',
  'response.function_call_arguments.done': 'also sent for cancelled calls, perhaps with half the arguments; the done item tells them apart',
  'response.mcp_call_arguments.delta': 'the server calls the tool itself',
  'response.mcp_call_arguments.done': 'the server calls the tool itself',
  'response.mcp_call.in_progress': 'the server calls the tool itself',
  'response.mcp_call.completed': 'the server calls the tool itself',
  'response.mcp_call.failed': 'the server calls the tool itself; the model speaks about it',
  'mcp_list_tools.in_progress': 'the server imports the tools itself',
  'mcp_list_tools.completed': 'the server imports the tools itself',
  'mcp_list_tools.failed': 'the server imports the tools itself; the model goes on without',
  'rate_limits.updated': 'a gauge, not an error',
} as const satisfies Record<string, string>

/** Events that Kaiwa's own server adds on a connection that selected `kaiwa.v1`. */
export const kaiwaServerEvents = [
  'kaiwa.call', 'kaiwa.usage', 'kaiwa.latency', 'kaiwa.limit', 'kaiwa.resumed', 'kaiwa.gap', 'kaiwa.rollover', 'kaiwa.draining',
] as const

const listed = new Set<string>([...handledServerEvents, ...Object.keys(ignoredServerEvents), ...kaiwaServerEvents])

/** Whether the type belongs to the protocol or to Kaiwa's extension of it. */
export function isListedServerEvent(type: string): boolean {
  return listed.has(type)
}

export function isKaiwaEvent(type: string): boolean {
  return type.startsWith('kaiwa.')
}
