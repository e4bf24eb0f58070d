import { createHash, randomBytes } from 'node:crypto'
import type { GoingOn } from '../history/going-on.ts'
import type { PersonaRef } from '../personas/persona.ts'
import type { ContinuedGrant } from '../../shared/history.ts'
import type { Person } from './person.ts'

/** What a ticket stands for: one connection, of this call, from this origin. */
export interface TicketClaim {
  callId: string
  conversationId: string
  origin: string
  /** Whose page it was given to. */
  person: Person
  /** Undefined: the default. */
  persona?: PersonaRef
  /** It opens the page's socket to this WebRTC call (`rtc_…`), and nothing else. */
  joins?: string
  /** With what the call goes on; undefined: a new conversation. */
  goesOn?: GoingOn & { grant: ContinuedGrant }
}

export const TICKET_MS = 30_000
/** Tickets that nobody has used yet. Full ⇒ none are given. */
const MAX_TICKETS = 10_000
/** Of those, tickets that hold what was said earlier, some 10 kB each. Full ⇒ none of these are given. */
const MAX_GOING_ON = 500
const SHAPE = /^[\w-]{43}$/

export interface Tickets {
  /** A new ticket (256 bit, base64url), or `undefined` when too many wait. */
  issue(claim: TicketClaim): { ticket: string, expiresAtMs: number } | undefined
  /** Whose ticket it is, without its being spent. */
  lookAt(ticket: string, origin: string): TicketClaim | undefined
  /** Whose ticket it is. It is spent whatever the answer: a second try with it fails. */
  redeem(ticket: string, origin: string): TicketClaim | undefined
}

/** Short-lived, single-use permissions to open the WebSocket. Only digests are kept. */
export function createTickets(nowMs: () => number, maxTickets = MAX_TICKETS): Tickets {
  const waiting = new Map<string, { claim: TicketClaim, expiresAtMs: number }>()
  const digest = (ticket: string) => createHash('sha256').update(ticket).digest('base64url')

  /** Insertion order is expiry order: the first that is still good ends the sweep. */
  function sweep() {
    for (const [key, { expiresAtMs }] of waiting) {
      if (expiresAtMs > nowMs()) return
      waiting.delete(key)
    }
  }

  const goingOn = () => [...waiting.values()].filter(({ claim }) => claim.goesOn).length

  const claimAt = (key: string, origin: string) => {
    const found = waiting.get(key)
    return found && found.expiresAtMs > nowMs() && found.claim.origin === origin ? found.claim : undefined
  }

  return {
    issue(claim) {
      sweep()
      if (waiting.size >= maxTickets || (claim.goesOn && goingOn() >= MAX_GOING_ON)) return undefined
      const ticket = randomBytes(32).toString('base64url')
      const expiresAtMs = nowMs() + TICKET_MS
      waiting.set(digest(ticket), { claim, expiresAtMs })
      return { ticket, expiresAtMs }
    },
    lookAt: (ticket, origin) => SHAPE.test(ticket) ? claimAt(digest(ticket), origin) : undefined,
    redeem(ticket, origin) {
      if (!SHAPE.test(ticket)) return undefined
      const key = digest(ticket)
      const claim = claimAt(key, origin)
      waiting.delete(key)
      return claim
    },
  }
}
