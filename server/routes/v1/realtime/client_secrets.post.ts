import { defineEventHandler, getRequestHeaders, setResponseHeader, setResponseStatus } from 'h3'
import { boundedBody } from '../../../bounded-body.ts'
import { refusalBody } from '../../../realtime/admission.ts'
import { instance } from '../../../realtime/current.ts'
import { grantSecret, MAX_SECRET_BODY_CHARS } from '../../../realtime/secret-request.ts'

export default defineEventHandler(async event => {
  setResponseHeader(event, 'Cache-Control', 'no-store')
  const body = await boundedBody(event.node.req, MAX_SECRET_BODY_CHARS)
  // Loaded with the first secret: a server that only relays needs nothing else of the engine.
  const { plannedSession } = await import('@kaiwa/engine')
  const headers = getRequestHeaders(event)
  const identity = await instance().access.identify({ headers, remoteAddress: event.node.req.socket.remoteAddress })
  const answer = grantSecret({ headers, identity, body }, { ...instance(), planSession: plannedSession })
  if ('value' in answer) return answer
  instance().log.info({ status: answer.status, code: answer.code, by: identity.program?.by ?? identity.caller.by }, 'request refused')
  setResponseStatus(event, answer.status)
  if (answer.retryAfterSeconds !== undefined) setResponseHeader(event, 'Retry-After', answer.retryAfterSeconds)
  return refusalBody(answer)
})
