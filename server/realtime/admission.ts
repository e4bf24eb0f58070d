import { SECRET_PREFIX, type SecretClaim } from '../auth/client-secret.ts'
import { isOwnHost, isOwnOrigin } from '../auth/origin.ts'
import type { Person } from '../auth/person.ts'
import type { TicketClaim } from '../auth/ticket.ts'
import { isLoopbackHost, type Settings } from '../config/settings.ts'
import type { Refusal as RefusalBody } from '../../shared/calls.ts'

export const REALTIME_PATH = '/v1/realtime'

/** What the door knows of an upgrade before anything is done. */
export interface Knock {
  method: string
  /** Path and query. */
  url: string
  headers: { host?: string, origin?: string, 'user-agent'?: string, 'sec-fetch-site'?: string | string[], 'sec-websocket-protocol'?: string, authorization?: string }
  remoteAddress: string | undefined
}

/** What it knows of the house. */
export interface House {
  settings: Pick<Settings, 'host' | 'publicUrl' | 'maxCalls' | 'maxCallsPerUser' | 'countLoopbackUsers'>
  draining: boolean
  liveCalls: number
  /** The embedded engine hears as many people as it can. */
  atCapacity: boolean
  callsOf(person: Person): number
  /** The model's provider takes no new calls for this long. */
  upstreamQuietMs: number
  redeem(ticket: string, origin: string): TicketClaim | undefined
  /** What an ephemeral secret stands for, as long as it is good. */
  claimOf(secret: string): SecretClaim | undefined
}

export interface Refusal {
  admitted: false
  status: 400 | 401 | 403 | 404 | 405 | 429 | 503
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
}

const refusal = (status: Refusal['status'], code: string, message: string, retryAfterSeconds?: number): Refusal =>
  ({ admitted: false, status, code, message, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) })

/** JSON body of a refusal. */
export function refusalBody({ status, code, message, param }: Pick<Refusal, 'status' | 'code' | 'message' | 'param'>): RefusalBody {
  const type = status >= 500 ? 'server_error' : status === 429 ? 'rate_limit_error' : 'invalid_request_error'
  return { error: { type, code, message, ...(param === undefined ? {} : { param }) } }
}

/**
 * Who a connection counts for, until there is sign-in: its network address. This machine's own is not one person (a proxy
 * stands there, or the operator), unless the cap was set on purpose.
 */
export function callerAt(remoteAddress: string | undefined, countLoopback: boolean): Person {
  const address = remoteAddress?.replace(/^::ffff:/, '')
  return { by: 'anonymous', id: !address || (isLoopbackHost(address) && !countLoopback) ? undefined : address }
}

/** Room for one more call? The same question for the page's `POST /api/calls` and for the upgrade. */
export function refuseForRoom(house: House, person: Person): Refusal | undefined {
  const { maxCalls, maxCallsPerUser } = house.settings
  if (house.draining) return refusal(503, 'server_draining', 'The server is stopping and takes no new calls. Try again in a moment.', 5)
  if (house.liveCalls >= maxCalls) return refusal(503, 'server_full', `All ${maxCalls} lines are busy. Try again in a minute.`, 60)
  if (house.atCapacity) return refusal(503, 'server_full', 'As many people are speaking as this machine can understand at once. Try again in a moment.', 5)
  if (person.id !== undefined && house.callsOf(person) >= maxCallsPerUser) {
    return refusal(429, 'too_many_calls', `You already have ${maxCallsPerUser} calls; end one to begin another.`, 10)
  }
  if (house.upstreamQuietMs > 0) {
    return refusal(429, 'rate_limit_exceeded', 'The model\'s provider takes no more calls at the moment. Try again a little later.', Math.ceil(house.upstreamQuietMs / 1000))
  }
  return undefined
}

/** Same-origin or no browser at all; the address it came to is ours. Shared with `POST /api/calls`. */
export function refuseForOrigin(headers: Knock['headers'], settings: House['settings']): Refusal | undefined {
  if (!isOwnHost(headers.host, settings)) {
    return refusal(403, 'host_not_allowed', 'This server is not known by that name. Its operator can name it in KAIWA_PUBLIC_URL.')
  }
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
const TICKET_PREFIX = 'kaiwa.ticket.'
const KEY_PREFIX = 'openai-insecure-api-key.'

/** May this upgrade become a call? Pure but for the ticket, which is spent by being looked at. */
export function admit(knock: Knock, house: House): Admitted | Refusal {
  const { path, query } = parseTarget(knock.url)
  if (path !== REALTIME_PATH) return refusal(404, 'not_found', `Nothing here speaks WebSocket. The Realtime API is at ${REALTIME_PATH}.`)
  if (knock.method !== 'GET') return refusal(405, 'method_not_allowed', 'A WebSocket begins with GET.')
  if ([...query.keys()].some(key => /ticket|token|key/i.test(key))) {
    return refusal(400, 'secret_in_url', 'Tickets and keys do not belong in an address, where logs keep them. Send the ticket as a subprotocol, a key as a header.')
  }
  const misplaced = refuseForOrigin(knock.headers, house.settings)
  if (misplaced) return misplaced
  const person = callerAt(knock.remoteAddress, house.settings.countLoopbackUsers)
  const offered = (knock.headers['sec-websocket-protocol'] ?? '').split(',').map(name => name.trim()).filter(Boolean)
  if (offered.includes('kaiwa.v1')) return admitPage(offered, knock, house, person)
  if (offered.length > 0 && !offered.includes('realtime')) return refusal(400, 'unknown_subprotocol', 'The subprotocols spoken here are `realtime` and, from the page, `kaiwa.v1`.')
  if (query.has('call_id')) return refusal(404, 'call_id_not_found', 'No session found for the provided call_id.')
  const secret = secretIn(knock.headers, offered)
  const held = secret === undefined ? { session: undefined } : house.claimOf(secret)
  if (!held) return refusal(401, 'invalid_api_key', 'That ephemeral secret is unknown, or has expired. POST /v1/realtime/client_secrets gives a new one.')
  const asked = askOf(query, held)
  if ('code' in asked) return asked
  return refuseForRoom(house, person) ?? { admitted: true, subprotocol: offered.length > 0 ? 'realtime' : undefined, ...asked, person, policy: 'open', claim: undefined }
}

/**
 * The ephemeral secret among the headers: `Authorization: Bearer ek_…`, or a browser's subprotocol, which can set no header.
 * Keys of another kind aren't asked for here, and pass.
 */
function secretIn({ authorization = '' }: Knock['headers'], offered: string[]): string | undefined {
  const keys = [/^Bearer +(\S+)$/i.exec(authorization)?.[1], ...offered.filter(name => name.startsWith(KEY_PREFIX)).map(name => name.slice(KEY_PREFIX.length))]
  return keys.find(key => key?.startsWith(SECRET_PREFIX))
}

/** What the session is to be: the address has the word before the secret, but for its kind. */
function askOf(query: URLSearchParams, { session }: SecretClaim): Pick<Admitted, 'model' | 'intent' | 'session'> | Refusal {
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

function admitPage(offered: string[], knock: Knock, house: House, person: Person): Admitted | Refusal {
  const { origin } = knock.headers
  if (origin === undefined) return refusal(403, 'origin_missing', 'A page has to say where it comes from.')
  // Room first: a ticket isn't spent on a full house.
  const full = refuseForRoom(house, person)
  if (full) return full
  const ticket = offered.find(name => name.startsWith(TICKET_PREFIX))?.slice(TICKET_PREFIX.length)
  const claim = ticket === undefined ? undefined : house.redeem(ticket, origin)
  return claim
    ? { admitted: true, subprotocol: 'kaiwa.v1', model: undefined, intent: undefined, session: undefined, person, policy: 'locked', claim }
    : refusal(401, 'ticket_refused', 'The ticket is missing, used or too old. Start again to get a new one.')
}

function parseTarget(target: string): { path: string, query: URLSearchParams } {
  const at = target.indexOf('?')
  return at < 0 ? { path: target, query: new URLSearchParams() } : { path: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) }
}
