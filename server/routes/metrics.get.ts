import { defineEventHandler, getRequestHeaders, setResponseHeader } from 'h3'
import { instance } from '../realtime/current.ts'
import { mayReadMetrics } from '../numbers/may-read-metrics.ts'
import { refuseRequest } from '../request-refusal.ts'

/** Prometheus text; for who has the token, or, without one, for this machine. */
export default defineEventHandler(async event => {
  const { access, numbers, settings } = instance()
  setResponseHeader(event, 'Cache-Control', 'no-store')
  const headers = getRequestHeaders(event)
  if (!mayReadMetrics(headers, event.node.req.socket.remoteAddress, settings)) {
    setResponseHeader(event, 'WWW-Authenticate', 'Bearer')
    const { address } = await access.identify({ headers, remoteAddress: event.node.req.socket.remoteAddress })
    return refuseRequest(event, { status: 401, code: 'metrics_token_required', message: 'Metrics are read with the token in KAIWA_METRICS_TOKEN, as a bearer token; without one set, from this machine only.' }, { address })
  }
  setResponseHeader(event, 'Content-Type', numbers.contentType)
  return await numbers.text()
})
