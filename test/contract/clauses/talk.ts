import type { ContractClient, WireEvent } from '../contract-client.ts'

/** Short ways to say what most clauses say. */

export const typed = (text: string, extra: object = {}) =>
  ({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }], ...extra } })

export const updated = (session: object) => ({ type: 'session.update', session: { type: 'realtime', ...session } })

/** Types in a text and asks for the answer; resolves with the finished response. */
export async function ask(client: ContractClient, text: string, response?: object): Promise<WireEvent> {
  client.send(typed(text))
  client.send({ type: 'response.create', ...(response ? { response } : {}) })
  return client.next('response.done')
}

const deltas = new Set(['response.output_audio.delta', 'response.output_audio_transcript.delta', 'response.output_text.delta'])
/** May come at any time after the commit. */
const unordered = /^conversation\.item\.input_audio_transcription\.|^rate_limits\.updated$|^conversation\.created$/

/** The order of events from one on: runs of deltas as one `deltas`, what has no fixed place left out. */
export function orderFrom(client: ContractClient, first: WireEvent): string[] {
  const order: string[] = []
  for (const { type } of client.events.slice(client.events.indexOf(first))) {
    if (unordered.test(type)) continue
    const step = deltas.has(type) ? 'deltas' : type
    if (step !== 'deltas' || order.at(-1) !== 'deltas') order.push(step)
  }
  return order
}

export const audioResponseOrder = [
  'response.created', 'response.output_item.added', 'conversation.item.added', 'response.content_part.added', 'deltas',
  'response.output_audio.done', 'response.output_audio_transcript.done', 'response.content_part.done', 'conversation.item.done', 'response.output_item.done', 'response.done',
]
export const textResponseOrder = [
  'response.created', 'response.output_item.added', 'conversation.item.added', 'response.content_part.added', 'deltas',
  'response.output_text.done', 'response.content_part.done', 'conversation.item.done', 'response.output_item.done', 'response.done',
]

export const ofType = (client: ContractClient, type: string) => client.events.filter(event => event.type === type)

/** Asks for something harmless and waits for the answer: whatever was sent before has been dealt with. */
export async function afterwards(client: ContractClient): Promise<void> {
  const id = `probe-${Math.random()}`
  client.send({ type: 'response.cancel', response_id: 'resp_none', event_id: id })
  await client.next(event => event.type === 'error' && (event.error.event_id === id || event.error.code === 'response_cancel_not_active'))
}
