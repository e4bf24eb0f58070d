import { z } from 'zod'
import type { ConversationList, KeptEvents, RenameBody } from '../../shared/history.ts'
import { refusal, type Refusal } from '../realtime/admission.ts'
import { cardOf, conversationView } from './conversation-view.ts'
import { historyRequest, json, MAX_HISTORY_BODY_CHARS, noConversation, noItem, type Asker, type HistoryHouse } from './history-answer.ts'
import { firstWordsTitle } from './first-words.ts'
import { readWhole } from './whole-conversation.ts'

/** Longer is no search any more. */
const MAX_QUERY_CHARS = 500
const LIST_LIMIT = 30

const place = { after: z.string().max(500).optional(), limit: z.coerce.number().int().min(1).max(100).optional() }
const listSchema = z.object({ q: z.string().max(MAX_QUERY_CHARS).optional(), ...place })
const eventsSchema = z.object(place)
const renameSchema: z.ZodType<RenameBody> = z.strictObject({ title: z.string().max(1000), version: z.number().int().min(0) })

/** Names the field that is wrong, and nothing that was sent. */
export function invalid(error: z.ZodError): Refusal {
  const issue = error.issues[0]!
  const field = issue.path.join('.') || 'the request'
  return { ...refusal(400, 'invalid_value', `\`${field}\` can't be that.`), param: issue.path.join('.') || null }
}

const asked = ({ query }: Asker) => Object.fromEntries(query)

/** `GET /api/conversations?q=&after=&limit=` */
export const listConversations = historyRequest(async (ask, { store, calls }) => {
  const read = listSchema.safeParse(asked(ask))
  if (!read.success) return invalid(read.error)
  const { q, after, limit = LIST_LIMIT } = read.data
  const page = await store.list(ask.owner, { limit, ...(q !== undefined && { query: q }), ...(after !== undefined && { after }) })
  return json({ conversations: page.entries.map(head => cardOf(head, calls.inConversation(head.id))), next: page.next } satisfies ConversationList)
})

/** `GET /api/conversations/{id}` */
export const showConversation = historyRequest(async ({ owner, params: { id = '' } }, { store, calls }) => {
  const whole = await readWhole(store, owner, id)
  if (!whole) return noConversation
  return json(conversationView(whole, await store.personas(owner, id), calls.inConversation(id)))
})

/** `PATCH /api/conversations/{id}` */
export const renameConversation = historyRequest(async (ask, house) => {
  const read = readRename(ask)
  if ('admitted' in read) return read
  const { owner, params: { id = '' } } = ask
  const { store } = house
  const renamed = await store.rename(owner, id, read.title, read.version)
  switch (renamed) {
    case 'missing': return noConversation
    case 'stale': return refusal(409, 'changed_elsewhere', 'That conversation was renamed elsewhere meanwhile. Load it again to see how it is called now.')
    case 'done': return await renamedCard(owner, id, house)
    default: return renamed satisfies never
  }
})

async function renamedCard(owner: string, id: string, { store, calls }: HistoryHouse) {
  let conversation = await store.get(owner, id)
  const title = conversation && conversation.title === null ? firstWordsTitle(conversation.itemsOf) : undefined
  if (conversation && title !== undefined) {
    await store.entitle(id, { by: 'words', title, summary: conversation.summary })
    conversation = { ...conversation, title, titleBy: 'words' }
  }
  return conversation ? json(cardOf(conversation, calls.inConversation(id))) : noConversation
}

function readRename({ headers, body }: Asker): z.infer<typeof renameSchema> | Refusal {
  if (body.length > MAX_HISTORY_BODY_CHARS) return refusal(400, 'body_too_large', 'The body is too long for a title.')
  // A form can't send this type across sites without asking first.
  if (!/^application\/json\b/i.test(headers['content-type'] ?? '')) return refusal(400, 'invalid_content_type', 'The body has to be JSON (Content-Type: application/json).')
  try {
    const read = renameSchema.safeParse(JSON.parse(body))
    return read.success ? read.data : invalid(read.error)
  } catch {
    return refusal(400, 'invalid_json', 'The body is not JSON.')
  }
}

const gone = { status: 204, headers: [] }

/** `DELETE /api/conversations/{id}`: for good. A call that goes on in it goes on, and is no longer kept. */
export const deleteConversation = historyRequest(async ({ owner, params: { id = '' } }, { journal }) =>
  await journal.forgetting.conversation(owner, id) ? gone : noConversation)

/** `DELETE /api/conversations/{id}/items/{item}`: for good; a model that is in the conversation now forgets it, too. */
export const deleteItem = historyRequest(async ({ owner, params: { id = '', item = '' } }, { journal, store, calls }) => {
  const kept = await store.get(owner, id)
  if (!kept) return noConversation
  const rest = kept.itemsOf.filter(one => one.id !== item)
  // Its words may stand in both; a person's title is theirs. Before the deletion, which leaves nothing of either in the files.
  if (rest.length < kept.itemsOf.length && (kept.titleBy !== 'person' || kept.summary !== null)) {
    await store.entitle(id, { by: 'words', title: firstWordsTitle(rest) ?? '', summary: null })
  }
  if (!await journal.forgetting.item(owner, id, item)) return noItem
  calls.forgetItem(id, item)
  return gone
})

/** `GET /api/conversations/{id}/events?after=&limit=` */
export const listEvents = historyRequest(async (ask, { store }) => {
  const read = eventsSchema.safeParse(asked(ask))
  if (!read.success) return invalid(read.error)
  const { after, limit = 100 } = read.data
  const { owner, params: { id = '' } } = ask
  const page = await store.events(owner, id, { limit, ...(after !== undefined && { after }) })
  if (page.entries.length === 0 && !await store.get(owner, id)) return noConversation
  const events = page.entries.map(event => ({
    call_id: event.callId, seq: event.seq, direction: event.direction, type: event.eventType, call_ms: event.callMs, payload: event.payload,
  }))
  return json({ events, next: page.next } satisfies KeptEvents)
})
