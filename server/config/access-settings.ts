import { isIP } from 'node:net'
import { boolean, httpUrl, isLoopbackHost, listOf, secret, SettingsError, word, type Kind, type Read } from './setting-kinds.ts'

/** An OpenID Connect provider at which people sign in. */
export interface OidcSettings {
  issuer: URL
  clientId: string
  /** Undefined: a public client, with PKCE alone. */
  clientSecret: string | undefined
  /** Who of the provider's people may talk: addresses (`ann@example.org`), domains (`@example.org`). Empty: all of them. */
  allow: string[]
}

/** Who may talk. */
export interface AccessSettings {
  /** Nobody has to sign in although others reach the server. Sign-in, where it is set up, wins. */
  allowAnonymous: boolean
  password: string | undefined
  /** Bearer tokens of other programs, by name. */
  tokens: ReadonlyMap<string, string>
  oidc: OidcSettings | undefined
  /** Who sees what everyone spends: addresses as the provider verified them, names of tokens. */
  operators: string[]
  /** Proxies whose `X-Forwarded-*` headers are believed: addresses, networks (`10.0.0.0/8`), `loopback`. */
  trustedProxies: string[]
}

const NETWORK = /^(loopback|linklocal|uniquelocal)$/
const address: Kind<string> = {
  takes: 'an address',
  parse(text) {
    const [ip = '', prefix, ...rest] = text.split('/')
    const family = isIP(ip)
    const fits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128))
    return NETWORK.test(text) || (family && fits && rest.length === 0) ? text : undefined
  },
}

/** A colon ends the name, so the token may hold more of them. */
const tokenPair: Kind<[string, string]> = {
  takes: 'a name, a colon and a token', secret: true,
  parse(text) {
    const found = /^([\w.-]{1,64}):([\x21-\x2b\x2d-\x7e]{1,512})$/.exec(text)
    return found ? [found[1]!, found[2]!] : undefined
  },
}
const allowed: Kind<string> = { takes: 'an address', parse: text => /^[^\s@,]*@[^\s@,]+\.[^\s@,]+$/.test(text) ? text.toLowerCase() : undefined }

const operator: Kind<string> = { takes: 'an address or a name', parse: text => allowed.parse(text) ?? (/^[\w.-]{1,64}$/.test(text) ? text : undefined) }

/** @throws SettingsError */
export function readAccess(read: Read): AccessSettings {
  return {
    allowAnonymous: read('KAIWA_ALLOW_ANONYMOUS', boolean, false),
    password: read('KAIWA_PASSWORD', { ...secret('1 to 512 characters, none of them a line break'), parse: text => /^[^\p{Cc}]{1,512}$/u.test(text) ? text : undefined }, undefined),
    tokens: readTokens(read),
    oidc: readOidc(read),
    operators: read('KAIWA_OPERATORS', listOf(operator, 'addresses such as ann@example.org or names of KAIWA_API_TOKENS, comma separated'), []),
    trustedProxies: read('KAIWA_TRUSTED_PROXIES', listOf(address, 'addresses, networks such as 10.0.0.0/8, or `loopback`, comma separated'), ['loopback']),
  }
}

function readTokens(read: Read): ReadonlyMap<string, string> {
  const pairs = read('KAIWA_API_TOKENS', listOf(tokenPair, '`name:token` pairs, comma separated; no spaces or commas within'), [])
  const tokens = new Map(pairs)
  if (tokens.size < pairs.length) throw new SettingsError('KAIWA_API_TOKENS has a name twice; it takes each name once.')
  if (new Set(tokens.values()).size < tokens.size) throw new SettingsError('KAIWA_API_TOKENS has a token twice; each name takes a token of its own.')
  return tokens
}

function readOidc(read: Read): OidcSettings | undefined {
  const issuer = read('KAIWA_OIDC_ISSUER', httpUrl('the https address of an OpenID Connect provider, as its `issuer` says it'), undefined)
  const clientId = read('KAIWA_OIDC_CLIENT_ID', word('the client id that the provider gave'), undefined)
  const clientSecret = read('KAIWA_OIDC_CLIENT_SECRET', secret('the client secret that the provider gave'), undefined)
  const allow = read('KAIWA_OIDC_ALLOW', listOf(allowed, 'addresses such as ann@example.org or domains such as @example.org, comma separated'), [])
  if (!issuer && !clientId) return undefined
  if (!issuer || !clientId) throw new SettingsError('KAIWA_OIDC_ISSUER and KAIWA_OIDC_CLIENT_ID belong together; one of them is not set.')
  if (issuer.protocol !== 'https:' && !isLoopbackHost(issuer.hostname)) throw new SettingsError('KAIWA_OIDC_ISSUER has to begin with https: what it says decides who may talk.')
  return { issuer, clientId, clientSecret, allow }
}

/** Shorter ones are guessed sooner or later, even at the rate that sign-in allows. */
const SHORT_PASSWORD = 8
const SHORT_TOKEN = 16

/** What is weak in it, a sentence each. */
export function weaknesses({ password, tokens }: Pick<AccessSettings, 'password' | 'tokens'>): string[] {
  const short = [...tokens].filter(([, token]) => token.length < SHORT_TOKEN).map(([name]) => name)
  return [
    ...(password !== undefined && password.length < SHORT_PASSWORD ? [`KAIWA_PASSWORD is shorter than ${SHORT_PASSWORD} characters: it can be guessed.`] : []),
    ...(short.length > 0 ? [`KAIWA_API_TOKENS: the token of ${short.join(', ')} is shorter than ${SHORT_TOKEN} characters: it can be guessed.`] : []),
  ]
}

/** Whether people have to sign in on the page. */
export const asksForSignIn = ({ password, oidc }: Pick<AccessSettings, 'password' | 'oidc'>) => password !== undefined || oidc !== undefined
