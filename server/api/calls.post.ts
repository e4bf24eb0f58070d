import { defineEventHandler, getRequestHeaders, setResponseHeader, setResponseStatus } from 'h3'
import { boundedBody } from '../bounded-body.ts'
import { refusalBody } from '../realtime/admission.ts'
import { grantCall, MAX_BODY_BYTES } from '../realtime/call-request.ts'
import { instance } from '../realtime/current.ts'

export default defineEventHandler(async event => {
  setResponseHeader(event, 'Cache-Control', 'no-store')
  const headers = getRequestHeaders(event)
  const identity = await instance().access.identify({ headers, remoteAddress: event.node.req.socket.remoteAddress })
  const answer = grantCall({ headers, identity, body: await boundedBody(event.node.req, MAX_BODY_BYTES) }, instance())
  if ('ticket' in answer) {
    setResponseStatus(event, 201)
    return answer
  }
  instance().log.info({ status: answer.status, code: answer.code, by: identity.visitor?.by }, 'request refused')
  setResponseStatus(event, answer.status)
  if (answer.retryAfterSeconds !== undefined) setResponseHeader(event, 'Retry-After', answer.retryAfterSeconds)
  return refusalBody(answer)
})
