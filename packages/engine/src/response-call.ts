import type { FunctionCallItem, ServerEventDraft } from '@kaiwa/protocol'
import type { Conversation, Entry } from './conversation.ts'
import type { OutputItem } from './response-output.ts'
import { createTextMeter } from './usage.ts'

export interface ResponseCallOptions {
  emit: (event: ServerEventDraft) => void
  responseId: string
  itemId: string
  outputIndex: number
  callId: string
  name: string
  /** `undefined`: out of band, no `conversation.item.*` events. */
  conversation: Conversation | undefined
}

/** A function call that a response makes, and its events in the protocol's order ("Ordering"). */
export interface ResponseCall extends OutputItem {
  /** More of the arguments' JSON. */
  write(delta: string): void
}

/** Clients parse the arguments: a function without any gets an empty object. */
const NO_ARGUMENTS = '{}'

export function openResponseCall({ emit, responseId, itemId, outputIndex, callId, name, conversation }: ResponseCallOptions): ResponseCall {
  const place = { response_id: responseId, item_id: itemId, output_index: outputIndex, call_id: callId }
  const begun: FunctionCallItem = { id: itemId, object: 'realtime.item', type: 'function_call', status: 'in_progress', call_id: callId, name, arguments: '' }
  const entry: Entry = { item: begun, words: '', clauses: [], cut: false }
  const meter = createTextMeter()
  meter.add(name)
  let json = ''

  emit({ type: 'response.output_item.added', response_id: responseId, output_index: outputIndex, item: begun })
  if (conversation) {
    conversation.insert(entry)
    emit({ type: 'conversation.item.added', previous_item_id: conversation.previousId(itemId), item: begun })
  }

  function write(delta: string): void {
    if (delta === '') return
    json += delta
    meter.add(delta)
    emit({ type: 'response.function_call_arguments.delta', ...place, delta })
  }

  return {
    entry,
    get tokens() { return { text: meter.tokens, audio: 0 } },
    write,
    close(status) {
      if (status === 'completed' && json.trim() === '') write(NO_ARGUMENTS)
      entry.item = { ...begun, status, arguments: json }
      emit({ type: 'response.function_call_arguments.done', ...place, name, arguments: json })
      if (conversation?.get(itemId) === entry) emit({ type: 'conversation.item.done', previous_item_id: conversation.previousId(itemId), item: entry.item })
      emit({ type: 'response.output_item.done', response_id: responseId, output_index: outputIndex, item: entry.item })
    },
  }
}
