/** The part of the scripted upstream that stands in for WebRTC calls: offers, hang-ups, and when a call may be joined. No media. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'

/** What becomes of an offer. */
export type OfferScript
  = | { do: 'answer', sdp?: string, /** Null: none. */ location?: string | null, status?: number, afterMs?: number }
    | { do: 'refuse', status: number, code?: string, retryAfter?: string }
    | { do: 'stall' }
    | { do: 'reset' }

export interface CallScript {
  offer?: OfferScript
  /** Tries to join that are told 404 before the call is live. @default 0 */
  early?: number
  /** What becomes of each hang-up; later ones succeed. */
  hangUps?: ('fail' | 'gone' | 'stall' | 'reset')[]
}

export interface ScriptedOffer {
  /** Undefined: refused. */
  callId: string | undefined
  headers: IncomingHttpHeaders
  /** As it came. */
  body: string
  parts: Record<string, { type: string, text: string }>
  session: Record<string, unknown> & { model?: string }
  hangUps: number
}

export const ANSWER = [
  'v=0', 'o=- 4611731400430051336 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0', 'a=ice-lite', 'm=audio 3478 UDP/TLS/RTP/SAVPF 111',
  'c=IN IP4 127.0.0.1', 'a=mid:0', 'a=ice-ufrag:upst', 'a=ice-pwd:upstreamupstreamupstream', 'a=fingerprint:sha-256 AA:BB', 'a=setup:passive',
  'a=candidate:1 1 udp 2130706431 127.0.0.1 3478 typ host', 'a=rtpmap:111 opus/48000/2', '',
].join('\r\n')

export interface ScriptedCalls {
  offers: ScriptedOffer[]
  script(...scripts: CallScript[]): void
  /** Answers what is for it; false: it isn't. */
  handle(request: IncomingMessage, response: ServerResponse): boolean
  /** Whether one may join now; each asking counts. */
  join(callId: string): ScriptedOffer | undefined
}

interface Options {
  isKey(headers: IncomingHttpHeaders): boolean
  /** The call is over: whoever listens in hears so. */
  onHangUp(callId: string): void
}

export function createScriptedCalls({ isKey, onHangUp }: Options): ScriptedCalls {
  const scripts: CallScript[] = []
  const offers: ScriptedOffer[] = []
  const live = new Map<string, { offer: ScriptedOffer, early: number, hangUps: NonNullable<CallScript['hangUps']> }>()

  async function offered(request: IncomingMessage, response: ServerResponse) {
    let body = ''
    for await (const piece of request.setEncoding('utf8')) body += piece
    const script = scripts.shift() ?? {}
    const parts = partsOf(body)
    const offer: ScriptedOffer = { callId: undefined, headers: request.headers, body, parts, session: JSON.parse(parts.session?.text ?? '{}'), hangUps: 0 }
    offers.push(offer)
    const plan = script.offer ?? { do: 'answer' }
    switch (plan.do) {
      case 'stall': return
      case 'reset': return void request.socket.resetAndDestroy()
      case 'refuse': return refuse(response, plan.status, plan.code ?? 'refused', plan.retryAfter)
      case 'answer': break
      default: return plan satisfies never
    }
    if (!isKey(request.headers)) return refuse(response, 401, 'invalid_api_key')
    const callId = `rtc_upstream${offers.length}`
    offer.callId = callId
    live.set(callId, { offer, early: script.early ?? 0, hangUps: [...script.hangUps ?? []] })
    const location = plan.location === undefined ? `/v1/realtime/calls/${callId}` : plan.location
    const answer = () => response.writeHead(plan.status ?? 201, { 'content-type': 'application/sdp', ...(location !== null && { location }) }).end(plan.sdp ?? ANSWER)
    if (plan.afterMs === undefined) answer()
    else setTimeout(answer, plan.afterMs)
  }

  function hungUp(callId: string, request: IncomingMessage, response: ServerResponse) {
    const call = live.get(callId)
    if (!isKey(request.headers)) return refuse(response, 401, 'invalid_api_key')
    if (!call) return refuse(response, 404, 'call_id_not_found')
    call.offer.hangUps++
    const mishap = call.hangUps.shift()
    if (mishap === 'stall') return
    if (mishap === 'reset') return void request.socket.resetAndDestroy()
    if (mishap === 'fail') return refuse(response, 500, 'server_error')
    live.delete(callId)
    onHangUp(callId)
    if (mishap === 'gone') return refuse(response, 404, 'call_id_not_found')
    response.writeHead(200).end()
  }

  return {
    offers,
    script: (...next) => { scripts.push(...next) },
    handle(request, response) {
      // OpenAI's path, and Azure's.
      const path = /^(?:\/openai)?\/v1\/realtime\/calls(?:\/([\w-]+)\/hangup)?$/.exec(request.url ?? '')
      if (!path || request.method !== 'POST') return false
      if (path[1] === undefined) void offered(request, response)
      else hungUp(path[1], request, response)
      return true
    },
    join(callId) {
      const call = live.get(callId)
      if (!call || call.early-- > 0) return undefined
      return call.offer
    },
  }
}

function refuse(response: ServerResponse, status: number, code: string, retryAfter?: string) {
  response.writeHead(status, { 'content-type': 'application/json', ...(retryAfter !== undefined && { 'retry-after': retryAfter }) })
    .end(JSON.stringify({ error: { type: 'invalid_request_error', code, message: 'Refused by the script.' } }))
}

function partsOf(body: string): ScriptedOffer['parts'] {
  const boundary = body.slice(0, body.indexOf('\r\n'))
  return Object.fromEntries(body.slice(0, body.lastIndexOf(`${boundary}--`)).split(`${boundary}\r\n`).slice(1).map(part => {
    const at = part.indexOf('\r\n\r\n')
    const head = part.slice(0, at)
    return [/name="(\w+)"/.exec(head)![1]!, { type: /Content-Type: (\S+)/i.exec(head)?.[1] ?? '', text: part.slice(at + 4, -2) }]
  }))
}

/** What a sideband hears of the same conversation: sound goes elsewhere, and the model tells when it is played. */
export function soundElsewhere(send: (event: object) => void): (event: object) => void {
  return event => {
    const { type, response } = event as { type: string, response?: { id: string } }
    if (type === 'response.output_audio.delta') return
    send(event)
    if (type === 'response.content_part.added') send({ type: 'output_audio_buffer.started', event_id: 'event_buffer_started', response_id: (event as { response_id: string }).response_id })
    if (type === 'response.done') send({ type: 'output_audio_buffer.stopped', event_id: 'event_buffer_stopped', response_id: response!.id })
  }
}
