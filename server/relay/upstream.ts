import type { IncomingMessage } from 'node:http'
import { dialWebSocket } from './dial-websocket.ts'
import { decideDial, dialPolicy, parseRetryAfter, type DialFailure, type DialPolicy } from './dial-policy.ts'
import type { RelayFault } from './fault.ts'
import type { Link } from './link.ts'
import type { Ticker } from './ticker.ts'
import { defaultHeartbeat, linkOfLine, type Heartbeat } from './websocket-link.ts'

/** A 15 MiB append is 20 MiB of base64; the rest of the event fits beside it. */
export const MAX_EVENT_BYTES = 21 * 1024 * 1024
const MAX_REFUSAL_BYTES = 8 * 1024
const REFUSAL_BODY_MS = 1000

export interface UpstreamAddress { url: string, headers: Record<string, string> }

export type DialResult = { ok: true, link: Link } | { ok: false, fault: RelayFault }

export interface DialOptions {
  signal: AbortSignal
  policy?: DialPolicy
  random?: () => number
  heartbeat?: Heartbeat
  ticker?: Ticker
  /** It is tried once more for the same call. */
  onRetry?(): void
}

/** How an upstream is reached. */
export interface UpstreamAccess { key: string | undefined, baseUrl: URL, /** @default 'bearer' */ keyAs?: 'api-key' | 'bearer' }

export function authorization({ key, keyAs }: UpstreamAccess): Record<string, string> {
  if (!key) return {}
  return keyAs === 'api-key' ? { 'api-key': key } : { Authorization: `Bearer ${key}` }
}

/**
 * Where a session is opened: `wss://…/realtime?model=…` with `Authorization: Bearer` (OpenAI) or `api-key` (Azure, GA address form
 * `https://<resource>.openai.azure.com/openai/v1`, model = deployment); `?intent=transcription` instead of a model for a session that only listens,
 * `?call_id=` for the sideband of a WebRTC call. `https` becomes `wss`, `http` becomes `ws`.
 */
export function upstreamAddress(access: UpstreamAccess, query: { model: string } | { intent: 'transcription' } | { call_id: string }): UpstreamAddress {
  const url = new URL(access.baseUrl)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/realtime`
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return { url: url.href, headers: authorization(access) }
}

/** Dials until it is open, or there is a fault to report. Resolves; never rejects. An aborted dial reports `timeout`. */
export async function dialUpstream(address: UpstreamAddress, options: DialOptions): Promise<DialResult> {
  const policy = options.policy ?? dialPolicy
  const random = options.random ?? Math.random
  const startedAt = performance.now()
  const elapsedMs = () => performance.now() - startedAt
  for (let tries = 1; ; tries++) {
    const outcome = await tryOnce(address, Math.max(1, Math.min(policy.handshakeMs, policy.totalMs - elapsedMs())), options)
    if ('link' in outcome) return { ok: true, link: outcome.link }
    const decision = decideDial(outcome, tries, elapsedMs(), random(), policy)
    if (decision.do === 'give_up' || options.signal.aborted) {
      return { ok: false, fault: decision.do === 'give_up' ? decision.fault : { code: 'upstream_unreachable', why: 'timeout', tries } }
    }
    await pauseFor(decision.afterMs, options.signal)
    if (!options.signal.aborted) options.onRetry?.()
  }
}

export function pauseFor(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, delayMs)
    signal.addEventListener('abort', done)
  })
}

async function tryOnce({ url, headers }: UpstreamAddress, handshakeMs: number, options: DialOptions): Promise<DialFailure | { link: Link }> {
  const { signal, heartbeat = defaultHeartbeat, ticker } = options
  const dialled = await dialWebSocket(url, { headers, withinMs: handshakeMs, signal })
  switch (dialled.how) {
    case 'open': return { link: linkOfLine({ ...dialled.line, maxBytes: MAX_EVENT_BYTES }, heartbeat, ticker) }
    case 'timeout': return { kind: 'timeout' }
    case 'failed': return { kind: 'network', code: dialled.code }
    case 'refused': return {
      kind: 'http',
      status: dialled.response.statusCode ?? 0,
      saidCode: await readRefusal(dialled.response),
      retryAfterMs: parseRetryAfter(dialled.response.headers['retry-after'], Date.now()),
    }
    default: return dialled satisfies never
  }
}

/** The `error.code` of a refusal's body, if it has one; reads at most 8 kB and waits at most a second. */
function readRefusal(response: IncomingMessage): Promise<string | undefined> {
  return new Promise(resolve => {
    let body = ''
    const done = () => {
      clearTimeout(timer)
      response.destroy()
      resolve(codeIn(body))
    }
    const timer = setTimeout(done, REFUSAL_BODY_MS)
    response.setEncoding('utf8')
    response.on('data', (piece: string) => { if ((body += piece).length > MAX_REFUSAL_BYTES) done() })
    response.on('end', done)
    response.on('error', done)
    response.on('close', done)
  })
}

/** The `error.code` of a body in the API's form. */
export function codeIn(body: string): string | undefined {
  try {
    const parsed = JSON.parse(body) as { error?: { code?: unknown } } | null
    const code = parsed?.error?.code
    return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : undefined
  } catch {
    return undefined
  }
}
