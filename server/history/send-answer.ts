import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Log } from '../log.ts'
import type { HistoryAnswer } from './history-answer.ts'

/** Writes an answer. A stream that fails, or whose reader leaves, is let go; what was begun can only be broken off. Never rejects. */
export async function sendAnswer(response: ServerResponse, { status, headers, body }: HistoryAnswer, log: Pick<Log, 'warn'>): Promise<void> {
  response.statusCode = status
  for (const [name, value] of headers) response.setHeader(name, value)
  if (!(body instanceof Readable)) {
    if (body) response.setHeader('Content-Type', 'application/json; charset=utf-8')
    response.end(body && JSON.stringify(body))
    return
  }
  try {
    await pipeline(body, response)
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    if (code !== 'ERR_STREAM_PREMATURE_CLOSE') log.warn({ code }, 'an answer broke off: what is kept could not be read to its end')
  }
}
