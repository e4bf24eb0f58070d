import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { Readable, Transform } from 'node:stream'
import { checkAddress, guardedLookup, type Lookup, type McpReach } from './mcp-reach.ts'

/** What one answer may hold: a tool's result of 1 MiB, escaped, and what is around it. */
export const MAX_ANSWER_BYTES = 2 * 1024 * 1024

export class AnswerTooLarge extends Error {}
export class Redirected extends Error {}

export interface McpFetchOptions {
  reach: McpReach
  lookup?: Lookup
  /** An answer broke off, or was cut, while it was read: the MCP client itself would wait on. */
  onBroken?: (cause: Error) => void
}

/**
 * `fetch` for MCP: Node's own requests, because those let us judge the address that is really connected to. No redirect is followed, and an
 * answer that is too large is cut with an error. The stream of a server's own messages (GET) isn't opened: nothing here listens to it.
 */
export function createMcpFetch({ reach, lookup, onBroken = () => {} }: McpFetchOptions): (url: string | URL, init?: RequestInit) => Promise<Response> {
  const resolve = guardedLookup(reach, lookup)
  return async (address, init = {}) => {
    const url = new URL(address)
    checkAddress(url, reach)
    const method = init.method ?? 'GET'
    if (method === 'GET') return new Response(null, { status: 405 })
    const body = typeof init.body === 'string' ? init.body : ''
    const headers = Object.fromEntries(new Headers(init.headers))
    const answer = await new Promise<IncomingMessage>((done, fail) => {
      const options = { method, headers: { ...headers, 'content-length': Buffer.byteLength(body) }, lookup: resolve as never, signal: init.signal ?? undefined, agent: false as const }
      const sent = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options, done)
      sent.on('error', fail)
      sent.end(body)
    })
    return responseOf(answer, cause => {
      if (!init.signal?.aborted) onBroken(cause)
    })
  }
}

function responseOf(answer: IncomingMessage, onBroken: (cause: Error) => void): Response {
  const status = answer.statusCode ?? 500
  if (status >= 300 && status < 400) {
    answer.destroy()
    throw new Redirected('redirected')
  }
  const headers = new Headers()
  for (const [name, value] of Object.entries(answer.headers)) if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  if (status === 204 || status === 205 || status < 200) {
    answer.resume()
    return new Response(null, { status: Math.max(200, status), headers })
  }
  let bytes = 0
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      bytes += chunk.length
      if (bytes <= MAX_ANSWER_BYTES) return next(null, chunk)
      answer.destroy()
      next(new AnswerTooLarge('too large'))
    },
  })
  answer.on('error', error => bounded.destroy(error))
  bounded.on('error', onBroken)
  // A reader that leaves ends the connection.
  bounded.on('close', () => answer.destroy())
  return new Response(Readable.toWeb(answer.pipe(bounded)) as ReadableStream, { status, headers })
}
