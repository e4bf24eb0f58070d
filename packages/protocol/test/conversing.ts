import { createRealtimeAdapterState, moveSession, receive, send } from '@kaiwa/protocol'
import type { DialogueCommand, DialogueEvent, RealtimeAdapterState } from '@kaiwa/protocol'
import { eventInWords, wireInWords } from './samples.ts'

/** An adapter with a server on one side and a page on the other; each answers with what it led to, in words. */
export interface Conversing {
  readonly state: RealtimeAdapterState
  /** @returns the client events that are due at once. */
  hears(type: string, fields?: Record<string, unknown>): string[]
  asks(command: DialogueCommand): string[]
  /** The conversation goes on over another transport. */
  moves(to: Parameters<typeof moveSession>[1]): string[]
  /** What was told since the last time this was asked. */
  told(): string[]
  events(): DialogueEvent[]
}

export function converse({ opened = true, media = false, turnDetection = {}, transcription = { model: 'gpt-transcribe' } as object | null } = {}): Conversing {
  let state = createRealtimeAdapterState({ media })
  let events: DialogueEvent[] = []
  function take(led: { state: RealtimeAdapterState, events: DialogueEvent[] }) {
    state = led.state
    events.push(...led.events)
  }
  const conversing: Conversing = {
    get state() { return state },
    hears(type, fields = {}) {
      const led = receive(state, JSON.stringify({ type, event_id: 'event_1', ...fields }))
      take(led)
      return led.wire.map(wireInWords)
    },
    asks(command) {
      const led = send(state, command)
      take(led)
      return led.wire.map(wireInWords)
    },
    moves(to) {
      const led = moveSession(state, to)
      take(led)
      return led.wire.map(wireInWords)
    },
    told() { return conversing.events().map(eventInWords) },
    events() {
      const taken = events
      events = []
      return taken
    },
  }
  if (opened) {
    conversing.hears('session.created', sessionOf({ turnDetection, transcription }))
    events = []
  }
  return conversing
}

const vad = { type: 'server_vad', threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 500, idle_timeout_ms: null, create_response: true, interrupt_response: true }

export function sessionOf({ id = 'sess_1', turnDetection = {} as object | null, transcription = { model: 'gpt-transcribe' } as object | null, voice = 'marin' as unknown } = {}) {
  return { session: { type: 'realtime', object: 'realtime.session', id, model: 'gpt-realtime-2.1', output_modalities: ['audio'], audio: {
    input: { transcription, turn_detection: turnDetection === null ? null : { ...vad, ...turnDetection } }, output: { voice },
  } } }
}

export const responseOf = (id: string, status = 'in_progress', more: Record<string, unknown> = {}) =>
  ({ response: { object: 'realtime.response', id, status, status_details: null, output: [], conversation_id: 'conv_1', output_modalities: ['audio'], usage: null, metadata: null, ...more } })

export const cancelled = (id: string, reason: string) => responseOf(id, 'cancelled', { status_details: { type: 'cancelled', reason } })

export const errorOf = (code: string | null, message = 'no', eventId: string | null = null) =>
  ({ error: { type: 'invalid_request_error', code, message, param: null, event_id: eventId } })

export const answerItem = (id: string, transcript?: string) =>
  ({ item: { id, type: 'message', role: 'assistant', status: transcript === undefined ? 'in_progress' : 'completed', content: transcript === undefined ? [] : [{ type: 'output_audio', transcript }] } })

export const typedItem = (id: string, text: string, role = 'user') =>
  ({ item: { id, type: 'message', role, status: 'completed', content: [{ type: 'input_text', text }] } })

export const partOf = (responseId: string, itemId: string) => ({ response_id: responseId, item_id: itemId, output_index: 0, content_index: 0 })

/** The server is in the middle of an answer: response `resp_1`, item `item_a1`, one piece of audio. */
export function answering(conversing: Conversing, responseId = 'resp_1', itemId = 'item_a1') {
  conversing.hears('response.created', responseOf(responseId))
  conversing.hears('response.output_item.added', { response_id: responseId, output_index: 0, ...answerItem(itemId) })
  conversing.hears('conversation.item.added', { previous_item_id: null, ...answerItem(itemId) })
  conversing.hears('response.output_audio_transcript.delta', { ...partOf(responseId, itemId), delta: 'Hello there' })
  conversing.hears('response.output_audio.delta', { ...partOf(responseId, itemId), delta: 'AAAA' })
  conversing.told()
}
