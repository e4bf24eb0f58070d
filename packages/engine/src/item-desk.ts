import type { ClientEvent, RealtimeSession, ServerError, ServerEventDraft } from '@kaiwa/protocol'
import { errorEvent, wireError } from '@kaiwa/protocol/errors'
import type { WireErrorCode } from '@kaiwa/protocol/errors'
import { isOutputAudio, truncateEntry } from './conversation.ts'
import type { Conversation } from './conversation.ts'
import { createEntry, retrievedItem } from './item-entry.ts'
import { refuseAnswer } from './mcp-approvals.ts'
import type { UserTurns } from './user-turns.ts'

type EventOf<T extends ClientEvent['type']> = Extract<ClientEvent, { type: T }>

/** The client's own hand in the conversation: `conversation.item.*`. Each answers with an event, or returns the refusal. */
export interface ItemDesk {
  create(event: EventOf<'conversation.item.create'>): ServerError | undefined
  retrieve(event: EventOf<'conversation.item.retrieve'>): ServerError | undefined
  truncate(event: EventOf<'conversation.item.truncate'>): ServerError | undefined
  remove(event: EventOf<'conversation.item.delete'>): ServerError | undefined
}

export interface ItemDeskOptions { emit: (event: ServerEventDraft) => void, ids: (prefix: string) => string, conversation: Conversation, session: () => Pick<RealtimeSession, 'audio'>, turns: Pick<UserTurns, 'recognise'> }

const missing = (code: WireErrorCode, doing: string, id: string) =>
  wireError(code, `Error ${doing} item: the item with id '${id.slice(0, 64)}' does not exist.`, { param: 'item_id' })

const isCalled = (conversation: Conversation, callId: string) => conversation.entries.some(({ item }) => item.type === 'function_call' && item.call_id === callId)

export function createItemDesk({ emit, ids, conversation, session, turns }: ItemDeskOptions): ItemDesk {
  return {
    create({ item: draft, previous_item_id: after }) {
      if (draft.id !== undefined && conversation.get(draft.id)) {
        return wireError('invalid_value', `Error adding item: an item with id '${draft.id}' already exists.`, { param: 'item.id' })
      }
      if (after != null && after !== 'root' && !conversation.get(after)) {
        return wireError('invalid_value', `Error adding item: the previous item with id '${after.slice(0, 64)}' does not exist.`, { param: 'previous_item_id' })
      }
      if (draft.type === 'function_call_output' && !isCalled(conversation, draft.call_id)) {
        return wireError('invalid_tool_call_id', `Tool call ID '${draft.call_id.slice(0, 64)}' not found in conversation.`, { param: 'item.call_id' })
      }
      if (draft.type === 'mcp_approval_response') {
        const refusal = refuseAnswer(draft.approval_request_id, conversation.entries.map(({ item }) => item))
        if (refusal) return refusal
      }
      const created = createEntry(draft, ids, session().audio)
      if (!created.ok) return { ...created.error, param: `item.${created.error.param}` }
      const { entry, audio } = created
      if (!conversation.hasRoom(entry.item)) return wireError('conversation_full', 'The conversation is full. Delete items, or start a new session.', { param: 'item' })
      conversation.insert(entry, after)
      if (audio) conversation.keepAudio(entry, audio)
      const previousId = conversation.previousId(entry.item.id)
      emit({ type: 'conversation.item.added', previous_item_id: previousId, item: entry.item })
      emit({ type: 'conversation.item.done', previous_item_id: previousId, item: entry.item })
      if (audio && !entry.words && entry.item.type === 'message' && entry.item.role === 'user') turns.recognise(entry, audio)
      return undefined
    },

    retrieve({ item_id: id }) {
      const entry = conversation.get(id)
      if (!entry) return missing('item_retrieve_invalid_item_id', 'retrieving', id)
      emit({ type: 'conversation.item.retrieved', item: retrievedItem(entry) })
      return undefined
    },

    truncate({ item_id: id, content_index: contentIndex, audio_end_ms: wantedMs, event_id: eventId = null }) {
      const entry = conversation.get(id)
      if (!entry) return missing('item_truncate_invalid_item_id', 'truncating', id)
      const { item } = entry
      const part = item.type === 'message' && item.role === 'assistant' ? item.content[contentIndex] : undefined
      if (!part || !isOutputAudio(part) || !entry.audio) return wireError('unsupported_content_type', 'Only model output audio messages can be truncated', { param: 'item_id' })
      const heldMs = Math.floor(entry.audio.durationMs)
      const audioEndMs = Math.min(wantedMs, heldMs)
      // As captured from the API: it complains, and then cuts where the audio ends. A bridge that counts wrong stays in step.
      if (wantedMs > heldMs) emit(errorEvent(wireError('invalid_value', `Audio content of ${heldMs}ms is already shorter than ${wantedMs}ms`, { param: 'audio_end_ms', eventId })))
      truncateEntry(entry, audioEndMs)
      emit({ type: 'conversation.item.truncated', item_id: id, content_index: contentIndex, audio_end_ms: audioEndMs })
      return undefined
    },

    remove({ item_id: id }) {
      if (!conversation.remove(id)) return missing('item_delete_invalid_item_id', 'deleting', id)
      emit({ type: 'conversation.item.deleted', item_id: id })
      return undefined
    },
  }
}
