import { bearerIn } from '../auth/bearer.ts'
import { SECRET_PREFIX } from '../auth/client-secret.ts'

/**
 * Pages of other sites reach calls with a secret that a program's token made, and with nothing else: admission says so. A browser asks
 * first (CORS, fetch.spec.whatwg.org), without saying what it has; and reads no answer that doesn't name its origin. Never with cookies.
 */
export const preflightHeaders = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'POST',
  'Access-Control-Allow-Headers': 'authorization, content-type, openai-safety-identifier, x-openai-agents-sdk',
  'Access-Control-Max-Age': '600',
}

/** Of the answer to whoever shows a secret, good or not: only then has another site's page anything to read. */
export function sharingHeaders(headers: { authorization?: string }): Record<string, string> {
  return bearerIn(headers)?.startsWith(SECRET_PREFIX) ? { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'Location' } : {}
}
