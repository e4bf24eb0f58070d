import { defineEventHandler, getRequestHeaders, setResponseHeader, setResponseStatus } from 'h3'
import { listPersonas } from '../personas/persona-request.ts'
import { refusalBody } from '../realtime/admission.ts'
import { instance } from '../realtime/current.ts'

export default defineEventHandler(event => {
  setResponseHeader(event, 'Cache-Control', 'no-store')
  const answer = listPersonas({ headers: getRequestHeaders(event) }, instance())
  if ('personas' in answer) return answer
  setResponseStatus(event, answer.status)
  return refusalBody(answer)
})
