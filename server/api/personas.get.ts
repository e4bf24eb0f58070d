import { defineEventHandler, getRequestHeaders, setResponseHeader, setResponseStatus } from 'h3'
import { listPersonas } from '../personas/persona-request.ts'
import { refusalBody } from '../realtime/admission.ts'
import { instance } from '../realtime/current.ts'

export default defineEventHandler(async event => {
  setResponseHeader(event, 'Cache-Control', 'no-store')
  const headers = getRequestHeaders(event)
  const identity = await instance().access.identify({ headers, remoteAddress: event.node.req.socket.remoteAddress })
  const answer = listPersonas({ headers, identity }, instance())
  if ('personas' in answer) return answer
  setResponseStatus(event, answer.status)
  return refusalBody(answer)
})
