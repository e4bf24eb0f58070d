import type { Conversation } from './scripted-conversation.ts'

const usage = {
  total_tokens: 60, input_tokens: 20, output_tokens: 40,
  input_token_details: { text_tokens: 20, audio_tokens: 0, image_tokens: 0, cached_tokens: 0,
    cached_tokens_details: { text_tokens: 0, audio_tokens: 0, image_tokens: 0 } },
  output_token_details: { text_tokens: 20, audio_tokens: 20 },
}

/** A model that nothing upsets: whatever it doesn't understand it passes over, or answers with an error. For hostile clients. */
export function sturdyConversation(sendEvent: (event: object) => void, model: string): Conversation {
  let count = 0
  let heard = 'nothing'
  const id = (prefix: string) => `${prefix}_${++count}`
  const send = (event: object) => sendEvent({ event_id: id('event'), ...event })
  send({ type: 'session.created', session: { type: 'realtime', object: 'realtime.session', id: id('sess'), model, expires_at: 9999999999 } })

  function answer() {
    const response_id = id('resp')
    const at = { response_id, item_id: id('item'), output_index: 0, content_index: 0 }
    const transcript = `You said ${heard}.`
    const response = { id: response_id, object: 'realtime.response', status: 'in_progress', output: [] as object[], usage: null as object | null }
    const item = { id: at.item_id, object: 'realtime.item', type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_audio', transcript }] }
    send({ type: 'response.created', response })
    send({ type: 'response.output_item.added', response_id, output_index: 0, item: { ...item, status: 'in_progress', content: [] } })
    send({ type: 'response.output_audio.delta', ...at, delta: 'AAAA'.repeat(800) })
    send({ type: 'response.output_audio_transcript.done', ...at, transcript })
    send({ type: 'response.output_item.done', response_id, output_index: 0, item })
    send({ type: 'response.done', response: { ...response, status: 'completed', output: [item], usage } })
  }

  function receive(text: string) {
    let event: { type?: unknown, item?: { id?: unknown, content?: { text?: unknown }[] } } | null
    try {
      event = JSON.parse(text)
    } catch {
      return send({ type: 'error', error: { type: 'invalid_request_error', code: 'invalid_json', message: 'No JSON.', param: null, event_id: null } })
    }
    switch (event?.type) {
      case 'session.update': return send({ type: 'session.updated', session: { type: 'realtime', model } })
      case 'input_audio_buffer.clear': return send({ type: 'input_audio_buffer.cleared' })
      case 'conversation.item.create': {
        const said = event.item?.content?.[0]?.text
        if (typeof said === 'string') heard = said.slice(0, 100)
        const given = event.item?.id
        const item = { id: typeof given === 'string' ? given : id('item'), object: 'realtime.item', type: 'message', role: 'user', status: 'completed', content: [] }
        send({ type: 'conversation.item.added', previous_item_id: null, item })
        return send({ type: 'conversation.item.done', previous_item_id: null, item })
      }
      case 'response.create': return answer()
      default: return undefined
    }
  }

  return { receive, close() {} }
}
