import { appendResponseHeader, defineEventHandler, getRequestHeaders } from 'h3'
import { instance } from '../realtime/current.ts'

/** The page is told who may talk, and who it belongs to, with itself: rendering finds it in `event.context.access`. */
export default defineEventHandler(async event => {
  if (/^\/(_nuxt|api|auth|v1)\/|^\/(healthz|readyz|metrics)$/.test(event.path)) return
  const { access } = instance()
  const identity = await access.identify({ headers: getRequestHeaders(event), remoteAddress: event.node.req.socket.remoteAddress })
  event.context.access = access.infoOf(identity)
  const renewed = identity.signIn && await access.cookies.renew(identity.signIn, identity.secure)
  if (renewed) appendResponseHeader(event, 'Set-Cookie', renewed)
})
