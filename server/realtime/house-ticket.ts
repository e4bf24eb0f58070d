import type { Identity } from '../auth/identify.ts'
import { isSameSignIn } from '../auth/person.ts'
import type { Tickets } from '../auth/ticket.ts'
import type { HouseTicketGrant } from '../../shared/calls.ts'
import { noSuchCall, refusal, refuseForOrigin, signInRequired, type Knock, type Refusal } from './admission.ts'
import type { CallStart } from './calls.ts'
import type { Instance } from './instance.ts'

export interface HouseTicketAsk {
  headers: Knock['headers']
  identity: Pick<Identity, 'visitor' | 'overPlainHttp'>
  rtcId: string
}

/** A ticket for the page's own socket to its WebRTC call; undefined when too many wait. */
export function houseTicket({ callId, conversationId, person, persona }: CallStart, joins: string, origin: string, tickets: Pick<Tickets, 'issue'>) {
  return tickets.issue({ callId, conversationId, origin, person, joins, ...(persona && { persona: { id: persona.id, version: persona.version } }) })
}

/** `POST /api/calls/{rtc_…}/ticket`: another one for a page whose socket broke while its call goes on. As often as offers may be made. */
export async function grantHouseTicket(
  { headers, identity: { visitor, overPlainHttp }, rtcId }: HouseTicketAsk, { settings, webrtcCalls, tickets, offerRates }: Pick<Instance, 'settings' | 'webrtcCalls' | 'tickets' | 'offerRates'>,
): Promise<HouseTicketGrant | Refusal> {
  if (overPlainHttp) return refusal(426, 'https_required', 'This server is reached by https (wss) only.')
  const misplaced = refuseForOrigin(headers, settings)
  if (misplaced) return misplaced
  const { origin } = headers
  if (origin === undefined) return refusal(403, 'origin_missing', 'A page has to say where it comes from.')
  if (!visitor) return signInRequired(settings)
  const waitS = await offerRates.take(visitor)
  if (waitS !== undefined) return refusal(429, 'too_many_offers', 'More is asked for than one person\'s calls can need. Wait a little.', waitS)
  const start = webrtcCalls.pageCall(rtcId)
  if (!start || !isSameSignIn(start.person, visitor)) return noSuchCall
  const issued = houseTicket(start, rtcId, origin, tickets)
  return issued ? { ticket: issued.ticket, expires_at: Math.floor(issued.expiresAtMs / 1000) } : refusal(503, 'server_full', 'Too many calls are being started. Try again in a minute.', 30)
}
