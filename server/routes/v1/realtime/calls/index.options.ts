import { defineEventHandler, setResponseHeaders, setResponseStatus } from 'h3'
import { preflightHeaders } from '../../../../realtime/cross-origin.ts'

export default defineEventHandler(event => {
  setResponseStatus(event, 204)
  setResponseHeaders(event, preflightHeaders)
  return null
})
