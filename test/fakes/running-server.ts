import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { plannedSession } from '@kaiwa/engine'
import type { CallGrant } from '../../shared/calls.ts'
import { answerLogin, answerLogout, answerMe, answerOidcArrival, answerOidcDeparture, type AuthAnswer, type AuthAsk, type AuthHouse } from '../../server/auth/sign-in-request.ts'
import { readSettings } from '../../server/config/settings.ts'
import { createLog } from '../../server/log.ts'
import { refusalBody } from '../../server/realtime/admission.ts'
import type { LocalEngine } from '../../server/brains/local-brain.ts'
import { grantCall } from '../../server/realtime/call-request.ts'
import { grantHouseTicket } from '../../server/realtime/house-ticket.ts'
import { hangUpCall } from '../../server/realtime/hang-up-request.ts'
import { answerOffer } from '../../server/realtime/offer-request.ts'
import { createInstance, type Instance, type InstanceOptions } from '../../server/realtime/instance.ts'
import { listPersonas } from '../../server/personas/persona-request.ts'
import { grantSecret } from '../../server/realtime/secret-request.ts'
import { cutSlowHandshakes } from '../../server/realtime/slow-handshake.ts'
import { sendAnswer } from '../../server/history/send-answer.ts'
import { connectWebSocket, type ContractClient } from '../contract/contract-client.ts'
import { historyRouteOf } from './history-routes.ts'

export interface RunningServer {
  instance: Instance
  http: Server
  port: number
  /** `http://127.0.0.1:<port>` */
  origin: string
  /** Lines of the log, joined. */
  log(): string
  /** A Realtime client, as any program. */
  connect(options?: { query?: string, protocols?: string[], headers?: Record<string, string> }): Promise<ContractClient>
  /** What the page does: a ticket, then the connection. */
  connectPage(persona?: string, asked?: { conversation_id?: string, after_item_id?: string }): Promise<ContractClient & { grant: CallGrant }>
  /** The connection alone, with a ticket that there is. */
  connectTicket(ticket: string): Promise<ContractClient>
  post(body?: string, headers?: Record<string, string>): Promise<Response>
  /** Asks for an ephemeral secret, as a program. */
  mint(body?: object, headers?: Record<string, string>): Promise<Response>
  close(): Promise<void>
}

export interface RunningServerOptions extends Omit<InstanceOptions, 'env' | 'log'> {
  env?: Record<string, string>
  slowHandshakeMs?: number
}

const signInRoutes: Record<string, (ask: AuthAsk, house: AuthHouse) => AuthAnswer | Promise<AuthAnswer>> = {
  'GET /api/me': answerMe, 'POST /api/login': answerLogin, 'POST /api/logout': answerLogout, 'GET /auth/oidc': answerOidcDeparture, 'GET /auth/oidc/callback': answerOidcArrival,
}

const noEngine = async (): Promise<LocalEngine> => { throw new Error('This test brought no engine.') }

/** The server's own parts on a real HTTP server on loopback, without Nitro and the page. */
export async function startServer({ env = {}, slowHandshakeMs, ...options }: RunningServerOptions = {}): Promise<RunningServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kaiwa-test-'))
  const settings = readSettings({ KAIWA_DATA_DIR: dataDir, ...env })
  let lines = ''
  const log = createLog({ level: 'debug', secrets: [], write: line => { lines += line } })
  const instance = createInstance(settings, { startEngine: noEngine, ...options, env, log })
  const http = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request.setEncoding('utf8')) body += piece
    const { headers, url = '' } = request
    const ask = { headers, body, url, identity: await instance.access.identify({ headers, remoteAddress: request.socket.remoteAddress }) }
    const route = `${request.method} ${url.split('?')[0]}`
    const answerSignIn = signInRoutes[route]
    if (answerSignIn) {
      const answer = await answerSignIn(ask, instance)
      response.writeHead(answer.status, [...answer.headers, ['content-type', 'application/json']].flat()).end(answer.body && JSON.stringify(answer.body))
      return
    }
    const history = historyRouteOf(request.method ?? '', url)
    if (history) return sendAnswer(response, await history.answer({ ...ask, method: request.method ?? '', params: history.params }, instance), instance.log)
    if (route === 'GET /api/personas') {
      const list = listPersonas(ask, instance)
      const known = 'personas' in list
      return response.writeHead(known ? 200 : list.status, { 'content-type': 'application/json' }).end(JSON.stringify(known ? list : refusalBody(list)))
    }
    if (route === 'POST /v1/realtime/calls') {
      const left = new AbortController()
      response.once('close', () => { if (!response.writableFinished) left.abort() })
      const answer = await answerOffer({ ...ask, left: left.signal }, instance)
      if ('code' in answer) {
        const wait = answer.retryAfterSeconds === undefined ? [] : ['retry-after', String(answer.retryAfterSeconds)]
        return response.writeHead(answer.status, ['content-type', 'application/json', ...wait]).end(JSON.stringify(refusalBody(answer)))
      }
      const ticket = answer.ticket === undefined ? [] : ['kaiwa-ticket', answer.ticket]
      return response.writeHead(201, ['content-type', 'application/sdp', 'location', answer.location, ...ticket]).end(answer.sdp)
    }
    const hangUp = /^POST \/v1\/realtime\/calls\/([^/]+)\/hangup$/.exec(route)
    if (hangUp) {
      const refused = hangUpCall({ ...ask, rtcId: hangUp[1]! }, instance)
      return response.writeHead(refused?.status ?? 200).end(refused && JSON.stringify(refusalBody(refused)))
    }
    const houseTicket = /^POST \/api\/calls\/([^/]+)\/ticket$/.exec(route)
    if (houseTicket) {
      const granted = await grantHouseTicket({ ...ask, rtcId: houseTicket[1]! }, instance)
      return response.writeHead('code' in granted ? granted.status : 201).end(JSON.stringify('code' in granted ? refusalBody(granted) : granted))
    }
    if (route !== 'POST /api/calls' && route !== 'POST /v1/realtime/client_secrets') return response.writeHead(404).end()
    const answer = route === 'POST /api/calls' ? await grantCall(ask, instance) : grantSecret(ask, { ...instance, planSession: plannedSession })
    const refused = 'admitted' in answer
    response.writeHead(refused ? answer.status : 'ticket' in answer ? 201 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(refused ? refusalBody(answer) : answer))
  })
  cutSlowHandshakes(http, slowHandshakeMs)
  http.on('upgrade', instance.door.handleUpgrade)
  const sockets = new Set<Socket>()
  http.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`
  const address = `ws://127.0.0.1:${port}/v1/realtime`

  const post = (body = '{}', headers: Record<string, string> = {}) =>
    fetch(`${origin}/api/calls`, { method: 'POST', body, headers: { 'content-type': 'application/json', origin, ...headers } })

  const connectTicket = (ticket: string) => connectWebSocket(address, { protocols: ['realtime', 'kaiwa.v1', `kaiwa.ticket.${ticket}`], headers: { origin } })

  return {
    instance,
    http,
    port,
    origin,
    log: () => lines,
    connect: ({ query = '?model=test-model', ...rest } = {}) => connectWebSocket(`${address}${query}`, rest),
    async connectPage(persona, asked) {
      const grant = await (await post(JSON.stringify({ persona, ...asked }))).json() as CallGrant
      return { ...await connectTicket(grant.ticket), grant }
    },
    connectTicket,
    post,
    mint: (body = {}, headers = {}) => fetch(`${origin}/v1/realtime/client_secrets`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }),
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => http.close(resolve))
      await instance.brains.close()
      await instance.endKeeping(0)
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
