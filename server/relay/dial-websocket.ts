import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect as connectTcp, isIP, type Socket, type TcpNetConnectOpts } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { askHandshake } from './handshake.ts'
import type { OpenLine } from './websocket-link.ts'

/** How one attempt to open a WebSocket went. */
export type Dialled
  = | { how: 'open', line: Omit<OpenLine, 'maxBytes'> }
    /** Plain HTTP instead: the body isn't read yet, and is the caller's to read or destroy. */
    | { how: 'refused', response: IncomingMessage }
    /** Nobody there, no TLS that can be trusted, or something that is no WebSocket server; `code` as Node names it. */
    | { how: 'failed', code: string | undefined }
    | { how: 'timeout' }

export interface DialWebSocketOptions { headers: Readonly<Record<string, string>>, withinMs: number, signal: AbortSignal }

/**
 * Opens a WebSocket as a client (RFC 6455 4.1), without extensions or subprotocols, and follows no redirect. Resolves within `withinMs`;
 * never rejects. An aborted signal counts as a timeout.
 * @param url `ws:` or `wss:`
 */
export function dialWebSocket(url: string, { headers, withinMs, signal }: DialWebSocketOptions): Promise<Dialled> {
  return new Promise(resolve => {
    const handshake = askHandshake()
    const { promisedBy, ...asked } = requestFor(new URL(url))
    const request = promisedBy({ ...asked, headers: { ...headers, ...handshake.headers } })
    let settled = false
    const settle = (dialled: Dialled) => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      if (dialled.how === 'failed' || dialled.how === 'timeout') request.destroy()
      resolve(dialled)
    }
    const abort = () => settle({ how: 'timeout' })
    const timer = setTimeout(abort, withinMs)
    signal.addEventListener('abort', abort)
    // Also of a request that was destroyed: an unlistened 'error' would be an uncaught exception.
    request.on('error', (error: NodeJS.ErrnoException) => settle({ how: 'failed', code: error.code }))
    request.on('response', response => {
      if (settled) return void response.destroy()
      settle({ how: 'refused', response })
    })
    request.on('upgrade', (response, line: Socket, head) => {
      if (settled || !handshake.agrees(response)) {
        line.on('error', () => undefined).destroy()
        return settle({ how: 'failed', code: undefined })
      }
      line.setTimeout(0)
      line.setNoDelay()
      settle({ how: 'open', line: { line, head, dialled: true } })
    })
    request.end()
    if (signal.aborted) abort()
  })
}

/** A connection of its own for each, and none that waits in a pool. */
function requestFor({ protocol, hostname, port, pathname, search }: URL): RequestOptions & { promisedBy: typeof httpRequest } {
  const isSecure = protocol === 'wss:'
  const host = hostname.replace(/^\[|\]$/g, '')
  return {
    promisedBy: isSecure ? httpsRequest : httpRequest,
    host,
    port: port || (isSecure ? 443 : 80),
    path: pathname + search,
    createConnection: options => {
      // `path` would be that of a socket file.
      const to = { ...options, path: undefined } as TcpNetConnectOpts
      return isSecure ? connectTls({ ...to, servername: isIP(host) ? '' : host }) : connectTcp(to)
    },
  }
}
