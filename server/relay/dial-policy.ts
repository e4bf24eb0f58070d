import type { RelayFault } from './fault.ts'

/** What one try to reach the upstream came to. */
export type DialFailure
  = | { kind: 'network', code: string | undefined }
    | { kind: 'timeout' }
    | { kind: 'http', status: number, saidCode: string | undefined, retryAfterMs: number | undefined }

export interface DialPolicy {
  /** Delay before the n-th try, at most; full jitter spreads callers who failed together. */
  delaysMs: readonly number[]
  /** One handshake. */
  handshakeMs: number
  /** All tries together: after that a talker wants to know. */
  totalMs: number
}

export const dialPolicy: DialPolicy = { delaysMs: [0, 300, 1000, 3000], handshakeMs: 10_000, totalMs: 10_000 }

export type DialDecision = { do: 'retry', afterMs: number } | { do: 'give_up', fault: RelayFault }

const DNS = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME'])
const REFUSED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EADDRNOTAVAIL', 'ENOENT'])
const RESET = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED'])
/** OpenSSL's verification codes, as Node spells them. */
const CERTIFICATE = /CERT|^ERR_TLS|SIGNATURE|^EPROTO$|^ERR_SSL|^HOSTNAME_MISMATCH$/

function networkFault(code: string | undefined, tries: number): Extract<RelayFault, { code: 'upstream_unreachable' }> {
  const why = code === undefined
    ? 'not_websocket'
    : DNS.has(code) ? 'dns' : REFUSED.has(code) ? 'refused' : RESET.has(code) ? 'reset' : code === 'ETIMEDOUT' ? 'timeout' : CERTIFICATE.test(code) ? 'certificate' : 'not_websocket'
  return { code: 'upstream_unreachable', why, tries }
}

function faultOf(failure: DialFailure, tries: number): RelayFault {
  switch (failure.kind) {
    case 'network': return networkFault(failure.code, tries)
    case 'timeout': return { code: 'upstream_unreachable', why: 'timeout', tries }
    case 'http': return { code: 'upstream_refused', status: failure.status, saidCode: failure.saidCode, retryAfterMs: failure.retryAfterMs }
    default: return failure satisfies never
  }
}

function mayHeal(failure: DialFailure): boolean {
  switch (failure.kind) {
    case 'network': {
      const { why } = networkFault(failure.code, 1)
      return why === 'refused' || why === 'dns' || why === 'reset'
    }
    // It had all the time there is.
    case 'timeout': return false
    case 'http': return failure.status >= 500 || (failure.status === 429 && failure.retryAfterMs !== undefined && failure.saidCode !== 'insufficient_quota')
    default: return failure satisfies never
  }
}

/**
 * After the `tries`-th failed try: another one, or the fault to report. A refusal that won't heal (401, 403, 404, a bad
 * certificate) isn't repeated; a `Retry-After` is kept to exactly, or not at all when it asks for more than is left.
 * @param random 0 to 1
 */
export function decideDial(failure: DialFailure, tries: number, elapsedMs: number, random: number, policy = dialPolicy): DialDecision {
  const ceilingMs = policy.delaysMs[tries]
  const fault = faultOf(failure, tries)
  if (ceilingMs === undefined || !mayHeal(failure)) return { do: 'give_up', fault }
  const askedMs = failure.kind === 'http' ? failure.retryAfterMs : undefined
  const afterMs = askedMs ?? Math.round(ceilingMs * random)
  return elapsedMs + afterMs >= policy.totalMs ? { do: 'give_up', fault } : { do: 'retry', afterMs }
}

/** RFC 9110 10.2.3: seconds, or a date. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (!header) return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000
  const dateMs = Date.parse(header)
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs)
}
