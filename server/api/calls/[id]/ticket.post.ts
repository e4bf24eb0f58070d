import { defineEventHandler, getRequestHeaders, getRouterParam, setResponseHeader, setResponseStatus } from 'h3'
import { instance } from '../../../realtime/current.ts'
import { grantHouseTicket } from '../../../realtime/house-ticket.ts'
import { refuseRequest } from '../../../request-refusal.ts'

export default defineEventHandler(async event => {
  setResponseHeader(event, 'Cache-Control', 'no-store')
  const headers = getRequestHeaders(event)
  const identity = await instance().access.identify({ headers, remoteAddress: event.node.req.socket.remoteAddress })
  const answer = await grantHouseTicket({ headers, identity, rtcId: getRouterParam(event, 'id') ?? '' }, instance())
  if ('code' in answer) return refuseRequest(event, answer, { by: identity.visitor?.by, address: identity.address })
  setResponseStatus(event, 201)
  return answer
})
