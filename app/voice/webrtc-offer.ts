import { refusalOf, retryAfter } from './call-request.ts'
import type { CallRequestEnv } from './call-request.ts'
import { noServer } from './transport.ts'

/** Gives the page's SDP offer to its own server (`POST /v1/realtime/calls`), which has it answered and keeps the key. */

export type OfferAnswer
  = | {
    ok: true
    sdp: string
    /** Address of the call, for its hang-up; undefined: not told. */
    location: string | undefined
    /** Opens the house socket of this call; undefined: this server has none. */
    houseTicket: string | undefined
  }
  | { ok: false, code: number, reason: string, detail: string, retryAfterSeconds?: number }

/** The server asks the model's, which takes a second or two. Whoever is less patient gives up first. */
const OFFER_TIMEOUT_MS = 10_000
/** An answer has a handful of lines for each candidate. */
const MAX_ANSWER_CHARS = 64 * 1024

/** Never rejects. `ticket`: opens this one call, and is not a key. */
export async function sendOffer(env: CallRequestEnv, { sdp, ticket }: { sdp: string, ticket: string }, cancelled: AbortSignal): Promise<OfferAnswer> {
  const timeout = new AbortController()
  const stopTimer = env.setTimer(() => timeout.abort(), OFFER_TIMEOUT_MS)
  try {
    const response = await env.fetch('/v1/realtime/calls', {
      method: 'POST', headers: { 'content-type': 'application/sdp', authorization: `Bearer ${ticket}` }, body: sdp, credentials: 'same-origin',
      signal: AbortSignal.any([cancelled, timeout.signal]),
    })
    const { headers, status } = response
    const text = await response.text()
    if (status === 201 && text.startsWith('v=0') && text.length <= MAX_ANSWER_CHARS) {
      return { ok: true, sdp: text, location: headers.get('location') ?? undefined, houseTicket: headers.get('kaiwa-ticket') ?? undefined }
    }
    return { ...refusalOf(status, parsed(text)), ...retryAfter(headers.get('retry-after')) }
  } catch (error) {
    if (timeout.signal.aborted) return { ok: false, code: noServer, reason: 'timeout', detail: `The offer was not answered within ${OFFER_TIMEOUT_MS / 1000} s.` }
    return { ok: false, code: noServer, reason: 'network', detail: `The server could not be reached (${error instanceof Error ? error.message : String(error)}).` }
  } finally {
    stopTimer()
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The id of the call in its address, `rtc_…`; undefined when it isn't one. */
export const callIdOf = (location: string | undefined): string | undefined => /\/(rtc_[\w-]{1,128})$/.exec(location ?? '')?.[1]
