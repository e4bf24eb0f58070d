import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/** How the next sign-in goes wrong. */
export type OidcFault = 'nonce' | 'expired' | 'signature' | 'audience' | 'denied' | 'silent' | 'down'

export interface OidcProvider {
  issuer: string
  /** Who is signed in there. */
  claims: Record<string, unknown>
  fault: OidcFault | undefined
  /** Requests for its configuration. */
  readonly discoveries: number
  close(): Promise<void>
}

/** A small OpenID Connect provider on loopback, at which whoever comes is signed in already. PKCE is checked. */
export async function startOidcProvider(clientId: string): Promise<OidcProvider> {
  const [real, forged] = await Promise.all([generateKeyPair('RS256', { extractable: true }), generateKeyPair('RS256')])
  const jwk = { ...await exportJWK(real.publicKey), kid: 'k1', alg: 'RS256', use: 'sig' }
  const codes = new Map<string, { nonce: string, challenge: string }>()
  let discoveries = 0
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', provider.issuer)
    const json = (value: object, status = 200) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (provider.fault === 'silent') return
    if (provider.fault === 'down') return json({}, 503)
    if (url.pathname === '/.well-known/openid-configuration') {
      discoveries++
      const { issuer } = provider
      return json({
        issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`, response_types_supported: ['code'],
        subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'], code_challenge_methods_supported: ['S256'],
      })
    }
    if (url.pathname === '/keys') return json({ keys: [jwk] })
    if (url.pathname === '/authorize') {
      const asked = (name: string) => url.searchParams.get(name) ?? ''
      const back = new URL(asked('redirect_uri'))
      back.searchParams.set('state', asked('state'))
      if (provider.fault === 'denied') back.searchParams.set('error', 'access_denied')
      else {
        const code = `code-${codes.size}`
        codes.set(code, { nonce: asked('nonce'), challenge: asked('code_challenge') })
        back.searchParams.set('code', code)
      }
      return response.writeHead(302, { location: back.href }).end()
    }
    let body = ''
    for await (const piece of request.setEncoding('utf8')) body += piece
    const form = new URLSearchParams(body)
    const held = codes.get(form.get('code') ?? '')
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(form.get('code_verifier') ?? ''))).toString('base64url')
    if (!held || digest !== held.challenge) return json({ error: 'invalid_grant' }, 400)
    codes.delete(form.get('code')!)
    const { fault } = provider
    const now = Math.floor(Date.now() / 1000)
    const token = await new SignJWT({ nonce: fault === 'nonce' ? 'another' : held.nonce, ...provider.claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' }).setIssuer(provider.issuer).setAudience(fault === 'audience' ? 'another' : clientId)
      .setIssuedAt(now - 7200).setExpirationTime(fault === 'expired' ? now - 3600 : now + 300)
      .sign(fault === 'signature' ? forged.privateKey : real.privateKey)
    return json({ access_token: 'access-canary', token_type: 'Bearer', id_token: token })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const provider: OidcProvider = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    claims: { sub: 'ann-1', name: 'Ann', email: 'ann@example.org', email_verified: true },
    fault: undefined,
    get discoveries() { return discoveries },
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return provider
}
