import type { ContentPart, Item, ItemStatus, OutputAudioPart } from '@kaiwa/protocol'
import { assertNever } from './assert-never.ts'
import { answerTo } from './mcp-approvals.ts'
import { functionName } from './mcp-offer.ts'
import type { ResponderTurn } from './stages.ts'
import { SAMPLES_PER_MS } from './input-buffer.ts'
import { assistantAudioTokens, textTokens, userAudioTokens } from './usage.ts'
import type { TokenCount } from './usage.ts'

/** 60 minutes of short turns stay far below. Full ⇒ a client's item is refused; for the server's own the oldest item goes. */
export const MAX_ITEMS = 4000
/** Text and images of all items. Full ⇒ as above. */
export const MAX_ITEM_CHARS = 16 * 1024 * 1024
/** Audio kept for `conversation.item.retrieve`: 8 MiB, about three minutes. Full ⇒ the oldest item's audio goes, its words stay. */
export const MAX_KEPT_SAMPLES = 4 * 1024 * 1024

/** The words of an item with audio, and where in that audio each stretch of them ends. */
export interface SpokenClause { text: string, endMs: number }

/** An item and what the wire doesn't show of it. `item` never holds audio. */
export interface Entry {
  item: Item
  audio?: { samples: Int16Array[], durationMs: number }
  /** What was said, for the responder: the recogniser's words, or the assistant's up to what was heard. */
  words: string
  /** Settles, never rejects, when the recogniser is done with the item. */
  heard?: Promise<void>
  /** The user's turn, in which nobody said anything for as long as the session allows. */
  silent?: boolean
  clauses: SpokenClause[]
  cut: boolean
}

export interface Conversation {
  readonly entries: readonly Entry[]
  get(id: string): Entry | undefined
  /** Id of the item before this one; `null` at the head. */
  previousId(id: string): string | null
  readonly lastId: string | null
  /** Whether a client's item of this size fits. */
  hasRoom(item: Item): boolean
  /** `after`: absent = at the end, `root` = first, else after that item, which has to exist. */
  insert(entry: Entry, after?: string | null): void
  /** Keeps audio for retrieval, within the bound. */
  keepAudio(entry: Entry, samples: Int16Array): void
  /** What an item became, for those that grow much (an MCP tool's output). Too large for all ⇒ the oldest items go. */
  replace(entry: Entry, item: Item): void
  remove(id: string): boolean
}

export function createConversation({ maxItems = MAX_ITEMS, maxChars = MAX_ITEM_CHARS, maxSamples = MAX_KEPT_SAMPLES } = {}): Conversation {
  const entries: Entry[] = []
  const byId = new Map<string, Entry>()
  let keptChars = 0
  let keptSamples = 0

  function remove(id: string): boolean {
    const entry = byId.get(id)
    if (!entry) return false
    byId.delete(id)
    entries.splice(entries.indexOf(entry), 1)
    keptChars -= charsOf(entry.item)
    dropAudio(entry)
    return true
  }

  function dropAudio(entry: Entry): void {
    if (!entry.audio) return
    keptSamples -= sum(entry.audio.samples.map(piece => piece.length))
    entry.audio.samples = []
  }

  return {
    entries,
    get: id => byId.get(id),
    get lastId() { return entries.at(-1)?.item.id ?? null },
    previousId(id) {
      const at = entries.findIndex(entry => entry.item.id === id)
      return entries[at - 1]?.item.id ?? null
    },
    hasRoom: item => entries.length < maxItems && keptChars + charsOf(item) <= maxChars,
    insert(entry, after) {
      while (entries.length >= maxItems) remove(entries[0]!.item.id)
      const at = after === 'root' ? 0 : after == null ? entries.length : entries.findIndex(other => other.item.id === after) + 1
      entries.splice(at, 0, entry)
      byId.set(entry.item.id, entry)
      keptChars += charsOf(entry.item)
    },
    keepAudio(entry, samples) {
      entry.audio ??= { samples: [], durationMs: 0 }
      entry.audio.durationMs += samples.length / SAMPLES_PER_MS
      if (byId.get(entry.item.id) !== entry) return
      entry.audio.samples.push(samples)
      keptSamples += samples.length
      for (let at = 0; keptSamples > maxSamples && at < entries.length; at++) dropAudio(entries[at]!)
    },
    replace(entry, item) {
      const before = charsOf(entry.item)
      entry.item = item
      if (byId.get(item.id) !== entry) return
      keptChars += charsOf(item) - before
      while (keptChars > maxChars && entries[0] !== entry) remove(entries[0]!.item.id)
    },
    remove,
  }
}

const sum = (numbers: number[]) => numbers.reduce((total, next) => total + next, 0)
/** The size an item was taken in with; later words are the engine's own, and short. */
const chars = new WeakMap<Item, number>()
function charsOf(item: Item): number {
  const known = chars.get(item)
  if (known !== undefined) return known
  const size = JSON.stringify(item).length
  chars.set(item, size)
  return size
}

/**
 * Cuts an assistant item at what was heard. The wire loses the whole transcript of it; the responder keeps the words up to
 * there, by clause, and within a clause by time (an approximation: words are taken as equally fast).
 */
export function truncateEntry(entry: Entry, audioEndMs: number): void {
  entry.words = wordsHeard(entry.clauses, audioEndMs)
  entry.clauses = []
  entry.cut = true
  if (entry.audio) {
    entry.audio.samples = [joinSamples(entry.audio.samples).slice(0, Math.floor(audioEndMs * SAMPLES_PER_MS))]
    entry.audio.durationMs = audioEndMs
  }
  if (entry.item.type === 'message' && entry.item.role === 'assistant') {
    entry.item = { ...entry.item, content: entry.item.content.map(part => part.type === 'output_audio' ? { ...part, transcript: '' } : part) }
  }
}

export function wordsHeard(clauses: readonly SpokenClause[], heardMs: number): string {
  let text = ''
  let startMs = 0
  for (const clause of clauses) {
    if (clause.endMs > heardMs) {
      const words = clause.text.split(/(?<=\s)/)
      const share = (heardMs - startMs) / Math.max(1, clause.endMs - startMs)
      return (text + words.slice(0, Math.max(0, Math.floor(words.length * share))).join('')).trimEnd()
    }
    text += clause.text
    startMs = clause.endMs
  }
  return text.trimEnd()
}

export function joinSamples(pieces: readonly Int16Array[]): Int16Array {
  const joined = new Int16Array(sum(pieces.map(piece => piece.length)))
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

/**
 * The conversation as the responder sees it: who said and did what, in order. Left out are items without words for it, calls
 * that were cut while they were written, and outputs whose call is gone.
 */
export function turnsOf(entries: readonly Entry[]): ResponderTurn[] {
  const items = entries.map(({ item }) => item)
  const called = new Set<string>()
  return entries.flatMap((entry): ResponderTurn[] => {
    const { item } = entry
    if (item.type === 'function_call') {
      if (item.status === 'incomplete' || item.status === 'in_progress') return []
      called.add(item.call_id)
      return [{ role: 'tool_call', callId: item.call_id, name: item.name, argumentsJson: item.arguments }]
    }
    if (item.type === 'function_call_output') return called.has(item.call_id) ? [{ role: 'tool_output', callId: item.call_id, output: item.output }] : []
    if (item.type !== 'message') return mcpTurnsOf(item, items)
    const typed = (item.content as ContentPart[]).flatMap(part => 'text' in part ? [part.text] : [])
    const text = [...typed, entry.words].filter(Boolean).join(' ')
    // A user turn that wasn't understood stays, empty: the responder asks back. An assistant one that wasn't heard doesn't.
    if (!text && item.role !== 'user') return []
    return [{ role: item.role, text, ...(entry.cut && { cut: true }), ...(entry.silent && { silent: true }) }]
  })
}

/** To the responder a server's own call is a call like others, and so is one that the client didn't allow. */
function mcpTurnsOf(item: Exclude<Item, { type: 'message' | 'function_call' | 'function_call_output' }>, items: readonly Item[]): ResponderTurn[] {
  if (item.type === 'mcp_list_tools' || item.type === 'mcp_approval_response' || item.status === 'in_progress') return []
  const call = { role: 'tool_call' as const, callId: item.id, name: functionName(item.name), argumentsJson: item.arguments }
  const outputs = (output: string): ResponderTurn[] => [call, { role: 'tool_output', callId: item.id, output }]
  if (item.type === 'mcp_call') return outputs(item.error ? JSON.stringify({ error: item.error.message }) : item.output ?? '')
  if (item.status === 'incomplete') return []
  const answer = answerTo(item.id, items)
  if (!answer) return [call]
  // What was approved is in the call that follows.
  return answer.approve ? [] : outputs(JSON.stringify({ error: `The user did not allow this${answer.reason ? `: ${answer.reason}` : ''}.` }))
}

/** What the words around an item that is no message come to. */
function textOf(item: Exclude<Item, { type: 'message' }>): string {
  switch (item.type) {
    case 'function_call': case 'mcp_approval_request': return item.arguments
    case 'function_call_output': return item.output
    case 'mcp_call': return item.arguments + (item.output ?? item.error?.message ?? '')
    case 'mcp_approval_response': return item.reason ?? ''
    // The tools count where they are offered.
    case 'mcp_list_tools': return ''
    default: return assertNever(item)
  }
}

/** What the conversation costs as input of a response. */
export function inputTokens(entries: readonly Entry[], instructions: string): TokenCount {
  const count: TokenCount = { text: textTokens(instructions), audio: 0 }
  for (const { item, audio, words } of entries) {
    if (item.type !== 'message') count.text += textTokens(textOf(item))
    else if (audio) count.audio += item.role === 'assistant' ? assistantAudioTokens(audio.durationMs) : userAudioTokens(audio.durationMs)
    else count.text += textTokens((item.content as ContentPart[]).map(part => 'text' in part ? part.text : '').join('') || words)
  }
  return count
}

export function withStatus(item: Item, status: ItemStatus): Item {
  return { ...item, status }
}

export const isOutputAudio = (part: ContentPart): part is OutputAudioPart => part.type === 'output_audio'
