/** Holds a small conversation as the API does: in the order of its events, with sound that can be told from silence. */
export interface Conversation { receive(text: string): void, close(): void }

const SAMPLE_RATE = 24_000
const PIECE_MS = 200
/** One second of voice in five pieces, each a steady tone. */
const PIECES = 5

const usage = {
  total_tokens: 60,
  input_tokens: 20,
  output_tokens: 40,
  input_token_details: {
    text_tokens: 20, audio_tokens: 0, image_tokens: 0, cached_tokens: 0,
    cached_tokens_details: { text_tokens: 0, audio_tokens: 0, image_tokens: 0 },
  },
  output_token_details: { text_tokens: 20, audio_tokens: 20 },
}

/** A tone, base64 PCM16. */
function tone(ms: number, hz: number): string {
  const samples = Int16Array.from({ length: SAMPLE_RATE * ms / 1000 }, (_, n) => Math.round(8000 * Math.sin(2 * Math.PI * hz * n / SAMPLE_RATE)))
  return Buffer.from(samples.buffer).toString('base64')
}

/**
 * `session.created`; answers `session.update`, typed items, `input_audio_buffer.commit` and `response.create`; every answer says
 * "You said …" in words and as a second of tone. Anything else gets the API's error.
 */
export function scriptedConversation(sendEvent: (event: object) => void, model: string): Conversation {
  let count = 0
  let lastItemId: string | null = null
  let heardText = 'nothing'
  let bufferedBytes = 0
  const id = (prefix: string) => `${prefix}_${String(++count).padStart(21, '0')}`
  const send = (event: object) => sendEvent({ event_id: id('event'), ...event })
  const session: Record<string, unknown> = {
    type: 'realtime', object: 'realtime.session', id: id('sess'), model, output_modalities: ['audio'], instructions: '', tools: [], tool_choice: 'auto',
    max_output_tokens: 'inf', tracing: null, truncation: 'auto', prompt: null, expires_at: Math.floor(Date.now() / 1000) + 3600, include: null,
    audio: {
      input: {
        format: { type: 'audio/pcm', rate: SAMPLE_RATE }, transcription: null, noise_reduction: null,
        turn_detection: { type: 'server_vad', threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 200, idle_timeout_ms: null, create_response: true, interrupt_response: true },
      },
      output: { format: { type: 'audio/pcm', rate: SAMPLE_RATE }, voice: 'alloy', speed: 1 },
    },
  }
  send({ type: 'session.created', session })

  function addItem(item: Record<string, unknown>) {
    const previous_item_id = lastItemId
    lastItemId = item.id as string
    send({ type: 'conversation.item.added', previous_item_id, item })
    send({ type: 'conversation.item.done', previous_item_id, item })
  }

  function answer() {
    const response_id = id('resp')
    const item_id = id('item')
    const at = { response_id, item_id, output_index: 0, content_index: 0 }
    const transcript = `You said ${heardText}.`
    const response = {
      id: response_id, object: 'realtime.response', status: 'in_progress', status_details: null as object | null, output: [] as object[],
      conversation_id: 'conv_1', output_modalities: ['audio'], max_output_tokens: 'inf', usage: null as object | null, metadata: null,
    }
    const open = { id: item_id, object: 'realtime.item', type: 'message', role: 'assistant', status: 'in_progress', content: [] as object[] }
    const done = { ...open, status: 'completed', content: [{ type: 'output_audio', transcript }] }
    const previous_item_id = lastItemId
    lastItemId = item_id
    send({ type: 'response.created', response })
    send({ type: 'response.output_item.added', response_id, output_index: 0, item: open })
    send({ type: 'conversation.item.added', previous_item_id, item: open })
    send({ type: 'response.content_part.added', ...at, part: { type: 'audio', transcript: '' } })
    send({ type: 'response.output_audio_transcript.delta', ...at, delta: transcript })
    for (let piece = 0; piece < PIECES; piece++) send({ type: 'response.output_audio.delta', ...at, delta: tone(PIECE_MS, 300 + 20 * piece) })
    send({ type: 'response.output_audio.done', ...at })
    send({ type: 'response.output_audio_transcript.done', ...at, transcript })
    send({ type: 'response.content_part.done', ...at, part: { type: 'audio', transcript } })
    send({ type: 'conversation.item.done', previous_item_id, item: done })
    send({ type: 'response.output_item.done', response_id, output_index: 0, item: done })
    send({ type: 'response.done', response: { ...response, status: 'completed', status_details: { type: 'completed' }, output: [done], usage } })
    send({ type: 'rate_limits.updated', rate_limits: [{ name: 'tokens', limit: 40000, remaining: 39940, reset_seconds: 1 }] })
  }

  function fail(code: string, message: string, eventId: unknown) {
    send({ type: 'error', error: { type: 'invalid_request_error', code, message, param: null, event_id: typeof eventId === 'string' ? eventId : null } })
  }

  function receive(text: string) {
    let event: Record<string, unknown>
    try {
      event = JSON.parse(text)
    } catch {
      return fail('invalid_json', 'We could not parse the JSON body of your request.', null)
    }
    switch (event?.type) {
      case 'session.update': return send({ type: 'session.updated', session: merge(session, event.session as Record<string, unknown>) })
      case 'input_audio_buffer.append': bufferedBytes += String(event.audio).length * 3 / 4; return
      case 'input_audio_buffer.clear': bufferedBytes = 0; return send({ type: 'input_audio_buffer.cleared' })
      case 'input_audio_buffer.commit': return commit(event.event_id)
      case 'conversation.item.create': {
        const item = event.item as { id?: string, content?: { text?: string }[] }
        heardText = item.content?.[0]?.text ?? heardText
        return addItem({ object: 'realtime.item', status: 'completed', ...item, id: item.id ?? id('item') })
      }
      case 'conversation.item.truncate': return send({ type: 'conversation.item.truncated', item_id: event.item_id, content_index: event.content_index, audio_end_ms: event.audio_end_ms })
      case 'conversation.item.delete': return send({ type: 'conversation.item.deleted', item_id: event.item_id })
      case 'response.create': return answer()
      case 'response.cancel': return fail('response_cancel_not_active', 'Cancellation failed: no active response found', event.event_id)
      default: return fail('invalid_value', `Invalid value: '${String(event?.type)}'.`, event?.event_id)
    }
  }

  function commit(eventId: unknown) {
    if (bufferedBytes < 4800) return fail('input_audio_buffer_commit_empty', 'Error committing input audio buffer: buffer too small.', eventId)
    heardText = `${Math.round(bufferedBytes / 48)} ms`
    bufferedBytes = 0
    const item_id = id('item')
    send({ type: 'input_audio_buffer.committed', previous_item_id: lastItemId, item_id })
    addItem({ id: item_id, object: 'realtime.item', type: 'message', role: 'user', status: 'completed', content: [{ type: 'input_audio', transcript: null }] })
  }

  return { receive, close() {} }
}

/** Present fields change, nested objects merge. */
function merge(into: Record<string, unknown>, change: Record<string, unknown>): Record<string, unknown> {
  for (const [key, value] of Object.entries(change)) {
    const old = into[key]
    const nested = typeof value === 'object' && value !== null && !Array.isArray(value) && typeof old === 'object' && old !== null
    into[key] = nested ? merge(old as Record<string, unknown>, value as Record<string, unknown>) : value
  }
  return into
}
