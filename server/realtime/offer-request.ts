import type { SessionUpdateEvent } from '@kaiwa/protocol'
import { bearerIn } from '../auth/bearer.ts'
import type { Identity } from '../auth/identify.ts'
import type { Person } from '../auth/person.ts'
import { admitTicket, askOf, credentialIn, programOf, refusal, refuseForHost, refuseForOrigin, refuseForRoom, REALTIME_PATH, signInRequired, type Credential, type House, type Knock, type Refusal } from './admission.ts'
import type { CallStart } from './calls.ts'
import { refusalOfFault } from './fault-answer.ts'
import { houseTicket } from './house-ticket.ts'
import type { Instance } from './instance.ts'
import { readOfferBody, type OfferBody } from './offer-body.ts'
import { readOffer } from '../relay/sdp.ts'
import { modelOf } from './session-configuration.ts'

export interface OfferAsk {
  headers: Knock['headers'] & { 'content-type'?: string }
  identity: Pick<Identity, 'visitor' | 'program' | 'caller' | 'overPlainHttp'>
  /** Path and query. */
  url: string
  /** The body's text; longer than `MAX_OFFER_BODY_CHARS` it is refused. */
  body: string
  /** Aborts when whoever asks is gone before the answer reached them. */
  left: AbortSignal
}

/** Answer of `POST /v1/realtime/calls` (201): the SDP is the body. */
export interface OfferGrant {
  sdp: string
  /** Relative, as the API's: it names the call. */
  location: string
  /** For the page: opens its own socket to the call, once. */
  ticket: string | undefined
}

export type OfferHouse = Pick<Instance, 'house' | 'ids' | 'tickets' | 'webrtcCalls' | 'recall' | 'offerRates'>

/** A bearer of a page. A program's token of this form is known by then. */
const TICKET_SHAPE = /^[\w-]{43}$/
const tooMany = (waitS: number) => refusal(429, 'too_many_offers', 'More calls are begun than one person can hold. Wait a little.', waitS)

/** Who sends an offer: a page by its ticket, a program by its token or by a secret. */
type Caller = { is: 'page', ticket: string, person: Person } | { is: 'program', credential: Credential, person: Person }

/** `POST /v1/realtime/calls`: answers an SDP offer. The call that begins is held to everything that holds for one over a socket. */
export async function answerOffer(ask: OfferAsk, { house, ids, tickets, webrtcCalls, recall, offerRates }: OfferHouse): Promise<OfferGrant | Refusal> {
  const caller = callerOf(ask, house)
  if ('code' in caller) return caller
  const waitS = await offerRates.take(caller.person)
  if (waitS !== undefined) return tooMany(waitS)
  const body = await readOfferBody(ask.headers['content-type'], ask.body)
  if ('code' in body) return body
  const read = readOffer(body.sdp)
  if (!read.ok) return refusalOfFault({ code: 'offer_refused', why: read.why })
  // From the look for room to the beginning of the call nobody else has a turn.
  const start = caller.is === 'page' ? startOfPage(caller.ticket, body, ask, house, recall) : startOfProgram(caller, body, ask, house, ids)
  if ('code' in start) return start
  const begun = await webrtcCalls.begin({ ...start, calledAs: hostIn(ask.headers.host) }, body.sdp, ask.left)
  if (!begun.ok) return refusalOfFault(begun.fault)
  // When too many wait, the page does without its socket, and its call ends with its limits.
  const ticket = caller.is === 'page' ? houseTicket(start, begun.rtcId, ask.headers.origin ?? '', tickets)?.ticket : undefined
  return { sdp: begun.sdp, location: `${REALTIME_PATH}/calls/${begun.rtcId}`, ticket }
}

/** The host without its port. */
const hostIn = (host: string | undefined) => host?.replace(/:\d+$/, '')

function callerOf({ headers, identity }: OfferAsk, house: House): Caller | Refusal {
  if (identity.overPlainHttp) return refusal(426, 'https_required', 'This server is reached by https (wss) only.')
  const credential = credentialIn({ headers }, [], house)
  // A secret that a program's token made is meant for pages of other sites; whoever has it may use it there.
  const anywhere = credential.kind === 'secret' && credential.claim.person.by === 'token'
  const misplaced = anywhere ? refuseForHost(headers, house.settings) : refuseForOrigin(headers, house.settings)
  if (misplaced) return misplaced
  const ticket = bearerIn(headers)
  if (!identity.program && headers.origin !== undefined && ticket !== undefined && TICKET_SHAPE.test(ticket)) {
    return identity.visitor ? { is: 'page', ticket, person: identity.visitor } : signInRequired(house.settings)
  }
  const known = programOf(credential, identity, house.settings)
  return 'code' in known ? known : { is: 'program', credential, person: known.person }
}

function startOfPage(ticket: string, { session }: OfferBody, { headers, identity }: OfferAsk, house: House, recall: OfferHouse['recall']): CallStart | Refusal {
  if (session) return { ...refusal(403, 'session_not_allowed', 'The session of a page is the server\'s to say. Leave `session` out.'), param: 'session' }
  const claim = admitTicket(ticket, { headers }, identity.visitor, house)
  if ('code' in claim) return claim
  const met = recall(claim.persona)
  if (!met) return refusal(404, 'persona_not_found', 'That persona is no longer here. Choose another one and start again.')
  const { callId, conversationId, person, goesOn } = claim
  const { persona, brain } = met
  return {
    callId, conversationId, person, policy: 'locked', model: modelOf(persona, brain), intent: undefined, session: undefined, persona, brain, from: 'page', ...(goesOn && { goesOn }),
  }
}

function startOfProgram({ credential, person }: Extract<Caller, { is: 'program' }>, body: OfferBody, { url }: OfferAsk, house: House, ids: OfferHouse['ids']): CallStart | Refusal {
  const session = bothOf(credential.kind === 'secret' ? credential.claim.session : undefined, body.session)
  if (session === 'of_two_types') return { ...refusal(400, 'invalid_value', 'That secret was made for a session of another type.'), param: 'session.type' }
  const asked = askOf(new URL(url, 'http://kaiwa').searchParams, { session })
  if ('code' in asked) return asked
  const full = refuseForRoom(house, person)
  if (full) return full
  if (house.isPriced?.(asked.model) === false) return refusal(400, 'model_not_priced', 'That model has no price here, and what is spent is bounded. Whoever runs this server can name its price in KAIWA_PRICES.')
  return { callId: ids('call'), conversationId: ids('conv'), person, policy: 'open', ...asked, from: 'client' }
}

type Session = SessionUpdateEvent['session']

/** A secret's settings are defaults: what is said with the offer comes over them, field by field, as in an update. */
function bothOf(secret: Session | undefined, said: Session | undefined): Session | undefined | 'of_two_types' {
  if (!secret || !said) return said ?? secret
  return secret.type === said.type ? overlaid(secret, said) as Session : 'of_two_types'
}

function overlaid(under: object, over: object): object {
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)
  const fields = Object.entries(over).map(([name, value]) => {
    const before = (under as Record<string, unknown>)[name]
    return [name, isObject(before) && isObject(value) ? overlaid(before, value) : value] as const
  })
  return { ...under, ...Object.fromEntries(fields) }
}
