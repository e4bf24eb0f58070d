import { defineEventHandler, getRequestHeaders, getRouterParam, setResponseHeader, setResponseHeaders } from 'h3'
import { sharingHeaders } from '../../../../../realtime/cross-origin.ts'
import { instance } from '../../../../../realtime/current.ts'
import { hangUpCall } from '../../../../../realtime/hang-up-request.ts'
import { refuseRequest } from '../../../../../request-refusal.ts'

/** Says nothing on success, as the API does. */
export default defineEventHandler(async event => {
  const headers = getRequestHeaders(event)
  setResponseHeader(event, 'Cache-Control', 'no-store')
  setResponseHeaders(event, sharingHeaders(headers))
  const identity = await instance().access.identify({ headers, remoteAddress: event.node.req.socket.remoteAddress })
  const refused = hangUpCall({ headers, identity, rtcId: getRouterParam(event, 'id') ?? '' }, instance())
  return refused ? refuseRequest(event, refused, { by: (identity.program ?? identity.visitor ?? identity.caller).by, address: identity.address }) : ''
})
