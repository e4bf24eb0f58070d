import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mustSignIn } from '../../../../app/components/sign-in/must-sign-in.ts'
import { returnPath } from '../../../../app/components/sign-in/return-path.ts'
import { problemOfQuery, signIn } from '../../../../app/components/sign-in/sign-in-request.ts'
import { en } from '../../../../app/i18n/en.ts'

describe('where one goes after signing in', () => {
  test.each(['/', '/c/42?x=1#end', '/a%20b', '/loginless'])('%s is kept', path => {
    expect(returnPath(path)).toBe(path)
  })

  test.each([
    undefined, 7, ['/'], '', 'x', '//evil.example', '/\\evil.example', '\\/evil.example', 'https://evil.example', 'javascript:alert(1)', '/\t/evil.example', '/\n', '/.//evil.example',
    '/a/..//evil.example', '/%2e//evil.example', '/login', '/login?to=/login', '/x/../login', '/api/logout', '/auth/oidc', '/v1/realtime',
  ])('%s is not', path => {
    expect(returnPath(path)).toBe('/')
  })

  test('is always a page of this server, whatever was asked for', () => {
    const piece = fc.constantFrom('/', '\\', '..', '.', ':', '@', 'evil.example', 'http', '\t', '%2e', '%2f', '?', '#', 'a')
    fc.assert(fc.property(fc.oneof(fc.string(), fc.array(piece, { maxLength: 8 }).map(pieces => pieces.join(''))), to => {
      const url = new URL(returnPath(to), 'https://talk.example/')
      expect(url.origin).toBe('https://talk.example')
      expect(url.pathname).not.toMatch(/^\/(login|api|auth|v1)(\/|$)/)
    }))
  })
})

describe('signing in with a password', () => {
  const answering = (status: number, headers: Record<string, string> = {}) => (() => Promise.resolve(new Response(null, { status, headers }))) as typeof fetch
  const tried = (fetch: typeof globalThis.fetch) => signIn('a "password"', fetch, new AbortController().signal)

  test('asks with JSON, and is silent about success', async () => {
    let asked: [unknown, RequestInit | undefined] | undefined
    const fetch = ((input: unknown, init?: RequestInit) => {
      asked = [input, init]
      return Promise.resolve(new Response(null, { status: 204 }))
    }) as typeof globalThis.fetch
    expect(await tried(fetch)).toBeUndefined()
    expect(asked).toMatchObject(['/api/login', { method: 'POST', body: '{"password":"a \\"password\\""}', headers: { 'content-type': 'application/json' } }])
  })

  test.each([
    [401, {}, { code: 'wrong_password' }], [429, { 'retry-after': '17' }, { code: 'too_many_tries', seconds: 17 }], [429, {}, { code: 'too_many_tries', seconds: 30 }],
    [429, { 'retry-after': '0' }, { code: 'too_many_tries', seconds: 1 }], [429, { 'retry-after': 'Mon, 23 Nov 2026 00:00:00 GMT' }, { code: 'too_many_tries', seconds: 30 }],
    [500, {}, { code: 'server_failed' }], [200, {}, { code: 'server_failed' }], [403, {}, { code: 'server_failed' }],
  ])('an answer of %i with %o is %o', async (status, headers, expected) => {
    expect(await tried(answering(status, headers as Record<string, string>))).toEqual(expected)
  })

  test('a server that does not answer is said to be out of reach', async () => {
    expect(await tried((() => Promise.reject(new TypeError('Failed to fetch'))) as typeof fetch)).toEqual({ code: 'unreachable' })
  })

  test('a provider’s trouble has its own words, and an unknown one plain words', () => {
    expect(problemOfQuery(undefined)).toBeUndefined()
    expect(problemOfQuery('not_allowed')).toEqual({ code: 'not_allowed' })
    for (const odd of ['<script>', '__proto__', ['not_allowed'], null]) expect(problemOfQuery(odd)).toEqual({ code: 'sign_in_failed' })
    expect(Object.keys(en.signIn.problems)).toContain(problemOfQuery('sign_in_expired')!.code)
  })
})

test('one has to sign in where nobody is there', () => {
  expect(mustSignIn({ person: undefined })).toBe(true)
  expect(mustSignIn({ person: { name: undefined, by: 'password' } })).toBe(false)
  expect(mustSignIn({ person: { name: undefined, by: 'anonymous' } })).toBe(false)
})
