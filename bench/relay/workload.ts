/** What goes over the wire, in the API's words and sizes (performance of a relay depends on little else). */
import { MASK, Opcode, encodeFrame, headerBytes } from './framing.ts'
import { writeStamp } from './stamp.ts'

/** PCM16 at 24 kHz: 48 bytes a millisecond, 64 characters in base64. */
const CHARS_PER_MS = 64
export const TURN_MS = 10_000
export const DELTAS = 25
export const DELTA_MS = 200
/** Audio comes five times as fast as it plays. */
export const DELTA_EVERY_MS = DELTA_MS / 5

const sound = (ms: number) => Buffer.from(Uint8Array.from({ length: ms * 48 }, (_, n) => (n * 37 + (n >> 3)) & 0xFF)).toString('base64').slice(0, ms * CHARS_PER_MS)

const APPEND_START = '{"type":"input_audio_buffer.append","audio":"'
/** Where in an append the time stands. */
export const APPEND_STAMP_AT = APPEND_START.length
export const appendBytes = (frameMs: number) => APPEND_START.length + frameMs * CHARS_PER_MS + 2

/** A frame that is sent again and again, each time with another head. */
export interface StampedFrame { stamped(micros: number): Buffer, /** The last one is still being written: the next takes other memory. */ keep(): void }

/** A caller's append, masked. */
export function appendFrame(frameMs: number): StampedFrame {
  let frame = encodeFrame(Opcode.text, `${APPEND_START}${sound(frameMs)}"}`, true)
  const bodyAt = headerBytes(appendBytes(frameMs), true)
  return {
    stamped(micros) {
      writeStamp(frame, bodyAt + APPEND_STAMP_AT, micros, MASK, bodyAt)
      return frame
    },
    keep() { frame = Buffer.from(frame) },
  }
}

const digits = (n: number) => String(n).padStart(21, '0')
const ids = (event: number, turn: number) =>
  `"event_id":"event_${digits(event)}","response_id":"resp_${digits(turn)}","item_id":"item_${digits(turn)}","output_index":0,"content_index":0`
const deltaStart = (event: number, turn: number) => `{"type":"response.output_audio.delta",${ids(event, turn)},"delta":"`
/** Where in an audio delta the time stands. */
export const DELTA_STAMP_AT = deltaStart(0, 0).length
export const DELTA_BYTES = DELTA_STAMP_AT + DELTA_MS * CHARS_PER_MS + 2

/** A model's audio delta. */
export function deltaFrame(): StampedFrame & { of(event: number, turn: number): StampedFrame } {
  let frame = encodeFrame(Opcode.text, `${deltaStart(0, 0)}${sound(DELTA_MS)}"}`, false)
  const bodyAt = headerBytes(DELTA_BYTES, false)
  const self = {
    of(event: number, turn: number) {
      frame.write(deltaStart(event, turn), bodyAt, 'latin1')
      return self
    },
    stamped(micros: number) {
      writeStamp(frame, bodyAt + DELTA_STAMP_AT, micros)
      return frame
    },
    keep() { frame = Buffer.from(frame) },
  }
  return self
}

const WORDS = ['It ', 'is ', 'a ', 'bright ', 'morning ', 'and ', 'the ', 'harbour ', 'is ', 'quiet; ']
const transcript = Array.from({ length: DELTAS }, (_, n) => WORDS[n % WORDS.length]).join('')
const usage = {
  total_tokens: 612, input_tokens: 401, output_tokens: 211,
  input_token_details: {
    text_tokens: 201, audio_tokens: 200, image_tokens: 0, cached_tokens: 192, cached_tokens_details: { text_tokens: 128, audio_tokens: 64, image_tokens: 0 },
  },
  output_token_details: { text_tokens: 111, audio_tokens: 100 },
}

/** The texts of one turn of one session, but for its audio: ids are its own, so that whoever keeps account by id keeps account of all. */
export function turnTexts(turn: number, nextEvent: () => number) {
  const event_id = () => `event_${digits(nextEvent())}`
  const text = (type: string, fields: object) => JSON.stringify({ type, event_id: event_id(), ...fields })
  const [userId, itemId, responseId] = [`item_u${digits(turn).slice(1)}`, `item_${digits(turn)}`, `resp_${digits(turn)}`]
  const user = { id: userId, object: 'realtime.item', type: 'message', status: 'completed', role: 'user', content: [{ type: 'input_audio', transcript: null }] }
  const open = { id: itemId, object: 'realtime.item', type: 'message', status: 'in_progress', role: 'assistant', content: [] as object[] }
  const said = { ...open, status: 'completed', content: [{ type: 'output_audio', transcript }] }
  const response = (status: string, output: object[], used: object | null) => ({
    id: responseId, object: 'realtime.response', status, status_details: null, output, conversation_id: 'conv_1',
    output_modalities: ['audio'], max_output_tokens: 'inf',
    audio: { output: { format: { type: 'audio/pcm', rate: 24_000 }, voice: 'marin' } }, usage: used, metadata: null,
  })
  const at = { response_id: responseId, item_id: itemId, output_index: 0, content_index: 0 }
  const startMs = turn * TURN_MS
  return {
    opening: () => [
      text('input_audio_buffer.speech_started', { audio_start_ms: startMs, item_id: userId }),
      text('input_audio_buffer.speech_stopped', { audio_end_ms: startMs + 3000, item_id: userId }),
      text('input_audio_buffer.committed', { previous_item_id: null, item_id: userId }),
      text('conversation.item.added', { previous_item_id: null, item: user }),
      text('conversation.item.done', { previous_item_id: null, item: user }),
      text('response.created', { response: response('in_progress', [], null) }),
      text('response.output_item.added', { response_id: responseId, output_index: 0, item: open }),
      text('conversation.item.added', { previous_item_id: userId, item: open }),
      text('response.content_part.added', { ...at, part: { type: 'audio', transcript: '' } }),
    ],
    word: (n: number) => text('response.output_audio_transcript.delta', { ...at, delta: WORDS[n % WORDS.length], obfuscation: 'aZ3kQ9xw' }),
    closing: () => [
      text('conversation.item.input_audio_transcription.delta', { item_id: userId, content_index: 0, delta: 'What does the morning look like?' }),
      text('conversation.item.input_audio_transcription.completed', {
        item_id: userId, content_index: 0, transcript: 'What does the morning look like?',
        usage: { type: 'tokens', total_tokens: 42, input_tokens: 30, input_token_details: { text_tokens: 0, audio_tokens: 30 }, output_tokens: 12 },
      }),
      text('response.output_audio.done', at),
      text('response.output_audio_transcript.done', { ...at, transcript }),
      text('response.content_part.done', { ...at, part: { type: 'audio', transcript } }),
      text('conversation.item.done', { previous_item_id: userId, item: said }),
      text('response.output_item.done', { response_id: responseId, output_index: 0, item: said }),
      text('response.done', { response: response('completed', [said], usage) }),
      text('rate_limits.updated', { rate_limits: [{ name: 'tokens', limit: 15_000_000, remaining: 14_999_000, reset_seconds: 0.004 }] }),
    ],
  }
}

/** `session.created` or `session.updated`. */
export function sessionText(type: string, session: number, event: number): string {
  return JSON.stringify({
    type, event_id: `event_${digits(event)}`,
    session: {
      type: 'realtime', object: 'realtime.session', id: `sess_${digits(session)}`, model: 'gpt-realtime-2.1', output_modalities: ['audio'], instructions: 'Be brief.', tools: [],
      tool_choice: 'auto', max_output_tokens: 'inf', tracing: null, truncation: 'auto', prompt: null, expires_at: Math.floor(Date.now() / 1000) + 3600, include: null,
      audio: {
        input: { format: { type: 'audio/pcm', rate: 24_000 }, transcription: null, noise_reduction: null, turn_detection: { type: 'semantic_vad', eagerness: 'auto', create_response: true, interrupt_response: true } },
        output: { format: { type: 'audio/pcm', rate: 24_000 }, voice: 'marin', speed: 1 },
      },
    },
  })
}
