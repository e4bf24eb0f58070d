/** Why a session can't begin or go on, with the facts that the sentence needs. */
export type RelayFault
  = | { code: 'upstream_unreachable', why: 'refused' | 'dns' | 'timeout' | 'reset' | 'certificate' | 'not_websocket', tries: number }
    | { code: 'upstream_refused', /** Of the handshake; undefined: it was refused after that, in an `error` event. */ status: number | undefined, /** The refusal's own code, when it gave one. */ saidCode: string | undefined, retryAfterMs: number | undefined }
    | { code: 'upstream_lost', closeCode: number, reason: string }
    /** The provider's own limit on a session's length. */
    | { code: 'session_expired' }
    | { code: 'upstream_stalled', unsentBytes: number }
    | { code: 'upstream_babble', count: number }
    /** No WebRTC with whoever answers; `why` is a sentence. */
    | { code: 'webrtc_unavailable', why: string }
    /** The caller's SDP isn't one that a call can be made of; `why` is a sentence. */
    | { code: 'offer_refused', why: string }
    /** Asked to answer a WebRTC offer, the upstream said something else. */
    | { code: 'upstream_no_answer', what: 'too_long' | 'not_sdp' | 'no_call_id' }
    /** The server's own connection to a WebRTC call is gone, and with it every limit and the bill. */
    | { code: 'sideband_lost', closeCode: number }
    /** An answered WebRTC call that no sound ever went through. */
    | { code: 'webrtc_not_connected', seconds: number }
    | { code: 'client_too_slow', unreadBytes: number }
    | { code: 'engine_failed', detail: string }
    | { code: 'call_too_long', minutes: number }
    | { code: 'call_idle', seconds: number }
    | { code: 'server_draining' }
    | { code: 'upstream_resting', retryAfterMs: number }
    | { code: 'client_too_fast', what: 'bytes' | 'events' }
    | { code: 'rules_broken', what: 'unknown_events' }
    | { code: 'budget_spent', of: 'call' | 'person' | 'everyone' }
    | { code: 'signed_out' }
    | { code: 'access_withdrawn' }

/** What the client is told: the `error` event, then the close. */
export interface FaultNotice {
  type: 'invalid_request_error' | 'server_error' | 'rate_limit_error'
  /** Where the API has a code for it, that one; else ours. */
  code: string
  message: string
  closeCode: number
}

const unreachable: Record<Extract<RelayFault, { code: 'upstream_unreachable' }>['why'], string> = {
  refused: 'nothing answers at its address',
  dns: 'its address could not be found',
  timeout: 'it did not answer in time',
  reset: 'the connection broke while it was being made',
  certificate: 'its certificate is not trusted',
  not_websocket: 'what answers there does not speak WebSocket',
}

const quotaCodes = new Set(['insufficient_quota', 'billing_hard_limit_reached'])
const keyCodes = new Set(['invalid_api_key', 'account_deactivated'])
const modelCodes = new Set(['model_not_found', 'invalid_model', 'missing_model'])

/** The sentence for a refusal, by what it said, else by its status. */
function describeRefusal({ status, saidCode, retryAfterMs }: Extract<RelayFault, { code: 'upstream_refused' }>): FaultNotice {
  const said = saidCode ?? ''
  const http = status === undefined ? said : `HTTP ${status}`
  if (quotaCodes.has(said)) {
    return { type: 'rate_limit_error', code: 'insufficient_quota', closeCode: 4000, message: `The account at the model's provider has no credit left (${http}). Whoever runs this server has to top it up.` }
  }
  if (status === 401 || status === 403 || keyCodes.has(said)) {
    return { type: 'invalid_request_error', code: 'invalid_api_key', closeCode: 3000, message: `The model's provider refused the server's API key (${http}). Whoever runs this server has to check OPENAI_API_KEY.` }
  }
  if (status === 429 || said === 'rate_limit_exceeded') {
    const wait = retryAfterMs === undefined ? 'in a minute' : `in ${Math.max(1, Math.ceil(retryAfterMs / 1000))} s`
    return { type: 'rate_limit_error', code: 'rate_limit_exceeded', closeCode: 4000, message: `The model's provider takes no more calls at the moment (${http}). Try again ${wait}.` }
  }
  if (status === 404 || status === 400 || modelCodes.has(said)) {
    return { type: 'invalid_request_error', code: 'model_not_found', closeCode: 4000, message: `The model's provider does not know this model or address (${http}). Whoever runs this server has to check KAIWA_MODEL and OPENAI_BASE_URL.` }
  }
  return { type: 'server_error', code: 'upstream_unavailable', closeCode: 1011, message: `The model's provider can't take the call (${http}). Try again in a moment.` }
}

/** One sentence that says what happened and what to do, with the codes of the wire. Holds no secret. */
export function describeFault(fault: RelayFault): FaultNotice {
  switch (fault.code) {
    case 'upstream_refused': return describeRefusal(fault)
    case 'upstream_unreachable': {
      const tried = fault.tries > 1 ? ` after ${fault.tries} tries` : ''
      return { type: 'server_error', code: 'upstream_unavailable', closeCode: 1011, message: `The model could not be reached${tried}: ${unreachable[fault.why]}. Try again in a moment.` }
    }
    case 'upstream_lost':
      return {
        type: 'server_error', code: 'upstream_lost', closeCode: closeCodeAfter(fault.closeCode),
        message: `The model ended the session (${fault.closeCode}). Start again to go on talking.`,
      }
    case 'session_expired':
      return { type: 'invalid_request_error', code: 'session_expired', closeCode: 1001, message: 'The model keeps no conversation longer than this one was. Start again to go on talking.' }
    case 'upstream_stalled':
      return { type: 'server_error', code: 'upstream_lost', closeCode: 1011, message: 'The model stopped listening. Start again to go on talking.' }
    case 'upstream_babble':
      return { type: 'server_error', code: 'upstream_lost', closeCode: 1011, message: 'The model\'s answers could not be understood. Start again to go on talking.' }
    case 'client_too_slow':
      return { type: 'invalid_request_error', code: 'client_too_slow', closeCode: 4008, message: 'The line was too slow to carry the answer. Start again, on a better network if you can.' }
    case 'webrtc_unavailable':
      return { type: 'server_error', code: 'webrtc_unavailable', closeCode: 1011, message: `WebRTC can't be had here: ${fault.why} Connect by WebSocket instead.` }
    case 'offer_refused':
      return { type: 'invalid_request_error', code: 'invalid_offer', closeCode: 4000, message: `No call can be made of this SDP offer: ${fault.why}` }
    case 'upstream_no_answer':
      return { type: 'server_error', code: 'upstream_unavailable', closeCode: 1011, message: `The model's provider did not answer the WebRTC offer: ${noAnswer[fault.what]}. Connect by WebSocket instead.` }
    case 'sideband_lost':
      return { type: 'server_error', code: 'sideband_lost', closeCode: 1011, message: 'This server lost its own connection to the call, so the call was ended. Start again to go on talking.' }
    case 'webrtc_not_connected':
      return { type: 'invalid_request_error', code: 'webrtc_not_connected', closeCode: 4000, message: `The WebRTC call did not connect within ${fault.seconds} s; the network may not let UDP through. Connect by WebSocket instead.` }
    case 'engine_failed':
      return { type: 'server_error', code: 'engine_failed', closeCode: 1011, message: `The embedded engine could not answer. ${fault.detail}` }
    case 'call_too_long':
      return { type: 'server_error', code: 'call_too_long', closeCode: 1001, message: `The call reached its limit of ${fault.minutes} minutes. Start again to go on talking.` }
    case 'call_idle':
      return { type: 'server_error', code: 'call_idle', closeCode: 1001, message: `Nobody spoke for ${fault.seconds} seconds, so the call was ended. Start again to go on talking.` }
    case 'server_draining':
      return { type: 'server_error', code: 'server_draining', closeCode: 1001, message: 'The server is stopping. Start again in a moment.' }
    case 'upstream_resting':
      return { type: 'server_error', code: 'upstream_unavailable', closeCode: 1011, message: `The model could not be reached several times in a row. Try again in ${Math.max(1, Math.ceil(fault.retryAfterMs / 1000))} s.` }
    case 'client_too_fast':
      return { type: 'rate_limit_error', code: 'client_too_fast', closeCode: 4029, message: `More ${fault.what} arrived than a conversation needs. Connect again and send audio no faster than it is spoken.` }
    case 'rules_broken':
      return { type: 'invalid_request_error', code: 'rules_broken', closeCode: 1008, message: 'Too many events arrived that this server does not know. Connect again with a client that speaks the Realtime API.' }
    case 'budget_spent':
      return { type: 'rate_limit_error', code: 'budget_spent', closeCode: 1001, message: spent[fault.of] }
    case 'signed_out':
      return { type: 'invalid_request_error', code: 'signed_out', closeCode: 4001, message: 'You signed out, so the call was ended. Sign in to talk again.' }
    case 'access_withdrawn':
      return { type: 'invalid_request_error', code: 'access_withdrawn', closeCode: 4003, message: 'You may no longer talk here. Ask whoever runs this server.' }
    default: return assertNever(fault)
  }
}

const noAnswer: Record<Extract<RelayFault, { code: 'upstream_no_answer' }>['what'], string> = {
  too_long: 'what came back is too long',
  not_sdp: 'what came back is no SDP',
  no_call_id: 'it named no call',
}

const spent: Record<Extract<RelayFault, { code: 'budget_spent' }>['of'], string> = {
  call: 'This call has used the money set aside for one call. Start again to go on talking.',
  person: 'You have used your money for today. You can talk again tomorrow (UTC).',
  everyone: 'Today\'s money for everyone on this server is used up. It can be talked to again tomorrow (UTC).',
}

/** What our client's line closes with after an upstream's close: the same where it means the same to the client. */
export function closeCodeAfter(upstreamCode: number): number {
  return [1000, 1001, 1008, 1009].includes(upstreamCode) || (upstreamCode >= 3000 && upstreamCode <= 4999) ? upstreamCode : 1011
}

const assertNever = (value: never): never => { throw new Error(`not reachable: ${JSON.stringify(value)}`) }

/** The `error` event of the protocol. */
export function errorEvent({ type, code, message }: Pick<FaultNotice, 'type' | 'code' | 'message'>, eventId: string): string {
  return JSON.stringify({ type: 'error', event_id: eventId, error: { type, code, message, param: null, event_id: null } })
}

export const closeReason = ({ type, code }: { type: string, code: string }) => `${type}.${code}`
