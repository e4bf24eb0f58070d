import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Identify, Identity } from '../auth/identify.ts'
import type { Log } from '../log.ts'
import type { PersonaRef } from '../personas/persona.ts'
import type { CastPersona } from '../personas/personas.ts'
import { MAX_PAGE_EVENT_BYTES } from '../policy/client-gate.ts'
import { closeReason, errorEvent } from '../relay/fault.ts'
import type { Handshake } from '../relay/handshake.ts'
import type { Link } from '../relay/link.ts'
import { MAX_EVENT_BYTES } from '../relay/upstream.ts'
import { defaultHeartbeat, type Heartbeat } from '../relay/websocket-link.ts'
import type { Ticker } from '../relay/ticker.ts'
import { admit, refusalBody, type Admitted, type House, type Refusal } from './admission.ts'
import type { Calls } from './calls.ts'
import { createClientLines } from './client-lines.ts'
import { instance } from './current.ts'
import { MAX_ATTACHED, type Seat } from './fan-link.ts'
import { noteRefusal, type Refused } from './refusal-line.ts'
import { modelOf } from './session-configuration.ts'
import type { WebrtcCalls } from './webrtc-calls.ts'

export interface Door {
  /** WebSockets that are open. */
  readonly connections: number
  /** Sent, and not yet taken from us: over all of them. */
  readonly unreadBytes: number
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Waits until every socket has said goodbye, at most so long; then cuts the rest. */
  close(withinMs: number): Promise<void>
}

export interface DoorOptions {
  house: House
  /** Who knocks; without network, so it is done at once. */
  identify: Identify
  calls: Calls
  webrtcCalls: Pick<WebrtcCalls, 'attach'>
  /** Whom a page's ticket is for; undefined: that one is gone, or nobody can answer for it. */
  recall(persona: PersonaRef | undefined): Extract<CastPersona, { able: true }> | undefined
  ids: (prefix: string) => string
  log: Log
  heartbeat?: Heartbeat
  ticker?: Ticker
  /** Of a program's event; a page's is bounded by what a page has to say. */
  maxEventBytes?: number
  /** What every refusal has, beside its own. */
  headers?: readonly [name: string, value: string][]
  onRefused?(code: string): void
}

/** A refused caller has this long to read why. */
const REFUSAL_MS = 2000
const CLOSE_CHECK_MS = 20
/** Nothing takes that long; if it does, the caller isn't kept. */
const IDENTIFY_MS = 5000

/**
 * Every WebSocket comes through here: admitted and given to the calls, or answered in plain HTTP. Lines of our own and not Nitro's
 * adapter, for native masking (bufferutil), payload limits, backpressure, and text told apart from binary (docs/decisions/0014).
 */
export function createDoor(options: DoorOptions): Door {
  const { house, identify, calls, webrtcCalls, recall, ids, log, ticker, headers = [], onRefused } = options
  const { heartbeat = defaultHeartbeat, maxEventBytes = MAX_EVENT_BYTES } = options
  const lines = createClientLines(heartbeat, ticker)

  function refuse(socket: Duplex, refusal: Parameters<typeof answer>[1], whom: Refused) {
    noteRefusal(log, 'connection', refusal, whom)
    onRefused?.(refusal.code)
    answer(socket, refusal, headers)
  }

  function handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer) {
    // First of all: a reset at any later moment would be an uncaught exception.
    socket.on('error', () => undefined)
    const impatience = setTimeout(() => socket.destroy(), IDENTIFY_MS)
    void identify({ headers: request.headers, remoteAddress: request.socket.remoteAddress }).then(identity => {
      // When nobody is there any more, no ticket is spent on them.
      if (!socket.destroyed) answerUpgrade(request, socket, head, identity)
    }).catch((error: unknown) => {
      log.error({ err: error }, 'the door failed')
      socket.destroy()
    }).finally(() => clearTimeout(impatience))
  }

  function answerUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, identity: Identity) {
    const decision = admit({ method: request.method ?? '', url: request.url ?? '', headers: request.headers }, identity, house)
    const { address } = identity
    if (!decision.admitted) return refuse(socket, decision, { by: (identity.program ?? identity.visitor ?? identity.caller).by, address })
    const caller = { by: decision.person.by, address }
    // A call that is live has its persona.
    const joins = decision.joins !== undefined
    const met = joins ? undefined : decision.claim && recall(decision.claim.persona)
    if (decision.claim && !met && !joins) return refuse(socket, personaGone, caller)
    const { subprotocol } = decision
    const opened = lines.open(request, socket, head, {
      subprotocol, maxBytes: subprotocol === 'kaiwa.v1' ? Math.min(maxEventBytes, MAX_PAGE_EVENT_BYTES) : maxEventBytes,
    })
    if (!opened.ok) return refuse(socket, badHandshake(opened), caller)
    if (decision.joins === undefined) letIn(decision, met, opened.link)
    else join(decision.joins, subprotocol === 'kaiwa.v1' ? 'page' : 'program', opened.link)
  }

  function join(rtcId: string, seat: Seat, link: Link) {
    if (webrtcCalls.attach(rtcId, link, seat)) return
    link.send(errorEvent({ type: 'invalid_request_error', ...tooManyConnections }, ids('event')))
    link.close(4000, closeReason({ type: 'invalid_request_error', ...tooManyConnections }))
  }

  function letIn({ claim, person, policy, model, intent, session, subprotocol }: Admitted, met: ReturnType<DoorOptions['recall']>, link: Link) {
    calls.begin(link, {
      callId: claim?.callId ?? ids('call'),
      conversationId: claim?.conversationId ?? ids('conv'),
      person,
      policy,
      model: met ? modelOf(met.persona, met.brain) : model,
      intent,
      session,
      ...(met && { persona: met.persona, brain: met.brain }),
      ...(claim?.goesOn && { goesOn: claim.goesOn }),
      from: subprotocol === 'kaiwa.v1' ? 'page' : 'client',
    })
  }

  return {
    get unreadBytes() { return lines.unreadBytes },
    get connections() { return lines.count },
    handleUpgrade,
    async close(withinMs) {
      const untilMs = performance.now() + withinMs
      while (lines.count > 0 && performance.now() < untilMs) await new Promise(resolve => setTimeout(resolve, CLOSE_CHECK_MS))
      lines.cutAll()
    },
  }
}

const tooManyConnections = { code: 'too_many_connections', message: `${MAX_ATTACHED} connections are attached to this call already, or it is over. Close one first.` }

const personaGone: Parameters<typeof answer>[1] = { status: 404, code: 'persona_not_found', message: 'That persona is no longer here. Choose another one and start again.' }

const badHandshake = ({ why, message }: Extract<Handshake, { ok: false }>): Parameters<typeof answer>[1] => why === 'bad_version'
  ? { status: 426, code: 'bad_websocket_version', message: `${message}.`, header: 'Sec-WebSocket-Version: 13' }
  : { status: 400, code: 'bad_handshake', message: `${message}.` }

/** Answers before the upgrade, and lets the line go. */
function answer(
  socket: Duplex, refusal: Pick<Refusal, 'status' | 'code' | 'message' | 'retryAfterSeconds'> & { header?: string }, headers: readonly [string, string][],
) {
  const { status, code, message, retryAfterSeconds, header } = refusal
  const body = JSON.stringify(refusalBody({ status, code, message }))
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
    ...(retryAfterSeconds === undefined ? [] : [`Retry-After: ${retryAfterSeconds}`]),
    ...(header ? [header] : []),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ]
  const timer = setTimeout(() => socket.destroy(), REFUSAL_MS)
  socket.once('close', () => clearTimeout(timer))
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Takes the place of crossws's node adapter (nuxt.config.ts): Nitro hands every upgrade to what this returns. */
export default function adapter() {
  return {
    handleUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => instance().door.handleUpgrade(request, socket, head),
  }
}
