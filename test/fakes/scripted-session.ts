import { encodePcm16 } from '@kaiwa/audio'
import type { ScriptedTransport } from './scripted-transport.ts'

/** What a Realtime server says, turn by turn, in the order of the API. */
export interface ScriptedSession {
  /** The line is up and the session there. */
  open(): void
  /** The session as it is after a `session.update`. */
  updated(turnDetection?: object | null): void
  speechStarted(itemId: string, atMs?: number): void
  /** Speech over, turn committed, item added. */
  speechStopped(itemId: string, previousId: string | null, atMs?: number): void
  userTranscript(itemId: string, text: string): void
  /** What a `conversation.item.create` of the page is answered with. */
  echoTyped(itemId: string, previousId: string | null, text: string): void
  replyStarts(responseId: string, itemId: string, previousId: string | null): void
  /** Audio whose every sample is `value`. */
  audio(responseId: string, itemId: string, ms: number, value?: number): void
  words(responseId: string, itemId: string, delta: string): void
  /** The tail of a response. */
  replyEnds(responseId: string, itemId: string, text: string, how?: 'completed' | 'turn_detected' | 'client_cancelled'): void
  truncated(itemId: string, ms: number): void
  /** Over WebRTC: the voice of a response is being sent, all of it was, or the rest is dropped. */
  sends(responseId: string, what: 'started' | 'stopped' | 'cleared'): void
  error(code: string, message: string, type?: string): void
}

const user = (id: string, content: object) => ({ id, object: 'realtime.item', type: 'message', role: 'user', status: 'completed', content: [content] })
const assistant = (id: string, status: string, text?: string) =>
  ({ id, object: 'realtime.item', type: 'message', role: 'assistant', status, content: text === undefined ? [] : [{ type: 'output_audio', transcript: text }] })

function sessionObject(turnDetection: object | null = { type: 'server_vad', threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 500, idle_timeout_ms: null, create_response: true, interrupt_response: true }) {
  return {
    type: 'realtime', object: 'realtime.session', id: 'sess_1', model: 'test-model', output_modalities: ['audio'], instructions: '', tools: [], tool_choice: 'auto',
    max_output_tokens: 'inf', tracing: null, truncation: 'auto', prompt: null, expires_at: 4_000_000_000, include: null,
    audio: {
      input: { format: { type: 'audio/pcm', rate: 24_000 }, transcription: { model: 'any' }, noise_reduction: null, turn_detection: turnDetection },
      output: { format: { type: 'audio/pcm', rate: 24_000 }, voice: 'marin', speed: 1 },
    },
  }
}

export function scriptSession(transport: ScriptedTransport): ScriptedSession {
  const serve = transport.serve.bind(transport)
  const response = (id: string, status: string, rest: object = {}) => ({
    id, object: 'realtime.response', status, status_details: null, output: [], conversation_id: 'conv_1', output_modalities: ['audio'], max_output_tokens: 'inf', usage: null, metadata: null, ...rest,
  })
  const at = (response_id: string, item_id: string) => ({ response_id, item_id, output_index: 0, content_index: 0 })

  return {
    open() {
      transport.accept()
      serve({ type: 'session.created', session: sessionObject() })
      serve({ type: 'session.updated', session: sessionObject() })
    },
    updated(turnDetection) { serve({ type: 'session.updated', session: sessionObject(turnDetection) }) },
    speechStarted(item_id, audio_start_ms = 0) { serve({ type: 'input_audio_buffer.speech_started', item_id, audio_start_ms }) },
    speechStopped(item_id, previous_item_id, audio_end_ms = 1000) {
      serve({ type: 'input_audio_buffer.speech_stopped', item_id, audio_end_ms })
      serve({ type: 'input_audio_buffer.committed', item_id, previous_item_id })
      const item = user(item_id, { type: 'input_audio', transcript: null })
      serve({ type: 'conversation.item.added', item, previous_item_id })
      serve({ type: 'conversation.item.done', item, previous_item_id })
    },
    userTranscript(item_id, transcript) {
      serve({ type: 'conversation.item.input_audio_transcription.completed', item_id, content_index: 0, transcript, usage: { type: 'duration', seconds: 1 } })
    },
    echoTyped(id, previous_item_id, text) {
      const item = user(id, { type: 'input_text', text })
      serve({ type: 'conversation.item.added', item, previous_item_id })
      serve({ type: 'conversation.item.done', item, previous_item_id })
    },
    replyStarts(responseId, itemId, previous_item_id) {
      serve({ type: 'response.created', response: response(responseId, 'in_progress') })
      serve({ type: 'response.output_item.added', response_id: responseId, output_index: 0, item: assistant(itemId, 'in_progress') })
      serve({ type: 'conversation.item.added', item: assistant(itemId, 'in_progress'), previous_item_id })
      serve({ type: 'response.content_part.added', ...at(responseId, itemId), part: { type: 'audio', transcript: '' } })
    },
    audio(responseId, itemId, ms, value = 7) {
      serve({ type: 'response.output_audio.delta', ...at(responseId, itemId), delta: encodePcm16(new Int16Array(ms * 24).fill(value)) })
    },
    words(responseId, itemId, delta) { serve({ type: 'response.output_audio_transcript.delta', ...at(responseId, itemId), delta }) },
    replyEnds(responseId, itemId, text, how = 'completed') {
      const done = how === 'completed'
      const item = assistant(itemId, done ? 'completed' : 'incomplete', text)
      serve({ type: 'response.output_audio.done', ...at(responseId, itemId) })
      serve({ type: 'response.output_audio_transcript.done', ...at(responseId, itemId), transcript: text })
      serve({ type: 'response.content_part.done', ...at(responseId, itemId), part: { type: 'audio', transcript: text } })
      serve({ type: 'conversation.item.done', item, previous_item_id: null })
      serve({ type: 'response.output_item.done', response_id: responseId, output_index: 0, item })
      serve({
        type: 'response.done',
        response: response(responseId, done ? 'completed' : 'cancelled', { output: [item], status_details: done ? null : { type: 'cancelled', reason: how } }),
      })
    },
    truncated(item_id, audio_end_ms) { serve({ type: 'conversation.item.truncated', item_id, content_index: 0, audio_end_ms }) },
    sends(response_id, what) { serve({ type: `output_audio_buffer.${what}`, response_id }) },
    error(code, message, type = 'invalid_request_error') { serve({ type: 'error', error: { type, code, message, param: null, event_id: null } }) },
  }
}
