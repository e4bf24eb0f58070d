import type { UsageAmount } from '../../shared/calls.ts'
import type { JournalEntry, StoredItem, TurnLatency } from '../../server/store/journal-entry.ts'
import { StoreError, type ConversationHead, type Store, type StoredAudio, type StoredCall, type StoredConversation, type StoredEvent, type StoredPersona, type StoredResponse, type SpendingRow, type StoreTrouble } from '../../server/store/store.ts'

/** A store in memory, for tests: keeps what it is given, and fails as it is told. */
export interface MemoryStore extends Store {
  /** Every entry once, in the order in which it came to stay. */
  readonly entries: readonly JournalEntry[]
  /** Batches as they came, repeated and failed ones included. */
  readonly writes: readonly (readonly JournalEntry[])[]
  /** What the next writes meet; `undefined`: nothing. When none is left they pass. */
  fail(...troubles: (StoreTrouble | undefined)[]): void
  /** Until it is told otherwise: this happens to each write. */
  onWrite: ((entries: readonly JournalEntry[]) => Promise<void> | void) | undefined
}

interface Kept {
  owner: string
  head: ConversationHead
  calls: Map<string, StoredCall>
  items: Map<string, StoredItem & { callId: string, atMs: number }>
  responses: Map<string, StoredResponse>
  latencies: Map<string, TurnLatency & { callId: string, atMs: number }>
  audio: StoredAudio[]
  events: StoredEvent[]
  personas: StoredPersona[]
}

const sentence: Record<StoreTrouble, string> = {
  busy: 'The store is busy.', gone: 'The store can\'t be reached.', full: 'The store\'s disk is full.', read_only: 'The store can\'t be written to.',
  broken: 'The store can\'t take that.', newer_version: 'The store is of a newer version.', bad_query: 'That can\'t be searched for.', timeout: 'The store took too long.',
}
const dayOf = (atMs: number) => new Date(atMs).toISOString().slice(0, 10)
const wordsOf = (text: string): string[] => text.normalize('NFKC').toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []

export function createMemoryStore(kind: Store['kind'] = 'sqlite'): MemoryStore {
  const kept = new Map<string, Kept>()
  const deleted = new Set<string>()
  const known = new Set<string>()
  const entries: JournalEntry[] = []
  const writes: (readonly JournalEntry[])[] = []
  const troubles: (StoreTrouble | undefined)[] = []
  let closed = false

  const mine = (owner: string, id: string) => {
    if (closed) throw new StoreError('gone', 'The store is closed.')
    const found = kept.get(id)
    return found?.owner === owner ? found : undefined
  }

  function take(entry: JournalEntry) {
    const key = `${entry.callId} ${entry.seq}`
    if (known.has(key)) return
    known.add(key)
    if (deleted.has(entry.conversationId)) return
    entries.push(entry)
    const of = kept.get(entry.conversationId) ?? begin(entry)
    if (!of) return
    of.head.lastAtMs = Math.max(of.head.lastAtMs, entry.atMs)
    keep(of, entry)
  }

  /** What comes before its call has no owner, and waits for none. */
  function begin(entry: JournalEntry): Kept | undefined {
    if (entry.type !== 'call_began') return undefined
    const head: ConversationHead = {
      id: entry.conversationId, title: null, summary: null, titleBy: null, personaId: entry.persona?.id ?? null, personaName: entry.persona?.name ?? null,
      beganAtMs: entry.atMs, lastAtMs: entry.atMs, calls: 0, items: 0, spokenMs: 0, usd: null,
      branchOf: entry.continues && entry.continues.conversationId !== entry.conversationId ? { ...entry.continues } : null, hasAudio: false, version: 1,
    }
    const of: Kept = {
      owner: entry.owner, head, calls: new Map(), items: new Map(), responses: new Map(), latencies: new Map(), audio: [], events: [], personas: [],
    }
    kept.set(entry.conversationId, of)
    return of
  }

  function keep({ head, calls, items, responses, latencies, audio, events, personas }: Kept, entry: JournalEntry) {
    const { callId, atMs } = entry
    switch (entry.type) {
      case 'call_began': {
        const { model, brain, transport } = entry
        const personaVersion = entry.persona?.version ?? null
        calls.set(callId, { id: callId, beganAtMs: atMs, endedAtMs: null, endedHow: null, model, brain, transport, personaVersion })
        if (entry.persona && !personas.some(({ version }) => version === entry.persona!.version)) personas.push({ ...entry.persona })
        break
      }
      case 'item': items.set(entry.item.id, { ...entry.item, callId, atMs: items.get(entry.item.id)?.atMs ?? atMs }); break
      case 'item_removed': items.delete(entry.itemId); break
      case 'response': {
        const { responseId: id, status, model, usage, pricesOf } = entry
        responses.set(id, { id, callId, atMs, status, model, usage, pricesOf })
        break
      }
      case 'transcription_usage': responses.set(`${callId} ${entry.seq}`, { id: `${callId} ${entry.seq}`, callId, atMs, status: 'completed', model: entry.model, usage: entry.usage, pricesOf: entry.pricesOf }); break
      case 'turn_latency': latencies.set(entry.latency.responseId, { ...entry.latency, callId, atMs }); break
      case 'wire_event': events.push({ callId, seq: entry.seq, direction: entry.direction, eventType: entry.eventType, callMs: entry.callMs, payload: entry.payload }); break
      case 'audio': audio.push({ callId, itemId: entry.itemId, speaker: entry.speaker, key: entry.key, sampleRate: entry.sampleRate, fromMs: entry.span.fromMs, toMs: entry.span.toMs, bytes: entry.bytes }); break
      case 'call_ended': Object.assign(calls.get(callId) ?? {}, { endedAtMs: atMs, endedHow: entry.how }); break
      default: entry satisfies never
    }
    const usds = [...responses.values()].flatMap(({ usage }) => usage?.usd ?? [])
    Object.assign(head, {
      calls: calls.size, items: items.size, hasAudio: audio.length > 0, usd: usds.length ? usds.reduce((sum, usd) => sum + usd, 0) : null,
      spokenMs: [...items.values()].reduce((sum, { span }) => sum + (span ? span.toMs - span.fromMs : 0), 0),
    })
  }

  /** In the order of the chain; what stands after something unknown, last. */
  function inOrder(items: Kept['items']) {
    const rest = [...items.values()]
    const ordered: typeof rest = []
    while (rest.length > 0) {
      const last = ordered.at(-1)?.id ?? null
      const at = rest.findIndex(item => item.afterId === last)
      ordered.push(...rest.splice(Math.max(0, at), 1))
    }
    return ordered
  }

  function remove(id: string): string[] {
    const { audio } = kept.get(id)!
    kept.delete(id)
    deleted.add(id)
    return audio.map(({ key }) => key)
  }

  function removeAll(ids: string[]) {
    return { conversations: ids.length, audioKeys: ids.flatMap(remove) }
  }

  const pageOf = <T>(all: readonly T[], { after, limit }: { after?: string, limit: number }) => {
    const from = after === undefined ? 0 : Number(after)
    if (!Number.isInteger(from) || from < 0) throw new StoreError('bad_query', sentence.bad_query)
    return { entries: all.slice(from, from + limit), next: from + limit < all.length ? String(from + limit) : null }
  }

  const store: MemoryStore = {
    kind,
    entries,
    writes,
    onWrite: undefined,
    fail(...next) { troubles.push(...next) },
    async write(batch) {
      writes.push(batch)
      await store.onWrite?.(batch)
      if (closed) throw new StoreError('gone', 'The store is closed.')
      const trouble = troubles.shift()
      if (trouble) throw new StoreError(trouble, sentence[trouble])
      for (const entry of structuredClone(batch)) take(entry)
    },
    async list(owner, { query, ...ask }) {
      const words = query === undefined ? [] : wordsOf(query)
      const heads = [...kept.values()].filter(each => each.owner === owner).flatMap(({ head, items }): ConversationHead[] => {
        if (words.length === 0) return [{ ...head }]
        const found = inOrder(items).find(({ text }) => words.every(word => wordsOf(text).includes(word)))
        if (found) return [{ ...head, found: { itemId: found.id, snippet: found.text.slice(0, 120) } }]
        return words.every(word => wordsOf(head.title ?? '').includes(word)) ? [{ ...head }] : []
      })
      return pageOf(heads.sort((a, b) => b.lastAtMs - a.lastAtMs), ask)
    },
    async get(owner, id) {
      const found = mine(owner, id)
      if (!found) return undefined
      const { head, calls, items, responses, latencies } = found
      const whole: StoredConversation = {
        ...head, callsOf: [...calls.values()], itemsOf: inOrder(items), responses: [...responses.values()], latencies: [...latencies.values()],
      }
      return structuredClone(whole)
    },
    async personas(owner, id) { return structuredClone(mine(owner, id)?.personas ?? []) },
    async events(owner, id, ask) { return pageOf(mine(owner, id)?.events ?? [], ask) },
    async audio(owner, id) { return structuredClone(mine(owner, id)?.audio ?? []) },
    async rename(owner, id, title, version) {
      const head = mine(owner, id)?.head
      if (!head) return 'missing'
      if (head.version !== version) return 'stale'
      Object.assign(head, { title, titleBy: 'person', version: version + 1 })
      return 'done'
    },
    async entitle(id, { by, title, summary }) {
      const head = kept.get(id)?.head
      if (!head) return
      Object.assign(head, { summary }, head.titleBy === 'person' ? {} : { title, titleBy: by })
    },
    async delete(owner, id) { return mine(owner, id) && { audioKeys: remove(id) } },
    async deleteItem(owner, id, itemId) {
      const found = mine(owner, id)
      const item = found?.items.get(itemId)
      if (!found || !item) return undefined
      found.items.delete(itemId)
      for (const [next, each] of found.items) if (each.afterId === itemId) found.items.set(next, { ...each, afterId: item.afterId })
      const audioKeys = found.audio.flatMap(each => each.itemId === itemId ? each.key : [])
      found.audio = found.audio.filter(each => each.itemId !== itemId)
      return { audioKeys }
    },
    async deleteOwner(owner) { return removeAll([...kept].flatMap(([id, each]) => each.owner === owner ? id : [])) },
    async deleteOlderThan(atMs, limit) { return removeAll([...kept].flatMap(([id, { head }]) => head.lastAtMs < atMs ? id : []).slice(0, limit)) },
    async spending({ fromDay, toDay, owner }) {
      const rows = new Map<string, SpendingRow>()
      for (const each of kept.values()) {
        for (const { atMs, model, usage, pricesOf } of each.responses.values()) {
          const day = dayOf(atMs)
          if (day < fromDay || day > toDay || (owner !== undefined && each.owner !== owner) || !usage) continue
          const key = `${day} ${each.owner} ${model}`
          const before = rows.get(key)
          rows.set(key, { day, owner: each.owner, model, responses: (before?.responses ?? 0) + 1, usage: before ? sum(before.usage, usage) : usage, pricesOf })
        }
      }
      return [...rows.values()]
    },
    async latencyQuantiles(ask) {
      const all = [...kept.values()].filter(({ owner }) => ask.owner === undefined || owner === ask.owner).flatMap(({ latencies }) => [...latencies.values()]).filter(({ callId, atMs }) => 'day' in ask ? dayOf(atMs) === ask.day : callId === ask.callId)
      const of = (column: 'firstAudioMs' | 'firstHeardMs' | 'relayMs') => {
        const sorted = all.flatMap(each => each[column] ?? []).sort((a, b) => a - b)
        const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!
        return sorted.length === 0 ? null : { p50: at(0.5), p95: at(0.95) }
      }
      return { firstAudioMs: of('firstAudioMs'), firstHeardMs: of('firstHeardMs'), relayMs: of('relayMs') }
    },
    async close() { closed = true },
  }
  return store
}

function sum(one: UsageAmount, other: UsageAmount): UsageAmount {
  const add = <T extends Record<string, number>>(a: T, b: T) => Object.fromEntries(Object.entries(a).map(([key, value]) => [key, value + b[key]!])) as T
  return {
    usd: one.usd === null ? other.usd : one.usd + (other.usd ?? 0),
    input_tokens: add(one.input_tokens, other.input_tokens),
    output_tokens: add(one.output_tokens, other.output_tokens),
    transcription_seconds: one.transcription_seconds + other.transcription_seconds,
  }
}
