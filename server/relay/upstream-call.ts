import { randomBytes } from 'node:crypto'
import { decideDial, parseRetryAfter, type DialFailure, type DialPolicy } from './dial-policy.ts'
import type { RelayFault } from './fault.ts'
import { isSdp, MAX_SDP_BYTES } from './sdp.ts'
import { authorization, codeIn, dialUpstream, pauseFor, upstreamAddress, type DialOptions, type DialResult, type UpstreamAccess } from './upstream.ts'

/** WebRTC calls at an upstream (protocol, "calls" and "Sideband"): made by POST, watched over a WebSocket, ended by POST. */

/** A talker waits for it, and could be talking over the socket by then. */
export const offerPolicy: DialPolicy = { delaysMs: [0, 300, 1000], handshakeMs: 8000, totalMs: 10_000 }
/** An upstream lets nobody join before ICE and DTLS are up; its 404 itself may take 5 s. */
export interface LivePolicy { withinMs: number, delaysMs: readonly number[] }
export const livePolicy: LivePolicy = { withinMs: 20_000, delaysMs: [150, 250, 500, 1000] }
/** Nobody hears the model's words meanwhile, and a page waits for them. */
export const rejoinPolicy: DialPolicy = { delaysMs: [0, 500, 1000, 2000, 3000], handshakeMs: 3000, totalMs: 8000 }
const HANG_UP_MS = 3000
const HANG_UP_TRIES = 2
const HANG_UP_AGAIN_MS = 300

export type OfferResult = { ok: true, sdp: string, callId: string } | { ok: false, fault: RelayFault }

export interface CallOptions extends DialOptions { offering?: DialPolicy, live?: LivePolicy, rejoining?: DialPolicy }

const callsUrl = ({ baseUrl }: UpstreamAccess, rest = '') => {
  const url = new URL(baseUrl)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/realtime/calls${rest}`
  return url
}

/**
 * `POST …/realtime/calls`, multipart with the offer and what the session begins with, both byte for byte (OpenAI, Azure and compatible
 * servers alike). A try that failed on the way, or that the upstream asks to repeat, is repeated: a call that nobody joins costs nothing.
 * Never rejects; an aborted one reports `timeout`.
 */
export async function offerUpstream(
  access: UpstreamAccess, { sdp, session, headers }: { sdp: string, session: object, headers?: Record<string, string> }, options: CallOptions,
): Promise<OfferResult> {
  const policy = options.offering ?? offerPolicy
  const random = options.random ?? Math.random
  const startedAtMs = performance.now()
  const elapsedMs = () => performance.now() - startedAtMs
  const form = multipart({ sdp: ['application/sdp', sdp], session: ['application/json', JSON.stringify(session)] })
  for (let tries = 1; ; tries++) {
    const timeoutMs = Math.max(1, Math.min(policy.handshakeMs, policy.totalMs - elapsedMs()))
    const request = { headers: { ...authorization(access), ...headers, ...form.headers }, body: form.body }
    const outcome = await post(callsUrl(access), request, timeoutMs, options.signal)
    if (!('kind' in outcome)) return readAnswer(outcome)
    const decision = decideDial(outcome, tries, elapsedMs(), random(), policy)
    if (options.signal.aborted) return { ok: false, fault: { code: 'upstream_unreachable', why: 'timeout', tries } }
    if (decision.do === 'give_up') return { ok: false, fault: offerFault(decision.fault) }
    await pauseFor(decision.afterMs, options.signal)
    options.onRetry?.()
  }
}

/** What is wrong with the offer is its maker's to know, not the operator's. */
const offerFault = (fault: RelayFault): RelayFault => fault.code === 'upstream_refused' && (fault.saidCode === 'invalid_offer' || fault.saidCode === 'invalid_sdp')
  ? { code: 'offer_refused', why: 'The model\'s provider could not read it.' }
  : fault

function readAnswer({ text, location }: Posted): OfferResult {
  if (text === undefined) return { ok: false, fault: { code: 'upstream_no_answer', what: 'too_long' } }
  if (!isSdp(text)) return { ok: false, fault: { code: 'upstream_no_answer', what: 'not_sdp' } }
  const callId = location?.split('?')[0]!.split('/').at(-1) ?? ''
  // Without it there is no sideband, and no hang-up.
  return /^[\w-]{1,128}$/.test(callId) ? { ok: true, sdp: text, callId } : { ok: false, fault: { code: 'upstream_no_answer', what: 'no_call_id' } }
}

/** `wss …/realtime?call_id=`, tried until the call is live. Never rejects. */
export async function dialSideband(access: UpstreamAccess, callId: string, options: CallOptions): Promise<DialResult> {
  const { withinMs, delaysMs } = options.live ?? livePolicy
  const untilMs = performance.now() + withinMs
  for (let tries = 0; ; tries++) {
    const result = await dialUpstream(upstreamAddress(access, { call_id: callId }), options)
    const isEarly = !result.ok && result.fault.code === 'upstream_refused' && result.fault.status === 404
    if (!isEarly || options.signal.aborted) return result
    const delayMs = delaysMs[Math.min(tries, delaysMs.length - 1)] ?? 1000
    if (performance.now() + delayMs >= untilMs) return { ok: false, fault: { code: 'webrtc_not_connected', seconds: Math.round(withinMs / 1000) } }
    await pauseFor(delayMs, options.signal)
  }
}

/** The same for one that dropped: a call that was live and isn't known (404) is over, and not waited for. Never rejects. */
export const rejoinSideband = (access: UpstreamAccess, callId: string, options: CallOptions): Promise<DialResult> =>
  dialUpstream(upstreamAddress(access, { call_id: callId }), { ...options, policy: options.rejoining ?? rejoinPolicy })

/** `POST …/hangup`; a call that is gone (404) counts as ended. Tried twice; what went wrong, if it couldn't be ended. Never rejects. */
export async function hangUpUpstream(access: UpstreamAccess, callId: string): Promise<RelayFault | undefined> {
  const never = new AbortController().signal
  for (let tries = 1; ; tries++) {
    const outcome = await post(callsUrl(access, `/${callId}/hangup`), { headers: authorization(access) }, HANG_UP_MS, never)
    if (!('kind' in outcome) || (outcome.kind === 'http' && outcome.status === 404)) return undefined
    // No policy for retries: the money runs.
    if (tries === HANG_UP_TRIES) return faultOf(outcome, tries)
    await pauseFor(HANG_UP_AGAIN_MS, never)
  }
}

function faultOf(failure: DialFailure, tries: number): RelayFault {
  const decision = decideDial(failure, tries, 0, 0, { delaysMs: [], handshakeMs: 0, totalMs: 0 })
  return decision.do === 'give_up' ? decision.fault : { code: 'upstream_unreachable', why: 'timeout', tries }
}

/** `text` undefined: longer than any SDP. */
interface Posted { text: string | undefined, location: string | undefined }

async function post(
  url: URL, { headers, body }: { headers: Record<string, string>, body?: string }, timeoutMs: number, signal: AbortSignal,
): Promise<Posted | DialFailure> {
  const late = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, { method: 'POST', headers, body: body ?? null, redirect: 'manual', signal: AbortSignal.any([signal, late]) })
    const text = await boundedText(response)
    if (response.ok) return { text, location: response.headers.get('location') ?? undefined }
    const retryAfter = response.headers.get('retry-after') ?? undefined
    return { kind: 'http', status: response.status, saidCode: codeIn(text ?? ''), retryAfterMs: parseRetryAfter(retryAfter, Date.now()) }
  } catch (error) {
    return late.aborted || signal.aborted ? { kind: 'timeout' } : { kind: 'network', code: networkCode(error) }
  }
}

/** What `fetch` failed of, in the words of Node's sockets. */
function networkCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause as NodeJS.ErrnoException | undefined : undefined
  return cause?.code === 'UND_ERR_SOCKET' ? 'ECONNRESET' : cause?.code === 'UND_ERR_CONNECT_TIMEOUT' ? 'ETIMEDOUT' : cause?.code
}

async function boundedText(response: Response): Promise<string | undefined> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response.body ?? []) {
    bytes += piece.length
    // Leaving the loop lets the connection go.
    if (bytes > MAX_SDP_BYTES) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

/** RFC 7578, with a type for each part and no file names. `FormData` would write line breaks of its own into the SDP. */
function multipart(parts: Record<string, [type: string, text: string]>): { headers: Record<string, string>, body: string } {
  const boundary = `kaiwa${randomBytes(18).toString('hex')}`
  const body = Object.entries(parts).map(([name, [type, text]]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: ${type}\r\n\r\n${text}\r\n`).join('')
  return { headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}`, Accept: 'application/sdp' }, body: `${body}--${boundary}--\r\n` }
}
