import { defineEventHandler, setResponseHeader, setResponseStatus } from 'h3'
import type { Refusal } from '../../../shared/calls.ts'

/** Plain HTTP on the WebSocket's address. */
export default defineEventHandler((event): Refusal => {
  setResponseStatus(event, 426)
  setResponseHeader(event, 'Upgrade', 'websocket')
  return { error: { type: 'invalid_request_error', code: 'upgrade_required', message: 'This address speaks WebSocket only.' } }
})
