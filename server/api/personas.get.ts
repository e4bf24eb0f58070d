import { defineEventHandler, getRequestHeaders, setResponseHeader } from 'h3'
import { listPersonas } from '../personas/persona-request.ts'
import { instance } from '../realtime/current.ts'
import { refuseRequest } from '../request-refusal.ts'

export default defineEventHandler(async event => {
  setResponseHeader(event, 'Cache-Control', 'no-store')
  const headers = getRequestHeaders(event)
  const identity = await instance().access.identify({ headers, remoteAddress: event.node.req.socket.remoteAddress })
  const answer = listPersonas({ headers, identity }, instance())
  if ('personas' in answer) return answer
  return refuseRequest(event, answer, { by: identity.visitor?.by, address: identity.address })
})
