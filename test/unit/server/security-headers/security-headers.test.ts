import { describe, expect, it } from 'vitest'
import { errorAnswer } from '../../../../server/security-headers/error-answer.ts'
import { withNonce } from '../../../../server/security-headers/nonce.ts'
import { contentDirectives } from '../../../../server/security-headers/policies.ts'
import { createSecurityHeaders } from '../../../../server/security-headers/response-headers.ts'

/** The headers of an answer, names in lower case. */
function headersOf(publicUrl?: string) {
  const headers = createSecurityHeaders({ publicUrl: publicUrl === undefined ? undefined : new URL(publicUrl) })
  return Object.fromEntries(headers.list().map(([name, value]) => [name.toLowerCase(), value]))
}

describe('security headers', () => {
  it('are on every answer, and let no other origin do anything', () => {
    expect(headersOf()).toMatchObject({
      'content-security-policy': expect.stringContaining('default-src \'self\''),
      'permissions-policy': expect.stringContaining('microphone=(self)'),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
    expect(Object.keys(headersOf()).filter(name => name.startsWith('access-control'))).toEqual([])
  })

  it('ask for https only where people use https', () => {
    expect(headersOf('https://kaiwa.example.org')).toHaveProperty('strict-transport-security', 'max-age=31536000')
    expect(headersOf('http://kaiwa.example.org')).not.toHaveProperty('strict-transport-security')
    expect(headersOf()).not.toHaveProperty('strict-transport-security')
  })

  it('give each page a nonce of its own, that nobody can guess', () => {
    const headers = createSecurityHeaders({ publicUrl: undefined })
    const sent: string[] = []
    const target = { setHeader: (_name: string, value: string) => { sent.push(value) } } as unknown as Parameters<typeof headers.allowPage>[0]
    const nonces = Array.from({ length: 50 }, () => headers.allowPage(target))
    expect(new Set(nonces).size).toBe(50)
    expect(Buffer.from(nonces[0]!, 'base64')).toHaveLength(16)
    nonces.forEach((nonce, index) => expect(sent[index]).toContain(`script-src 'self' 'nonce-${nonce}'`))
  })
})

describe('the page’s policy', () => {
  it('lets scripts come from this server or carry the nonce, and nothing be made of text', () => {
    const { 'script-src': script, 'style-src': style } = contentDirectives({ nonce: 'n' })
    expect(script).toEqual(['\'self\'', '\'nonce-n\'', '\'wasm-unsafe-eval\''])
    expect(style).toEqual(['\'self\'', '\'nonce-n\''])
  })

  it('is as strict in development, but for what Vite’s client needs', () => {
    const differing = Object.entries(contentDirectives({ nonce: 'n', dev: true })).filter(([name, sources]) => sources.join() !== contentDirectives({ nonce: 'n' })[name]!.join())
    expect(differing.map(([name]) => name)).toEqual(['style-src', 'connect-src'])
  })
})

describe('the nonce', () => {
  it('is given to scripts and styles, whatever their attributes', () => {
    expect(withNonce(['<script type="importmap">{}</script><style>a{}</style><link rel="stylesheet">', '<script src="/a.js" crossorigin></script>'], 'n'))
      .toEqual(['<script nonce="n" type="importmap">{}</script><style nonce="n">a{}</style><link rel="stylesheet">', '<script nonce="n" src="/a.js" crossorigin></script>'])
  })

  it('is not given to what only begins like them', () => {
    expect(withNonce(['<scripted></scripted><p>&lt;script></p>'], 'n')).toEqual(['<scripted></scripted><p>&lt;script></p>'])
  })
})

describe('the answer to a failed request', () => {
  it.each([[404, 404, 'not_found'], [400, 400, 'bad_request'], [422, 422, 'bad_request'], [500, 500, 'server_error'], [503, 503, 'server_error'], [undefined, 500, 'server_error'], [200, 500, 'server_error']])(
    'with %s is %i %s', (said, status, code) => {
      const answer = errorAnswer(said)
      expect(answer.status).toBe(status)
      expect(answer.body.error.code).toBe(code)
    })
})
