/**
 * Stands in for OpenAI's Realtime API on loopback: the same path, model and key checks, the same way of refusing (a bad key is
 * upgraded, told in an `error` event and closed 3000), and a script for each connection that says what goes wrong.
 * A program as well: `npx node test/fakes/scripted-upstream.ts --port 4010 --key test-key`.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import { createScriptedCalls, soundElsewhere, type CallScript, type ScriptedOffer } from './scripted-calls.ts'
import { scriptedConversation, type Conversation } from './scripted-conversation.ts'

/** What happens before the upgrade. */
export type Handshake
  = | { do: 'accept', /** So late. @default at once */ afterMs?: number }
    | { do: 'refuse', status: number, retryAfter?: string, code?: string, message?: string }
  /** Never answers. */
    | { do: 'stall' }
    | { do: 'reset' }

/** What goes wrong later, once: when this many client events have come (0: right after `session.created`). */
export interface Misfortune {
  afterEvents: number
  do:
    | { act: 'close', code: number, reason?: string, error?: { type: string, code: string, message: string } }
    | { act: 'reset' }
    /** Neither reads nor writes from now on. */
    | { act: 'stall' }
    /** Sent as they are; strings as text frames. The conversation goes on. */
    | { act: 'say', frames: (string | Buffer)[] }
}

export interface Script { handshake?: Handshake, misfortunes?: Misfortune[], conversation?: (send: (event: object) => void, model: string, intent: 'transcription' | undefined) => Conversation }

export interface ScriptedConnection {
  url: string
  headers: IncomingHttpHeaders
  /** Text frames as they came. */
  received: string[]
  events: Record<string, unknown>[]
  /** Binary frames, which the API answers with an error. */
  binaryFrames: number
  closed: { code: number, reason: string } | undefined
  /** Undefined when it was never upgraded. */
  socket: WebSocket | undefined
  send(event: object | string): void
}

export interface ScriptedUpstream {
  port: number
  /** For OPENAI_BASE_URL. */
  baseUrl: string
  /** In order of arrival, refused ones included. */
  connections: ScriptedConnection[]
  /** What the next connection meets; when none is left, a plain conversation. */
  script(...scripts: Script[]): void
  /** Offers of WebRTC calls, in order of arrival, refused ones included. */
  offers: ScriptedOffer[]
  /** What the next offer meets. */
  scriptCall(...scripts: CallScript[]): void
  close(): Promise<void>
}

export interface ScriptedUpstreamOptions {
  port?: number
  key?: string
  /** Models it knows; undefined: any. */
  models?: string[]
  conversation?: Script['conversation']
}

export async function startScriptedUpstream({ port = 0, key = 'test-key', models, conversation = scriptedConversation }: ScriptedUpstreamOptions = {}): Promise<ScriptedUpstream> {
  const calls = createScriptedCalls({
    isKey: headers => givenKey(headers) === key,
    onHangUp(callId) { for (const { url, socket } of connections) if (url.includes(`call_id=${callId}`)) socket?.close(1000) },
  })
  const server = createServer((request, response) => { if (!calls.handle(request, response)) response.writeHead(404).end() })
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 0, perMessageDeflate: false, handleProtocols: offered => offered.has('realtime') && 'realtime' })
  const scripts: Script[] = []
  const connections: ScriptedConnection[] = []
  const raw = new Set<Socket>()

  server.on('connection', socket => {
    raw.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => raw.delete(socket))
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head) => {
    const script = scripts.shift() ?? {}
    const connection = remember(request)
    const handshake = script.handshake ?? { do: 'accept' }
    switch (handshake.do) {
      case 'stall': return
      case 'reset': return void socket.resetAndDestroy()
      case 'refuse': return refuse(socket, handshake)
      case 'accept': break
      default: return handshake satisfies never
    }
    // OpenAI's path, and Azure's.
    if (!/^(\/openai)?\/v1\/realtime$/.test(new URL(request.url!, 'http://upstream').pathname)) return refuse(socket, { status: 404 })
    const callId = new URL(request.url!, 'http://upstream').searchParams.get('call_id')
    const joined = callId === null ? undefined : calls.join(callId)
    if (callId !== null && !joined) return refuse(socket, { status: 404, code: 'call_id_not_found', message: 'No session found for the provided call_id' })
    const accept = () => sockets.handleUpgrade(request, socket, head, ws => converse(ws, connection, script, joined))
    if (handshake.afterMs === undefined) accept()
    else setTimeout(accept, handshake.afterMs)
  })

  function remember(request: IncomingMessage): ScriptedConnection {
    const connection: ScriptedConnection = {
      url: request.url!,
      headers: request.headers,
      received: [],
      events: [],
      binaryFrames: 0,
      closed: undefined,
      socket: undefined,
      send(event) { connection.socket?.send(typeof event === 'string' ? event : JSON.stringify(event)) },
    }
    connections.push(connection)
    return connection
  }

  function converse(ws: WebSocket, connection: ScriptedConnection, script: Script, joined?: ScriptedOffer) {
    connection.socket = ws
    ws.on('error', () => undefined)
    ws.on('close', (code, reason) => {
      connection.closed = { code, reason: reason.toString() }
    })
    const query = new URL(connection.url, 'http://upstream').searchParams
    const intent = query.get('intent') === 'transcription' ? 'transcription' : undefined
    const model = intent ? 'transcriber' : joined ? joined.session.model ?? null : query.get('model')
    const turnedAway = refusalOf(connection.headers, model)
    if (turnedAway) return closeWithError(ws, turnedAway.closeCode, turnedAway)
    const sendAll = (event: object) => { if (ws.readyState === ws.OPEN) ws.send(JSON.stringify(event)) }
    const send = joined ? soundElsewhere(sendAll) : sendAll
    const talk = (script.conversation ?? conversation)(send, model!, intent)
    ws.on('close', () => talk.close())
    const strike = misfortunes(ws, script.misfortunes ?? [])
    strike(0)
    ws.on('message', (data: Buffer, isBinary) => {
      if (isBinary) {
        connection.binaryFrames++
        return send(errorEvent({ type: 'invalid_request_error', code: 'invalid_event', message: 'Binary frames are not supported.' }))
      }
      const text = data.toString()
      connection.received.push(text)
      try { connection.events.push(JSON.parse(text)) } catch { /* the conversation answers it */ }
      talk.receive(text)
      strike(connection.received.length)
    })
  }

  function refusalOf(headers: IncomingHttpHeaders, model: string | null) {
    const given = givenKey(headers)
    const type = 'invalid_request_error'
    if (given !== key) return { closeCode: 3000, type, code: 'invalid_api_key', message: `Incorrect API key provided: ${String(given)}. You can find your API key in your account.` }
    if (headers['openai-beta']) return { closeCode: 4000, type, code: 'beta_api_shape_disabled', message: 'The beta shape of this API is switched off.' }
    if (!model) return { closeCode: 4000, type, code: 'missing_model', message: 'You must provide a model parameter.' }
    if (models && !models.includes(model)) return { closeCode: 4000, type, code: 'invalid_model', message: `Model "${model}" is not supported.` }
    return undefined
  }

  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const bound = (server.address() as AddressInfo).port
  return {
    port: bound,
    baseUrl: `http://127.0.0.1:${bound}/v1`,
    connections,
    offers: calls.offers,
    scriptCall: calls.script,
    script: (...next) => { scripts.push(...next) },
    close: () => new Promise(resolve => {
      for (const socket of raw) socket.destroy()
      server.close(() => resolve())
    }),
  }
}

const givenKey = (headers: IncomingHttpHeaders) => headers.authorization?.replace(/^Bearer /, '') ?? headers['api-key']

let events = 0
const errorEvent = (error: { type: string, code: string, message: string }) =>
  ({ type: 'error', event_id: `event_upstream${++events}`, error: { type: error.type, code: error.code, message: error.message, param: null, event_id: null } })

function closeWithError(ws: WebSocket, closeCode: number, error: { type: string, code: string, message: string }) {
  ws.send(JSON.stringify(errorEvent(error)))
  ws.close(closeCode, `${error.type}.${error.code}`)
}

function refuse(socket: Socket, { status, retryAfter, code = 'refused', message = 'Refused by the script.' }: { status: number, retryAfter?: string, code?: string, message?: string }) {
  const body = JSON.stringify({ error: { type: 'server_error', code, message } })
  const retry = retryAfter === undefined ? '' : `Retry-After: ${retryAfter}\r\n`
  socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\n${retry}Connection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

/** The raw socket under a `ws`: the only way to break a line as networks do. */
const lineOf = (ws: WebSocket) => (ws as unknown as { _socket: Socket })._socket

function misfortunes(ws: WebSocket, planned: Misfortune[]) {
  const waiting = [...planned]
  return (eventsSoFar: number) => {
    while (waiting[0] && waiting[0].afterEvents <= eventsSoFar) {
      const { do: what } = waiting.shift()!
      switch (what.act) {
        case 'close':
          if (what.error) ws.send(JSON.stringify(errorEvent(what.error)))
          ws.close(what.code, what.reason ?? (what.error && `${what.error.type}.${what.error.code}`))
          break
        case 'reset': lineOf(ws).resetAndDestroy(); break
        case 'stall':
          ws.pause()
          lineOf(ws).removeAllListeners('drain')
          ws.send = () => undefined
          break
        case 'say': for (const frame of what.frames) ws.send(frame); break
        default: what satisfies never
      }
    }
  }
}

if (process.argv[1] && import.meta.url.endsWith(process.argv[1].split('/').at(-1)!)) {
  const option = (name: string) => process.argv[process.argv.indexOf(`--${name}`) + 1]
  const upstream = await startScriptedUpstream({
    port: process.argv.includes('--port') ? Number(option('port')) : 4010,
    key: process.argv.includes('--key') ? option('key') : 'test-key',
  })
  process.stdout.write(`scripted upstream: OPENAI_BASE_URL=${upstream.baseUrl} OPENAI_API_KEY=${process.argv.includes('--key') ? option('key') : 'test-key'}\n`)
}
