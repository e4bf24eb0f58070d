import { defineEventHandler, getRequestHeaders, setResponseHeader } from 'h3'
import { boundedBody } from '../../../bounded-body.ts'
import { instance } from '../../../realtime/current.ts'
import { grantSecret, MAX_SECRET_BODY_CHARS } from '../../../realtime/secret-request.ts'
import { refuseRequest } from '../../../request-refusal.ts'

export default defineEventHandler(async event => {
  setResponseHeader(event, 'Cache-Control', 'no-store')
  const body = await boundedBody(event.node.req, MAX_SECRET_BODY_CHARS)
  // Loaded with the first secret: a server that only relays needs nothing else of the engine.
  const { plannedSession } = await import('@kaiwa/engine')
  const headers = getRequestHeaders(event)
  const identity = await instance().access.identify({ headers, remoteAddress: event.node.req.socket.remoteAddress })
  const answer = grantSecret({ headers, identity, body }, { ...instance(), planSession: plannedSession })
  if ('value' in answer) return answer
  return refuseRequest(event, answer, { by: identity.program?.by ?? identity.caller.by, address: identity.address })
})
