import { defineEventHandler, getRequestHeaders, setResponseHeader, setResponseStatus, type H3Event } from 'h3'
import { refusalBody } from '../realtime/admission.ts'
import { grantCall, MAX_BODY_BYTES } from '../realtime/call-request.ts'
import { instance } from '../realtime/current.ts'

export default defineEventHandler(async event => {
  setResponseHeader(event, 'Cache-Control', 'no-store')
  const ask = { headers: getRequestHeaders(event), remoteAddress: event.node.req.socket.remoteAddress, body: await boundedBody(event) }
  const answer = grantCall(ask, instance())
  if ('ticket' in answer) {
    setResponseStatus(event, 201)
    return answer
  }
  setResponseStatus(event, answer.status)
  if (answer.retryAfterSeconds !== undefined) setResponseHeader(event, 'Retry-After', answer.retryAfterSeconds)
  return refusalBody(answer)
})

/** Keeps no more than a sane request is long; one byte too many tells that it was longer. */
async function boundedBody({ node: { req } }: H3Event): Promise<string> {
  let body = ''
  for await (const piece of req.setEncoding('utf8')) body = (body + piece).slice(0, MAX_BODY_BYTES + 1)
  return body
}
