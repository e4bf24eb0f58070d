import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import helmet from 'helmet'
import { contentDirectives, permissionsPolicy } from './policies.ts'

/** Where headers are put: a `ServerResponse`, or whatever takes them. */
export type HeaderTarget = Pick<ServerResponse, 'setHeader' | 'removeHeader'>

export interface SecurityHeaders {
  /** Sets every header of a response; the page's policy without a nonce, so that an answer that isn't a page may run nothing of its own. */
  set(response: HeaderTarget): void
  /** The page's policy, with a nonce made for this response. Returns it. */
  allowPage(response: HeaderTarget): string
  /** The same headers, for an answer that is written by hand. */
  list(): [name: string, value: string][]
}

export interface SecurityHeadersOptions {
  publicUrl: URL | undefined
  /** The development server: see `policies.ts` for what its client needs. */
  dev?: boolean
  nonce?: () => string
}

/** A year (RFC 6797); sub-domains and preload lists are the operator's to decide. */
const HSTS_SECONDS = 31_536_000
const CSP = 'Content-Security-Policy'

/** The security headers of every answer (OWASP Secure Headers; helmet's set, stricter). None of them allows another origin anything. */
export function createSecurityHeaders({ publicUrl, dev = false, nonce = () => randomBytes(16).toString('base64') }: SecurityHeadersOptions): SecurityHeaders {
  const setCommon = helmet({
    contentSecurityPolicy: false,
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
    // Over plain http browsers ignore it, and on a test's address it would lock the name for a year.
    strictTransportSecurity: publicUrl?.protocol === 'https:' ? { maxAge: HSTS_SECONDS, includeSubDomains: false } : false,
  })
  const policy = (of: Parameters<typeof contentDirectives>[0]) =>
    Object.entries(contentDirectives(of)).map(([name, sources]) => `${name} ${sources.join(' ')}`).join('; ')
  const plain = policy({ dev })

  function set(response: HeaderTarget) {
    // helmet reads nothing of a request and calls back at once.
    setCommon({} as IncomingMessage, response as ServerResponse, () => {})
    response.setHeader('Permissions-Policy', permissionsPolicy)
    response.setHeader(CSP, plain)
  }

  return {
    set,
    allowPage(response) {
      const made = nonce()
      response.setHeader(CSP, policy({ nonce: made, dev }))
      return made
    },
    list() {
      const headers: [string, string][] = []
      const target = { setHeader: (name: string, value: string) => { headers.push([name, value]) }, removeHeader: () => {} }
      set(target as unknown as HeaderTarget)
      return headers
    },
  }
}
