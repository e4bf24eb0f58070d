/**
 * Where to go after signing in: a path of this page's own, as `?to=` names it; anything else (another host, another scheme, the
 * sign-in itself, what is no page) is the start.
 */
export function returnPath(to: unknown): string {
  if (typeof to !== 'string' || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(to)) return '/'
  const base = 'http://kaiwa.invalid'
  const { origin, pathname, search, hash } = URL.canParse(to, base) ? new URL(to, base) : new URL(base)
  // What `..` and `.` lead to is looked at, not what was written.
  const home = origin !== base || pathname.startsWith('//') || /^\/(login|auth|api|v1)(\/|$)/.test(pathname)
  return home ? '/' : pathname + search + hash
}
