import type { IncomingMessage } from 'node:http'

/** The body's text, but no more of it than a sane request is long; one character too many tells that it was longer. */
export async function boundedBody(request: IncomingMessage, maxChars: number): Promise<string> {
  let body = ''
  for await (const piece of request.setEncoding('utf8')) if (body.length <= maxChars) body = (body + piece).slice(0, maxChars + 1)
  return body
}
