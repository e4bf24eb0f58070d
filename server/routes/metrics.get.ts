import { defineEventHandler, getRequestHeaders, setResponseHeader, setResponseStatus } from 'h3'
import { refusalBody } from '../realtime/admission.ts'
import { instance } from '../realtime/current.ts'
import { mayReadMetrics } from '../numbers/may-read-metrics.ts'

/** Prometheus text; for who has the token, or, without one, for this machine. */
export default defineEventHandler(async event => {
  const { numbers, settings } = instance()
  setResponseHeader(event, 'Cache-Control', 'no-store')
  const headers = getRequestHeaders(event)
  if (!mayReadMetrics(headers, event.node.req.socket.remoteAddress, settings)) {
    setResponseStatus(event, 401)
    setResponseHeader(event, 'WWW-Authenticate', 'Bearer')
    return refusalBody({ status: 401, code: 'metrics_token_required', message: 'Metrics are read with the token in KAIWA_METRICS_TOKEN, as a bearer token; without one set, from this machine only.' })
  }
  setResponseHeader(event, 'Content-Type', numbers.contentType)
  return await numbers.text()
})
