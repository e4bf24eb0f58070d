import type { HouseTicketGrant } from '../../shared/calls.ts'
import type { CallRequestEnv } from './call-request.ts'

/** Another ticket for the house socket of a call that goes on (`POST /api/calls/{rtc_…}/ticket`). */

/** `mayHeal`: another try may do. */
export type HouseTicketAnswer = { ok: true, ticket: string } | { ok: false, mayHeal: boolean }

/** The server only has to write down a ticket, and what is said waits for it. */
const TICKET_TIMEOUT_MS = 5000

/** Never rejects. */
export async function requestHouseTicket(env: CallRequestEnv, callId: string, cancelled: AbortSignal): Promise<HouseTicketAnswer> {
  const timeout = new AbortController()
  const stopTimer = env.setTimer(() => timeout.abort(), TICKET_TIMEOUT_MS)
  try {
    const response = await env.fetch(`/api/calls/${callId}/ticket`, { method: 'POST', credentials: 'same-origin', signal: AbortSignal.any([cancelled, timeout.signal]) })
    const grant = await response.json().catch(() => undefined) as Partial<HouseTicketGrant> | undefined
    if (response.status === 201 && typeof grant?.ticket === 'string') return { ok: true, ticket: grant.ticket }
    // 404: the call is over. 401, 403: it is no longer this page's.
    return { ok: false, mayHeal: response.status >= 500 || response.status === 429 }
  } catch {
    return { ok: false, mayHeal: !cancelled.aborted }
  } finally {
    stopTimer()
  }
}
