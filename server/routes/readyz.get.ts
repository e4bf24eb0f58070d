import { defineEventHandler, setResponseStatus } from 'h3'
import { instance } from '../realtime/current.ts'

/** Taking new calls, or (503) draining. */
export default defineEventHandler(event => {
  if (!instance().house.draining) return { status: 'ready' }
  setResponseStatus(event, 503)
  return { status: 'draining' }
})
