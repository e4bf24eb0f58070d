import type { Refusal } from '../../shared/calls.ts'
import type { ConversationCard, ConversationList, ExportFormat, KeptConversation, KeptEvents, KeptVoices } from '../../shared/history.ts'

/** Asks the page's own server for what it keeps of conversations (shared/history.ts). Nothing here rejects. */

export interface HistoryEnv {
  fetch: typeof fetch
  setTimer: (callback: () => void, delayMs: number) => () => void
}

/** Why something can't be had. `nothing_kept`: this server keeps no conversations. `gone`: not there, or somebody else's. */
export type HistoryTrouble = 'gone' | 'nothing_kept' | 'changed_elsewhere' | 'sign_in' | 'unavailable' | 'unreachable' | 'refused'

/** `again`: whoever asked called it off; nobody waits for the answer. */
export type Answer<T> = { ok: true, value: T } | { ok: false, trouble: HistoryTrouble | 'again' }

export interface HistoryClient {
  list(ask: { query: string, after: string | null }, cancelled?: AbortSignal): Promise<Answer<ConversationList>>
  get(id: string, cancelled?: AbortSignal): Promise<Answer<KeptConversation>>
  rename(id: string, title: string, version: number): Promise<Answer<ConversationCard>>
  remove(id: string): Promise<Answer<void>>
  removeItem(id: string, itemId: string): Promise<Answer<void>>
  events(id: string, after: string | null, cancelled?: AbortSignal): Promise<Answer<KeptEvents>>
  voices(id: string, cancelled?: AbortSignal): Promise<Answer<KeptVoices>>
}

const TIMEOUT_MS = 15_000
/** Cards asked for at a time: about two screens of the rail. */
export const cardsAtATime = 40
const EVENTS_AT_A_TIME = 100

const path = (id: string, rest = '') => `/api/conversations/${encodeURIComponent(id)}${rest}`

/** Address of a conversation as a file. */
export const exportHref = (id: string, format: ExportFormat): string => path(id, `/export?format=${format}`)

export function createHistoryClient(env: HistoryEnv = browserEnv()): HistoryClient {
  async function ask<T>(method: 'GET' | 'PATCH' | 'DELETE', address: string, { body, cancelled }: { body?: unknown, cancelled?: AbortSignal } = {}): Promise<Answer<T>> {
    const timeout = new AbortController()
    const stopTimer = env.setTimer(() => timeout.abort(), TIMEOUT_MS)
    try {
      const response = await env.fetch(address, {
        method, credentials: 'same-origin', signal: cancelled ? AbortSignal.any([cancelled, timeout.signal]) : timeout.signal,
        ...body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
      })
      const answer: unknown = response.status === 204 ? undefined : await response.json().catch(() => undefined)
      if (response.ok && (response.status === 204 || typeof answer === 'object')) return { ok: true, value: answer as T }
      return { ok: false, trouble: troubleOf(response.status, (answer as Partial<Refusal> | undefined)?.error?.code) }
    } catch {
      return { ok: false, trouble: cancelled?.aborted ? 'again' : 'unreachable' }
    } finally {
      stopTimer()
    }
  }

  return {
    list: ({ query, after }, cancelled) => ask('GET', `/api/conversations?${new URLSearchParams({
      limit: String(cardsAtATime), ...query ? { q: query } : {}, ...after === null ? {} : { after },
    })}`, { cancelled }),
    get: (id, cancelled) => ask('GET', path(id), { cancelled }),
    rename: (id, title, version) => ask('PATCH', path(id), { body: { title, version } }),
    remove: id => ask('DELETE', path(id)),
    removeItem: (id, itemId) => ask('DELETE', path(id, `/items/${encodeURIComponent(itemId)}`)),
    events: (id, after, cancelled) => ask('GET', path(id, `/events?${new URLSearchParams({ limit: String(EVENTS_AT_A_TIME), ...after === null ? {} : { after } })}`), { cancelled }),
    voices: (id, cancelled) => ask('GET', path(id, '/audio'), { cancelled }),
  }
}

function troubleOf(status: number, code: string | undefined): HistoryTrouble {
  if (code === 'nothing_kept') return 'nothing_kept'
  if (status === 404) return 'gone'
  if (code === 'changed_elsewhere') return 'changed_elsewhere'
  if (status === 401) return 'sign_in'
  return status >= 500 || status === 429 ? 'unavailable' : 'refused'
}

function browserEnv(): HistoryEnv {
  return {
    fetch: (...request) => fetch(...request),
    setTimer(callback, delayMs) {
      const id = setTimeout(callback, delayMs)
      return () => clearTimeout(id)
    },
  }
}
