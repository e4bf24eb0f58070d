import { SECRET_PREFIX, type SecretClaim } from '../auth/client-secret.ts'
import { isOwnHost, isOwnOrigin } from '../auth/origin.ts'
import { bearerIn, offeredIn } from '../auth/bearer.ts'
import type { Identity } from '../auth/identify.ts'
import { isSamePerson, isSameSignIn, type Person } from '../auth/person.ts'
import type { TicketClaim } from '../auth/ticket.ts'
import { programsAreFree } from '../auth/who-may.ts'
import { asksForSignIn } from '../config/access-settings.ts'
import type { Settings } from '../config/settings.ts'
import type { Refusal as RefusalBody } from '../../shared/calls.ts'
import type { Brain } from './brain.ts'

export const REALTIME_PATH = '/v1/realtime'

/** What the door knows of an upgrade before anything is done. */
export interface Knock {
  method: string
  /** Path and query. */
  url: string
  headers: { host?: string, origin?: string, 'user-agent'?: string, 'sec-fetch-site'?: string | string[], 'sec-websocket-protocol'?: string, authorization?: string }
}

/** Whether somebody who answers takes one more call. */
export type BrainRoom = Pick<Brain, 'atCapacity' | 'restingMs' | 'quietMs'>

/** What it knows of the house. */
export interface House {
  settings: Pick<Settings, 'host' | 'publicUrl' | 'maxCalls' | 'maxCallsPerUser' | 'countLoopbackUsers' | 'access'>
  draining: boolean
  liveCalls: number
  callsOf(person: Person): number
  /** The server's own brain: for programs, and for personas that name nobody else. */
  brain: BrainRoom
  /** Who answers for the persona of a ticket; undefined: that one is gone, or nobody can. */
  brainOf(persona: TicketClaim['persona']): BrainRoom | undefined
  /** A ticket's claim, without its being spent. */
  lookAt(ticket: string, origin: string): TicketClaim | undefined
  redeem(ticket: string, origin: string): TicketClaim | undefined
  /** What an ephemeral secret stands for, as long as it is good. */
  claimOf(secret: string): SecretClaim | undefined
  /** What is used up for today; asked before each call. */
  budgetRefusal?(person: Person): 'person' | 'everyone' | undefined
  /** `short`: what this machine is about to run out of. */
  headroom?: { readonly short: string | undefined }
  /** So much of what was said waits for the store that more can't be kept. */
  storeFull?: boolean
  /** Whether the model (undefined: the server's own) has a price; there when money is bounded. */
  isPriced?(model: string | undefined): boolean
  /** Whether a call goes on in that conversation now. */
  inConversation(conversationId: string): boolean
  /** Whose WebRTC call that is; undefined: there is none. */
  ownerOf(rtcId: string): Person | undefined
  /** Wall clock; for budgets, which are of a day. */
  nowMs?(): number
}

export interface Refusal {
  admitted: false
  status: 400 | 401 | 403 | 404 | 405 | 409 | 426 | 429 | 501 | 502 | 503
  code: string
  message: string
  retryAfterSeconds?: number
  /** Where in the body it is wrong; told when there is one. */
  param?: string | null
}

export interface Admitted {
  admitted: true
  /** Undefined: the client offered none, and gets none. */
  subprotocol: 'realtime' | 'kaiwa.v1' | undefined
  /** Model asked for in the address; not for the page, which gets the server's. */
  model: string | undefined
  /** A session that only listens; undefined: a conversation. */
  intent: 'transcription' | undefined
  /** What the session begins with, from an ephemeral secret. */
  session: SecretClaim['session']
  person: Person
  /** What it may say: the page is `locked`, a program `open`. */
  policy: 'locked' | 'open'
  claim: TicketClaim | undefined
  /** The WebRTC call (`rtc_…`) that it joins, as one more connection; undefined: a call of its own. */
  joins?: string
}

export const refusal = (status: Refusal['status'], code: string, message: string, retryAfterSeconds?: number): Refusal =>
  ({ admitted: false, status, code, message, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) })

/** JSON body of a refusal. */
export function refusalBody({ status, code, message, param }: Pick<Refusal, 'status' | 'code' | 'message' | 'param'>): RefusalBody {
  const type = status >= 500 ? 'server_error' : status === 429 ? 'rate_limit_error' : 'invalid_request_error'
  return { error: { type, code, message, ...(param === undefined ? {} : { param }) } }
}

/** Somebody without a sign-in where there has to be one. */
export const signInRequired = ({ access }: Pick<Settings, 'access'>): Refusal => asksForSignIn(access)
  ? refusal(401, 'sign_in_required', 'Sign in to talk here.')
  : refusal(401, 'sign_in_not_set_up', 'Only programs with a token may talk here. Whoever runs this server can set KAIWA_PASSWORD or KAIWA_OIDC_ISSUER to let people sign in, or KAIWA_ALLOW_ANONYMOUS=true to let anyone talk.')

const DAY_MS = 86_400_000

function refuseForMoney(house: House, person: Person): Refusal | undefined {
  const of = house.budgetRefusal?.(person)
  if (!of) return undefined
  const untilMidnightS = Math.ceil((DAY_MS - (house.nowMs ?? Date.now)() % DAY_MS) / 1000)
  return refusal(429, 'budget_spent', of === 'person'
    ? 'You have used your money for today. You can talk again tomorrow (UTC).'
    : 'Today\'s money for everyone on this server is used up. It can be talked to again tomorrow (UTC).', untilMidnightS)
}

/** Room for one more call, which `brain` would answer? The same question for the page's `POST /api/calls` and for the upgrade. */
export function refuseForRoom(house: House, person: Person, brain: BrainRoom = house.brain): Refusal | undefined {
  const { maxCalls, maxCallsPerUser } = house.settings
  if (house.draining) return refusal(503, 'server_draining', 'The server is stopping and takes no new calls. Try again in a moment.', 5)
  if (house.liveCalls >= maxCalls) return refusal(503, 'server_full', `All ${maxCalls} lines are busy. Try again in a minute.`, 60)
  if (house.storeFull) return refusal(503, 'store_full', 'What is said can\'t be written down at the moment, so no new calls begin. Try again in a few minutes; whoever runs this server finds the reason in its log.', 60)
  if (house.headroom?.short !== undefined) return refusal(503, 'server_busy', 'The server has more to do than it can. Try again in a moment.', 5)
  if (brain.atCapacity) return refusal(503, 'server_full', 'As many people are speaking as this machine can understand at once. Try again in a moment.', 5)
  if (person.id !== undefined && house.callsOf(person) >= maxCallsPerUser) {
    return refusal(429, 'too_many_calls', `You already have ${maxCallsPerUser} calls; end one to begin another.`, 10)
  }
  if (brain.restingMs > 0) {
    return refusal(503, 'upstream_unavailable', 'The model could not be reached several times in a row. Try again a little later.', Math.ceil(brain.restingMs / 1000))
  }
  if (brain.quietMs > 0) {
    return refusal(429, 'rate_limit_exceeded', 'The model\'s provider takes no more calls at the moment. Try again a little later.', Math.ceil(brain.quietMs / 1000))
  }
  return refuseForMoney(house, person)
}

export const refuseForHost = ({ host }: Knock['headers'], settings: Pick<Settings, 'host' | 'publicUrl'>): Refusal | undefined =>
  isOwnHost(host, settings) ? undefined : refusal(403, 'host_not_allowed', 'This server is not known by that name. Its operator can name it in KAIWA_PUBLIC_URL.')

/** Same-origin or no browser at all; the address it came to is ours. Shared with `POST /api/calls`. */
export function refuseForOrigin(headers: Knock['headers'], settings: Pick<Settings, 'host' | 'publicUrl'>): Refusal | undefined {
  const stranger = refuseForHost(headers, settings)
  if (stranger) return stranger
  const { origin } = headers
  if (origin !== undefined) {
    return isOwnOrigin(origin, headers.host, settings.publicUrl) ? undefined : refusal(403, 'origin_not_allowed', 'Pages of another site may not connect here.')
  }
  // A browser always tells its origin on an upgrade: one that doesn't is pretending.
  const browser = headers['sec-fetch-site'] !== undefined || headers['user-agent']?.startsWith('Mozilla/')
  return browser ? refusal(403, 'origin_missing', 'A browser has to say which page it comes from.') : undefined
}

/** Whether a model could be called that. */
export const isModelName = (name: string) => /^[\w.:@/-]{1,128}$/.test(name)
export const conversationBusy = refusal(409, 'conversation_busy', 'A call goes on in that conversation already, perhaps in another window. End it first, or branch off.')
const TICKET_PREFIX = 'kaiwa.ticket.'

/** May this upgrade become a call? Pure but for the ticket, which is spent by being looked at. */
export function admit(knock: Knock, identity: Identity, house: House): Admitted | Refusal {
  const { path, query } = parseTarget(knock.url)
  if (path !== REALTIME_PATH) return refusal(404, 'not_found', `Nothing here speaks WebSocket. The Realtime API is at ${REALTIME_PATH}.`)
  if (knock.method !== 'GET') return refusal(405, 'method_not_allowed', 'A WebSocket begins with GET.')
  if ([...query.keys()].some(key => /ticket|token|key/i.test(key))) {
    return refusal(400, 'secret_in_url', 'Tickets and keys do not belong in an address, where logs keep them. Send the ticket as a subprotocol, a key as a header.')
  }
  if (identity.overPlainHttp) return refusal(426, 'https_required', 'This server is reached by https (wss) only.')
  const offered = offeredIn(knock.headers['sec-websocket-protocol'])
  const fromPage = offered.includes('kaiwa.v1')
  const credential = fromPage ? undefined : credentialIn(knock, offered, house)
  // A secret that a program's token made is meant for pages of other sites; whoever has it may use it there.
  const anywhere = credential?.kind === 'secret' && credential.claim.person.by === 'token'
  const misplaced = anywhere ? refuseForHost(knock.headers, house.settings) : refuseForOrigin(knock.headers, house.settings)
  if (misplaced) return misplaced
  const joins = query.get('call_id') ?? undefined
  if (fromPage) return admitPage(offered, knock, identity, house, joins)
  if (offered.length > 0 && !offered.includes('realtime')) return refusal(400, 'unknown_subprotocol', 'The subprotocols spoken here are `realtime` and, from the page, `kaiwa.v1`.')
  if (joins !== undefined) return admitSideband(joins, credential!, offered, identity, house)
  return admitProgram(query, credential!, offered, identity, house)
}

export type Credential = { kind: 'none' } | { kind: 'secret', claim: SecretClaim } | { kind: 'unknown_secret' } | { kind: 'key' }

export function credentialIn({ headers }: Pick<Knock, 'headers'>, offered: string[], house: House): Credential {
  const key = bearerIn(headers, offered)
  if (key === undefined) return { kind: 'none' }
  if (!key.startsWith(SECRET_PREFIX)) return { kind: 'key' }
  const claim = house.claimOf(key)
  return claim ? { kind: 'secret', claim } : { kind: 'unknown_secret' }
}

function admitProgram(query: URLSearchParams, credential: Credential, offered: string[], identity: Identity, house: House): Admitted | Refusal {
  const known = programOf(credential, identity, house.settings)
  if ('code' in known) return known
  const asked = askOf(query, credential.kind === 'secret' ? credential.claim : { session: undefined })
  if ('code' in asked) return asked
  const full = refuseForRoom(house, known.person)
  if (full) return full
  if (house.isPriced?.(asked.model) === false) return refusal(400, 'model_not_priced', 'That model has no price here, and what is spent is bounded. Whoever runs this server can name its price in KAIWA_PRICES.')
  return { admitted: true, subprotocol: offered.length > 0 ? 'realtime' : undefined, ...asked, person: known.person, policy: 'open', claim: undefined }
}

/** Who a program is. Where nothing is set up keys aren't asked for, and any but a secret passes: clients insist on sending one. */
export function programOf(credential: Credential, { program, caller }: Pick<Identity, 'program' | 'caller'>, settings: Pick<Settings, 'access'>): { person: Person } | Refusal {
  switch (credential.kind) {
    case 'secret': return { person: credential.claim.person }
    case 'unknown_secret': return refusal(401, 'invalid_api_key', 'That ephemeral secret is unknown, or has expired. POST /v1/realtime/client_secrets gives a new one.')
    case 'key':
    case 'none': {
      if (program) return { person: program }
      if (programsAreFree(settings)) return { person: caller }
      return credential.kind === 'key'
        ? refusal(401, 'invalid_api_key', 'That token is not one of this server\'s. Whoever runs it names tokens in KAIWA_API_TOKENS.')
        : refusal(401, 'api_key_missing', 'Programs need a token: send `Authorization: Bearer <token>`. Whoever runs this server names tokens in KAIWA_API_TOKENS.')
    }
    default: return credential satisfies never
  }
}

/** What the session is to be: the address has the word before the secret, but for its kind. */
export function askOf(query: URLSearchParams, { session }: Pick<SecretClaim, 'session'>): Pick<Admitted, 'model' | 'intent' | 'session'> | Refusal {
  const said = query.get('intent') ?? undefined
  if (said !== undefined && said !== 'transcription') return refusal(400, 'invalid_intent', 'The one `intent` there is is `transcription`; leave it out for a conversation.')
  if (said && session?.type === 'realtime') return refusal(400, 'invalid_intent', 'That secret was made for a conversation, not for transcription.')
  const model = query.get('model') ?? (session?.type === 'realtime' ? session.model : undefined)
  if (model !== undefined && !isModelName(model)) return refusal(400, 'invalid_model', 'That is not a model\'s name.')
  return { model, intent: session?.type === 'transcription' ? 'transcription' : said, session: withoutModel(session) }
}

/** The model is settled when the connection is made; as part of an update it could only contradict. */
function withoutModel(session: SecretClaim['session']): SecretClaim['session'] {
  if (session?.type !== 'realtime') return session
  const { model: _settled, ...rest } = session
  return rest
}

/** The API's own words, for one that is gone and for somebody else's alike. */
export const noSuchCall = refusal(404, 'call_id_not_found', 'No session found for the provided call_id.')

/** A builder's connection to a live WebRTC call: no call more. Not with a secret, which is made for browsers (as at OpenAI). */
function admitSideband(joins: string, credential: Credential, offered: string[], identity: Identity, house: House): Admitted | Refusal {
  const known = programOf(credential, identity, house.settings)
  if ('code' in known) return known
  const owner = house.ownerOf(joins)
  if (credential.kind === 'secret' || !owner || !isSamePerson(owner, known.person)) return noSuchCall
  const subprotocol = offered.length > 0 ? 'realtime' as const : undefined
  return { admitted: true, subprotocol, model: undefined, intent: undefined, session: undefined, person: known.person, policy: 'open', claim: undefined, joins }
}

function admitPage(offered: string[], knock: Pick<Knock, 'headers'>, { visitor }: Identity, house: House, joins?: string): Admitted | Refusal {
  const ticket = offered.find(name => name.startsWith(TICKET_PREFIX))?.slice(TICKET_PREFIX.length)
  const claim = admitTicket(ticket, knock, visitor, house, joins)
  if ('code' in claim) return claim
  // Its call may have ended since.
  if (joins !== undefined && !house.ownerOf(joins)) return noSuchCall
  return {
    admitted: true, subprotocol: 'kaiwa.v1', model: undefined, intent: undefined, session: undefined, person: claim.person, policy: 'locked', claim,
    ...(joins !== undefined && { joins }),
  }
}

/** What a page's ticket stands for; `joins`: the WebRTC call that it has to be for. */
export function admitTicket(ticket: string | undefined, { headers: { origin } }: Pick<Knock, 'headers'>, visitor: Identity['visitor'], house: House, joins?: string): TicketClaim | Refusal {
  if (origin === undefined) return refusal(403, 'origin_missing', 'A page has to say where it comes from.')
  if (!visitor) return signInRequired(house.settings)
  // Room first: a ticket isn't spent on a full house, or on somebody who can't answer now. A socket to a live call takes none.
  const asked = ticket === undefined ? undefined : house.lookAt(ticket, origin)
  const full = joins === undefined ? refuseForRoom(house, visitor, asked && house.brainOf(asked.persona)) : undefined
  if (full) return full
  if (joins === undefined && asked?.goesOn && house.inConversation(asked.conversationId)) return conversationBusy
  const claim = ticket === undefined ? undefined : house.redeem(ticket, origin)
  if (!claim || claim.joins !== joins) return refusal(401, 'ticket_refused', 'The ticket is missing, used or too old. Start again to get a new one.')
  if (!isSameSignIn(claim.person, visitor)) return refusal(403, 'ticket_of_another', 'That ticket was given to somebody else. Start again to get one of your own.')
  return claim
}

function parseTarget(target: string): { path: string, query: URLSearchParams } {
  const at = target.indexOf('?')
  return at < 0 ? { path: target, query: new URLSearchParams() } : { path: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) }
}
