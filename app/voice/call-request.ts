import type { CallGrant } from '../../shared/calls.ts'
import type { CallConversation } from './call-conversation.ts'
import { noServer } from './transport.ts'
import type { TransportKind } from './transport.ts'

/** Asks the page's own server for a call (`POST /api/calls`). */

export interface CallRequestEnv {
  fetch: typeof fetch
  setTimer: (callback: () => void, delayMs: number) => () => void
}

export type CallAnswer
  = | { ok: true, ticket: string, url: string }
    | { ok: false, code: number, reason: string, detail: string, retryAfterSeconds?: number }

/** The server only has to write down a ticket; a person waits. */
const CALL_REQUEST_TIMEOUT_MS = 10_000

/** What a call is asked for as. `conversation`: which one it belongs to; without it a new one. */
export interface CallWish { transport?: TransportKind, conversation?: Pick<CallConversation, 'asks' | 'granted' | 'refused'> }

/** Never rejects. `code`: the HTTP status, or `noServer`. */
export async function requestCall({ fetch, setTimer }: CallRequestEnv, cancelled: AbortSignal, wish: CallWish = {}): Promise<CallAnswer> {
  const { transport, conversation } = wish
  const timeout = new AbortController()
  const stopTimer = setTimer(() => timeout.abort(), CALL_REQUEST_TIMEOUT_MS)
  try {
    const response = await fetch('/api/calls', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ...transport ? { transport } : {}, ...conversation?.asks() }), credentials: 'same-origin',
      signal: AbortSignal.any([cancelled, timeout.signal]),
    })
    const body: unknown = await response.json().catch(() => undefined)
    const answer = answerOf(response.status, body)
    if (answer.ok) noteConversation(body as Partial<CallGrant>, conversation)
    // Busy: the server hasn't noticed yet that the line was lost. Gone: deleted meanwhile. Talking goes on all the same.
    else if ((response.status === 404 || response.status === 409) && conversation?.refused()) return await requestCall({ fetch, setTimer }, cancelled, wish)
    return answer.ok ? answer : { ...answer, ...retryAfter(response.headers.get('retry-after')) }
  } catch (error) {
    if (timeout.signal.aborted) return { ok: false, code: noServer, reason: 'timeout', detail: `The server did not answer within ${CALL_REQUEST_TIMEOUT_MS / 1000} s.` }
    return { ok: false, code: noServer, reason: 'network', detail: `The server could not be reached (${error instanceof Error ? error.message : String(error)}).` }
  } finally {
    stopTimer()
  }
}

/** Our server says seconds; a date, which a proxy may put there, is left aside. */
export const retryAfter = (header: string | null) => header !== null && /^\d{1,7}$/.test(header) ? { retryAfterSeconds: Number(header) } : {}

function noteConversation({ conversation_id: id, continued }: Partial<CallGrant>, conversation: CallWish['conversation']) {
  if (typeof id === 'string') conversation?.granted({ id, continued: continued ?? undefined })
}

function answerOf(status: number, body: unknown): CallAnswer {
  const grant = body as Partial<CallGrant> | null | undefined
  if (status === 201 && typeof grant?.ticket === 'string' && typeof grant.url === 'string') return { ok: true, ticket: grant.ticket, url: grant.url }
  return refusalOf(status, body)
}

export function refusalOf(status: number, body: unknown): { ok: false, code: number, reason: string, detail: string } {
  const error = (body as { error?: { type?: unknown, code?: unknown, message?: unknown } } | null | undefined)?.error
  const reason = typeof error?.code === 'string' ? `${String(error.type)}.${error.code}` : ''
  const detail = typeof error?.message === 'string' ? error.message : `The server refused the call (HTTP ${status}).`
  // A success we can't read is as good as a fault of the server.
  return { ok: false, code: status < 400 ? 500 : status, reason, detail }
}
