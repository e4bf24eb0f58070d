import { defineEventHandler, setResponseStatus } from 'h3'
import { instance } from '../realtime/current.ts'

/** Taking new calls, and who answers them; or (503) still starting, or draining. */
export default defineEventHandler(async event => {
  const { house, brain } = instance()
  const status = house.draining ? 'draining' : brain.ready ? 'ready' : 'starting'
  if (status !== 'ready') setResponseStatus(event, 503)
  return { status, ...await brain.info() }
})
