import { defineEventHandler, getRequestHeaders, setResponseHeader, setResponseStatus } from 'h3'
import { boundedBody } from '../bounded-body.ts'
import { grantCall, MAX_BODY_BYTES } from '../realtime/call-request.ts'
import { instance } from '../realtime/current.ts'
import { refuseRequest } from '../request-refusal.ts'

export default defineEventHandler(async event => {
  setResponseHeader(event, 'Cache-Control', 'no-store')
  const headers = getRequestHeaders(event)
  const identity = await instance().access.identify({ headers, remoteAddress: event.node.req.socket.remoteAddress })
  const answer = await grantCall({ headers, identity, body: await boundedBody(event.node.req, MAX_BODY_BYTES) }, instance())
  if ('ticket' in answer) {
    setResponseStatus(event, 201)
    return answer
  }
  return refuseRequest(event, answer, { by: identity.visitor?.by, address: identity.address })
})
