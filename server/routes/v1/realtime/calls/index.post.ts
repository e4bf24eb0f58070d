import { defineEventHandler, getRequestHeaders, setResponseHeader, setResponseHeaders, setResponseStatus } from 'h3'
import { boundedBody } from '../../../../bounded-body.ts'
import { sharingHeaders } from '../../../../realtime/cross-origin.ts'
import { instance } from '../../../../realtime/current.ts'
import { MAX_OFFER_BODY_CHARS } from '../../../../realtime/offer-body.ts'
import { answerOffer } from '../../../../realtime/offer-request.ts'
import { refuseRequest } from '../../../../request-refusal.ts'

export default defineEventHandler(async event => {
  const { req, res } = event.node
  const headers = getRequestHeaders(event)
  setResponseHeader(event, 'Cache-Control', 'no-store')
  setResponseHeaders(event, sharingHeaders(headers))
  const left = new AbortController()
  res.once('close', () => { if (!res.writableFinished) left.abort() })
  const body = await boundedBody(req, MAX_OFFER_BODY_CHARS)
  const identity = await instance().access.identify({ headers, remoteAddress: req.socket.remoteAddress })
  const answer = await answerOffer({ headers, identity, url: event.path, body, left: left.signal }, instance())
  if ('code' in answer) return refuseRequest(event, answer, { by: (identity.program ?? identity.visitor ?? identity.caller).by, address: identity.address })
  setResponseStatus(event, 201)
  setResponseHeader(event, 'Content-Type', 'application/sdp')
  setResponseHeader(event, 'Location', answer.location)
  if (answer.ticket !== undefined) setResponseHeader(event, 'Kaiwa-Ticket', answer.ticket)
  return answer.sdp
})
