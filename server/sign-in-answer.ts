import { appendResponseHeader, getRequestHeaders, setResponseHeader, setResponseStatus, type H3Event } from 'h3'
import { boundedBody } from './bounded-body.ts'
import { instance } from './realtime/current.ts'
import { MAX_LOGIN_BODY_CHARS, type AuthAnswer, type AuthAsk, type AuthHouse } from './auth/sign-in-request.ts'

/** Lets one of sign-in's requests be answered over HTTP. */
export async function answerWith(event: H3Event, answer: (ask: AuthAsk, house: AuthHouse) => AuthAnswer | Promise<AuthAnswer>) {
  const house = instance()
  const headers = getRequestHeaders(event)
  const identity = await house.access.identify({ headers, remoteAddress: event.node.req.socket.remoteAddress })
  const body = event.method === 'POST' ? await boundedBody(event.node.req, MAX_LOGIN_BODY_CHARS) : ''
  const { status, headers: said, body: told } = await answer({ headers, identity, body, url: event.path }, house)
  setResponseStatus(event, status)
  for (const [name, value] of said) {
    if (name === 'Set-Cookie') appendResponseHeader(event, name, value)
    else setResponseHeader(event, name, value)
  }
  return told ?? null
}
