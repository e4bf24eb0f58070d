/** The value of one cookie (RFC 6265); the first when it is there twice. Undefined when it isn't there. */
export function cookieIn(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}

export interface CookieOptions {
  /** The people come by https. */
  secure: boolean
  /** Undefined: as long as the browser runs. 0: it goes away. */
  maxAgeSeconds: number
}

/** By https it has a prefix that no other host and no plain connection can set (RFC 6265bis, `__Host-`). */
export const cookieName = (name: string, secure: boolean) => secure ? `__Host-${name}` : name

/** `Set-Cookie`: out of reach of scripts, not sent along by other sites' requests but for links. */
export const setCookie = (name: string, value: string, { secure, maxAgeSeconds }: CookieOptions) =>
  `${cookieName(name, secure)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
