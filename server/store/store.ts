import type { UsageAmount } from '../../shared/calls.ts'
import type { JournalEntry, StoredItem, TurnLatency } from './journal-entry.ts'

/** A conversation in a list. */
export interface ConversationHead {
  id: string
  title: string | null
  summary: string | null
  /** Who gave the title: a person's is never replaced. */
  titleBy: 'words' | 'model' | 'person' | null
  personaId: string | null
  personaName: string | null
  /** Unix, ms. */
  beganAtMs: number
  lastAtMs: number
  calls: number
  items: number
  spokenMs: number
  usd: number | null
  /** Where it branched off. */
  branchOf: { conversationId: string, afterItemId: string | null } | null
  hasAudio: boolean
  /** Grows with every rename: two that change it at once are noticed. */
  version: number
  /** In a search: the place where it was found, with its surroundings. */
  found?: { itemId: string, snippet: string }
}

export interface StoredCall {
  id: string
  beganAtMs: number
  endedAtMs: number | null
  endedHow: string | null
  model: string
  brain: string
  transport: string
  personaVersion: string | null
}

export interface StoredResponse { id: string, callId: string, atMs: number, status: string, model: string, usage: UsageAmount | null, pricesOf: string | null }
export interface StoredAudio { callId: string, itemId: string | null, speaker: 'user' | 'assistant', key: string, sampleRate: number, fromMs: number, toMs: number, bytes: number }
export interface StoredEvent { callId: string, seq: number, direction: 'in' | 'out', eventType: string, callMs: number, payload: string }

export interface StoredPersona { version: string, id: string, name: string, body: string }

/** One conversation with all that is kept of it but its events and audio, which are asked for apart. Items in the order of their chain. */
export interface StoredConversation extends ConversationHead {
  callsOf: StoredCall[]
  itemsOf: (StoredItem & { callId: string, atMs: number })[]
  responses: StoredResponse[]
  latencies: (TurnLatency & { callId: string, atMs: number })[]
}

export interface Page<T> { entries: T[], /** To be given for what comes next; null: that was all. */ next: string | null }

/** Money by day (UTC), person and model. */
export interface SpendingRow { day: string, owner: string, model: string, responses: number, usage: UsageAmount, pricesOf: string | null }

/**
 * What was said, kept. Every reading and every change names its owner: what belongs to somebody else is as if it weren't there.
 * All reject with `StoreError` (code and sentence) and nothing else; nothing here blocks the event loop.
 */
export interface Store {
  readonly kind: 'sqlite' | 'postgres'
  /**
   * All of them or none, in order; entries that are there already change nothing. What belongs to no call that is kept (deleted since, never
   * begun, or begun in somebody else's conversation) is passed over.
   */
  write(entries: readonly JournalEntry[]): Promise<void>
  /**
   * By when they were last spoken in, newest first.
   * @param ask `limit` at most 100; `query`: those that have all its words in one item, or in the title (then without `found`)
   */
  list(owner: string, ask: { query?: string, after?: string, limit: number }): Promise<Page<ConversationHead>>
  get(owner: string, id: string): Promise<StoredConversation | undefined>
  /** What the personas of its calls were then, as JSON. */
  personas(owner: string, id: string): Promise<StoredPersona[]>
  events(owner: string, id: string, ask: { after?: string, limit: number }): Promise<Page<StoredEvent>>
  audio(owner: string, id: string): Promise<StoredAudio[]>
  /** `stale`: somebody changed it since `version`. */
  rename(owner: string, id: string, title: string, version: number): Promise<'done' | 'stale' | 'missing'>
  /** By the server itself; never replaces a person's title. */
  entitle(id: string, title: { by: 'words' | 'model', title: string, summary: string | null }): Promise<void>
  /**
   * Hard: items, search, events, audio rows. Answers with the audio's keys, whose files are the caller's to delete; undefined: not there.
   * Whatever is written of it afterwards is ignored.
   */
  delete(owner: string, id: string): Promise<{ audioKeys: string[] } | undefined>
  /** As hard. The item that stood after it takes its place in the chain. */
  deleteItem(owner: string, id: string, itemId: string): Promise<{ audioKeys: string[] } | undefined>
  /** Their spending stays, without their name. Calls of theirs that began before, and are still to be written, are ignored, too. */
  deleteOwner(owner: string): Promise<{ conversations: number, audioKeys: string[] }>
  /** What was last spoken in before. At most `limit` conversations at a time. */
  deleteOlderThan(atMs: number, limit: number): Promise<{ conversations: number, audioKeys: string[] }>
  spending(ask: { fromDay: string, toDay: string, owner?: string }): Promise<SpendingRow[]>
  /** p50 and p95 of each column of the turns' latencies of a day, or of a call; without an owner everyone's. */
  latencyQuantiles(ask: ({ day: string } | { callId: string }) & { owner?: string }): Promise<Record<'firstAudioMs' | 'firstHeardMs' | 'relayMs', { p50: number, p95: number } | null>>
  close(): Promise<void>
}

/** What went wrong with the store. `busy` and `gone` pass; the others need somebody. */
export type StoreTrouble = 'busy' | 'gone' | 'full' | 'read_only' | 'broken' | 'newer_version' | 'bad_query' | 'timeout'

export class StoreError extends Error {
  readonly code: StoreTrouble
  constructor(code: StoreTrouble, message: string) {
    super(message)
    this.name = 'StoreError'
    this.code = code
  }
}
