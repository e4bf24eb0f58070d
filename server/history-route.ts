import { defineEventHandler, getRequestHeaders, getRouterParams } from 'h3'
import { boundedBody } from './bounded-body.ts'
import { MAX_HISTORY_BODY_CHARS, type AnswerHistory } from './history/history-answer.ts'
import { sendAnswer } from './history/send-answer.ts'
import { instance } from './realtime/current.ts'

/** Lets one of history's requests be answered over HTTP. */
export const historyRoute = (answer: AnswerHistory) => defineEventHandler(async event => {
  const house = instance()
  const { method, path: url, node: { req, res } } = event
  const headers = getRequestHeaders(event)
  const identity = await house.access.identify({ headers, remoteAddress: req.socket.remoteAddress })
  const body = method === 'PATCH' ? await boundedBody(req, MAX_HISTORY_BODY_CHARS) : ''
  const answered = await answer({ method, headers, identity, url, body, params: getRouterParams(event, { decode: true }) }, house)
  await sendAnswer(res, answered, house.log)
})
