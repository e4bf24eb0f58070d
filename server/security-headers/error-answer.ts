import type { Refusal } from '../../shared/calls.ts'

/** What a failed request is told; nothing of how or where it failed. */
export interface ErrorAnswer { status: number, body: Refusal }

const known: Record<number, { code: string, message: string }> = {
  400: { code: 'bad_request', message: 'The request could not be understood.' },
  404: { code: 'not_found', message: 'There is nothing at this address.' },
  405: { code: 'method_not_allowed', message: 'This address does not take that method.' },
  413: { code: 'body_too_large', message: 'The body is larger than this address takes.' },
}
const failed = { code: 'server_error', message: 'Something went wrong here. Try again; if it stays so, tell whoever runs this server.' }

/** By status only: what an error says of itself is for the log. */
export function errorAnswer(statusCode: number | undefined): ErrorAnswer {
  const status = statusCode !== undefined && statusCode >= 400 && statusCode <= 599 ? statusCode : 500
  const told = known[status] ?? (status < 500 ? known[400]! : failed)
  return { status, body: { error: { type: status < 500 ? 'invalid_request_error' : 'server_error', ...told } } }
}
