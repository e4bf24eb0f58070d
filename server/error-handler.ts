import { getRequestHeader, send, setResponseHeader, setResponseStatus, type H3Error, type H3Event } from 'h3'
import { instance } from './realtime/current.ts'
import { errorAnswer } from './security-headers/error-answer.ts'

/**
 * Before Nuxt's own (nuxt.config.ts): answers programs in our shape, and leaves pages to Nuxt once the error says nothing any
 * more. Nitro would print the address with its query, and stacks past the log's redaction; here the log gets the path.
 */
export default function handleError(error: H3Error, event: H3Event): Promise<void> | undefined {
  // Who develops wants to see all of it.
  if (import.meta.dev) return undefined
  const path = event.path.split('?')[0]!
  const unexpected = error.unhandled || error.fatal
  if (unexpected) instance().log.error({ err: error.cause ?? error, method: event.method, path }, 'a request failed')
  const { status, body } = errorAnswer(error.statusCode)
  error.unhandled = error.fatal = false
  error.statusCode = status
  error.message = error.statusMessage = body.error.message
  error.data = undefined
  // Nuxt writes the address into its error page; what is asked for may hold a secret.
  Object.assign(event.node.req, { originalUrl: path })
  if (isForPeople(event)) return undefined
  setResponseStatus(event, status)
  setResponseHeader(event, 'Cache-Control', 'no-store')
  setResponseHeader(event, 'Content-Type', 'application/json; charset=utf-8')
  return send(event, JSON.stringify(body))
}

/** A browser that goes to an address says that it takes HTML; programs and scripts get JSON. */
function isForPeople(event: H3Event): boolean {
  return !/^\/(?:api|v1|_nuxt)\//.test(event.path) && Boolean(getRequestHeader(event, 'accept')?.includes('text/html'))
}
