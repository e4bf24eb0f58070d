import { setResponseHeader, setResponseStatus, type H3Event } from 'h3'
import { refusalBody, type Refusal } from './realtime/admission.ts'
import { instance } from './realtime/current.ts'
import { noteRefusal, type Refused } from './realtime/refusal-line.ts'

/** Answers a request with its refusal: status, `Retry-After`, the line in the log, and the body to return. */
export function refuseRequest(event: H3Event, refusal: Pick<Refusal, 'status' | 'code' | 'message' | 'param' | 'retryAfterSeconds'>, whom: Refused) {
  noteRefusal(instance().log, 'request', refusal, whom, event.path.split('?')[0])
  setResponseStatus(event, refusal.status)
  if (refusal.retryAfterSeconds !== undefined) setResponseHeader(event, 'Retry-After', refusal.retryAfterSeconds)
  return refusalBody(refusal)
}
