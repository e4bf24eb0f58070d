import type { ClientEvent, ServerError } from '@kaiwa/protocol'
import { clientEventTypes } from '@kaiwa/protocol'
import { checkClientEvent } from '@kaiwa/protocol/client-event-schema'
import { wireError } from '@kaiwa/protocol/errors'
import type { WireErrorCode } from '@kaiwa/protocol/errors'
import type { ServerEventFacts } from '../relay/gate.ts'
import { base64Bytes } from './base64-bytes.ts'
import { createCallItems, type CallItems } from './call-items.ts'
import { notAllowed } from './not-allowed.ts'
import { sessionFault, type FreeFields } from './session-fields.ts'
import { createToldDetection } from './told-detection.ts'
import { readUserMessage } from './user-message.ts'

/** What a page may say, event by event. */
export interface PageRules {
  /** An object with a type → what of it may go to the model, or why nothing may. `event_id` of the error isn't set. */
  rule(event: Record<string, unknown>): PageRuling
  learn(event: ServerEventFacts): void
}
export type PageRuling = { ok: true, event: object } | { ok: false, error: ServerError }

type EventOf<T extends ClientEvent['type']> = Extract<ClientEvent, { type: T }>

/** A day: no answer is longer. What an upstream does with a number near 2^53 is not for a page to find out. */
const MAX_AUDIO_END_MS = 86_400_000
const MAX_RESPONSE_ID_CHARS = 128

const allow = (event: object): PageRuling => ({ ok: true, event })
const refuse = (error: ServerError): PageRuling => ({ ok: false, error })

export const isKnownType = (type: string): type is ClientEvent['type'] => (clientEventTypes as readonly string[]).includes(type)

export function createPageRules(free: FreeFields): PageRules {
  const items = createCallItems()
  const detection = createToldDetection()

  function ruleSessionUpdate(raw: Record<string, unknown>): PageRuling {
    // Checked apart, because what a server tells of its turn detection may hold fields that our schema doesn't know.
    const givenBack = detection.givenBack(raw)
    const checked = checkClientEvent(givenBack ? givenBack.rest : raw)
    if (!checked.ok) return refuse(checked.error)
    const { type, session } = checked.event as EventOf<'session.update'>
    const fault = sessionFault(session, free)
    if (fault) return refuse(fault)
    if (!givenBack) return allow({ type, session })
    return allow({ type, session: { ...session, audio: { ...session.audio, input: { ...session.audio?.input, turn_detection: givenBack.detection } } } })
  }

  return {
    rule(raw) {
      if (raw.type === 'session.update') return ruleSessionUpdate(raw)
      const checked = checkClientEvent(raw)
      return checked.ok ? ruleChecked(checked.event, items) : refuse(checked.error)
    },
    learn(event) {
      items.learn(event)
      detection.learn(event)
    },
  }
}

/** Only fields named here go on: never the client's own bytes, never a field that nobody thought of. */
function ruleChecked(event: ClientEvent, items: CallItems): PageRuling {
  switch (event.type) {
    case 'input_audio_buffer.append': return ruleAppend(event)
    case 'input_audio_buffer.commit':
    case 'input_audio_buffer.clear':
    case 'output_audio_buffer.clear': return allow({ type: event.type })
    // How to answer is the server's to say: whatever a page would have otherwise is left out.
    case 'response.create': return allow({ type: event.type })
    case 'response.cancel': return ruleCancel(event)
    case 'conversation.item.create': return ruleCreate(event, items)
    case 'conversation.item.truncate': return ruleTruncate(event, items)
    case 'conversation.item.delete':
      return items.has(event.item_id) ? allow({ type: event.type, item_id: event.item_id }) : refuse(missing('item_delete_invalid_item_id', 'deleting', event.item_id))
    case 'conversation.item.retrieve': return refuse(notAllowed(`'${event.type}'`, 'type'))
    // Ruled before it gets here.
    case 'session.update': return refuse(notAllowed(`'${event.type}'`, 'type'))
    default: return assertNever(event)
  }
}

function ruleAppend({ type, audio }: EventOf<'input_audio_buffer.append'>): PageRuling {
  const bytes = base64Bytes(audio, 0, audio.length)
  const isPcm16 = bytes !== undefined && bytes % 2 === 0
  return isPcm16 ? allow({ type, audio }) : refuse(wireError('invalid_value', 'Invalid \'audio\': expected base64 of 16-bit samples.', { param: 'audio' }))
}

function ruleCancel({ type, response_id: id }: EventOf<'response.cancel'>): PageRuling {
  if (id === undefined) return allow({ type })
  if (id.length <= MAX_RESPONSE_ID_CHARS) return allow({ type, response_id: id })
  const sentence = `Invalid 'response_id': string too long. Expected a string with maximum length ${MAX_RESPONSE_ID_CHARS}, but got a string with length ${id.length} instead.`
  return refuse(wireError('string_above_max_length', sentence, { param: 'response_id' }))
}

function ruleCreate({ type, item: draft, previous_item_id: after }: EventOf<'conversation.item.create'>, items: CallItems): PageRuling {
  const reading = readUserMessage(draft)
  if (!reading.ok) return refuse(reading.error)
  const { item } = reading
  if (item.id !== undefined && items.exists(item.id)) {
    return refuse(wireError('invalid_value', `Error adding item: an item with id '${item.id}' already exists.`, { param: 'item.id' }))
  }
  if (after != null && after !== 'root' && !items.has(after)) {
    return refuse(wireError('invalid_value', `Error adding item: the previous item with id '${after.slice(0, 64)}' does not exist.`, { param: 'previous_item_id' }))
  }
  if (item.id !== undefined) items.asked(item.id)
  return allow({ type, ...(after != null && { previous_item_id: after }), item })
}

function ruleTruncate({ type, item_id, content_index, audio_end_ms }: EventOf<'conversation.item.truncate'>, items: CallItems): PageRuling {
  if (audio_end_ms > MAX_AUDIO_END_MS) {
    const sentence = `Invalid 'audio_end_ms': integer above maximum value. Expected a value <= ${MAX_AUDIO_END_MS}, but got ${audio_end_ms} instead.`
    return refuse(wireError('invalid_value', sentence, { param: 'audio_end_ms' }))
  }
  return items.has(item_id) ? allow({ type, item_id, content_index, audio_end_ms }) : refuse(missing('item_truncate_invalid_item_id', 'truncating', item_id))
}

/** As the engine answers. */
const missing = (code: WireErrorCode, doing: string, id: string) =>
  wireError(code, `Error ${doing} item: the item with id '${id.slice(0, 64)}' does not exist.`, { param: 'item_id' })

const assertNever = (event: never): never => { throw new Error(`No such event: ${JSON.stringify(event)}`) }
