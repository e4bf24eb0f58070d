import type { ItemDraft } from '@kaiwa/protocol'
import type { ContinuedGrant } from '../../shared/history.ts'
import type { Continues } from '../store/journal-entry.ts'
import { saidOf } from './conversation-view.ts'
import type { ChainItem, WholeConversation } from './whole-conversation.ts'

/** What a call begins with that goes on with an old conversation, or branches off from one. */
export interface GoingOn {
  continues: Continues
  /** Undefined: a branch, which is a new conversation. */
  conversationId: string | undefined
  /** What the model is told anew, in order, each with its id: text only (protocol, "Reconnect/restore"). */
  items: readonly (ItemDraft & { id: string })[]
  /** For the model: what it isn't told any more; undefined: it is told everything. */
  note: string | undefined
  /** What a branch is called until it has a name of its own. */
  title: string | null
  grant: Omit<ContinuedGrant, 'persona_replaced'>
}

/**
 * What the model is told of earlier, newest first, so that a conversation of hours costs no more than one of minutes: every answer pays
 * for all of it. Older items are left out, and it is told so.
 */
const MAX_TOLD_TOKENS = 8000
const MAX_TOLD_ITEMS = 200
/** Of one item; what comes after is cut off. */
const MAX_ITEM_CHARS = 6000
/** What an item takes besides its words. */
const ITEM_TOKENS = 4
/** Longer the API refuses. */
const ID = /^[\w-]{1,32}$/

/** About: four letters of an alphabet, one sign of Han, Kana or Hangul. */
const tokensOf = (text: string) => {
  const wide = text.match(/[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]/g)?.length ?? 0
  return ITEM_TOKENS + wide + Math.ceil((text.length - wide) / 4)
}

/** @param afterItemId branches off there; undefined: goes on from the end. Undefined: there is no such item */
export function goingOn(whole: WholeConversation, afterItemId: string | undefined, ids: (prefix: string) => string): GoingOn | undefined {
  const at = afterItemId === undefined ? whole.items.length - 1 : whole.items.findIndex(({ id }) => id === afterItemId)
  if (afterItemId !== undefined && at < 0) return undefined
  const earlier = whole.items.slice(0, at + 1)
  const tellable = earlier.flatMap(item => {
    const draft = draftOf(item, earlier, ids)
    return draft ? [{ draft, tokens: tokensOf(wordsOf(draft)) }] : []
  })
  const items = withoutHalves(newest(tellable))
  const leftOut = tellable.length - items.length
  const last = whole.items[at]
  return {
    continues: { conversationId: afterItemId === undefined ? whole.own.id : last!.of, afterItemId: last?.id ?? null },
    conversationId: afterItemId === undefined ? whole.own.id : undefined,
    items,
    note: leftOut === 0 ? undefined : noteOf(leftOut, whole.own.summary),
    title: whole.own.title,
    grant: { of: whole.own.id, after_item_id: afterItemId ?? null, told_item_ids: items.map(({ id }) => id), left_out_items: leftOut },
  }
}

const noteOf = (leftOut: number, summary: string | null) =>
  `This conversation began earlier. Its first ${leftOut} messages are no longer known to you; say so when somebody asks about them.${summary === null ? '' : ` In short it was about this: ${summary}`}`

type Told = GoingOn['items'][number]

const bounded = (text: string) => text.length <= MAX_ITEM_CHARS ? text : `${text.slice(0, MAX_ITEM_CHARS).toWellFormed()}…`

/** Undefined: it can't be told, or says nothing. */
function draftOf(item: ChainItem, all: readonly ChainItem[], ids: (prefix: string) => string): Told | undefined {
  const id = ID.test(item.id) ? item.id : ids('item')
  const { kind, role, toolCallId, name } = item
  if (kind === 'message') {
    const text = bounded(saidOf(item))
    if (text === '' || item.textState !== 'final' || role === null) return undefined
    return role === 'assistant'
      ? { id, type: 'message', role, content: [{ type: 'output_text', text }] }
      : { id, type: 'message', role, content: [{ type: 'input_text', text }] }
  }
  if (toolCallId === null) return undefined
  const other = kind === 'function_call' ? 'function_call_output' : kind === 'function_call_output' ? 'function_call' : undefined
  // A call without its result, and the other way round, would have the model wait for it.
  if (!all.some(one => one.kind === other && one.toolCallId === toolCallId)) return undefined
  if (kind === 'function_call_output') return { id, type: kind, call_id: toolCallId, output: bounded(item.text) }
  return kind === 'function_call' && name !== null ? { id, type: kind, call_id: toolCallId, name, arguments: item.text || '{}' } : undefined
}

function wordsOf(draft: Told): string {
  switch (draft.type) {
    case 'message': return draft.content.map(part => 'text' in part ? part.text : '').join('')
    case 'function_call': return draft.name + draft.arguments
    case 'function_call_output': return draft.output
    default: return ''
  }
}

/** As many of the last as fit. */
function newest(tellable: readonly { draft: Told, tokens: number }[]): Told[] {
  const kept: Told[] = []
  let tokens = 0
  for (const { draft, tokens: more } of tellable.toReversed()) {
    tokens += more
    if (tokens > MAX_TOLD_TOKENS || kept.length >= MAX_TOLD_ITEMS) break
    kept.push(draft)
  }
  return kept.reverse()
}

/** Where the bound went through between a call and its result. */
function withoutHalves(drafts: readonly Told[]): Told[] {
  const called = new Set(drafts.flatMap(draft => draft.type === 'function_call' ? draft.call_id ?? [] : []))
  return drafts.filter(draft => draft.type !== 'function_call_output' || called.has(draft.call_id))
}
