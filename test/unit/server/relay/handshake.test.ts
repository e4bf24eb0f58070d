import { describe, expect, it } from 'vitest'
import { askHandshake, readHandshake } from '../../../../server/relay/handshake.ts'

const right = { upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }
const asking = (headers: Record<string, string | undefined>, method = 'GET') => readHandshake({ method, headers: { ...right, ...headers } })

describe('a client’s handshake', () => {
  it('is answered with what RFC 6455 gives as its example', () => {
    expect(asking({})).toEqual({ ok: true, accept: 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' })
  })

  it.each([
    ['another method', {}, 'POST', 'bad_handshake'],
    ['no upgrade', { upgrade: undefined }, 'GET', 'bad_handshake'],
    ['an upgrade to something else', { upgrade: 'h2c' }, 'GET', 'bad_handshake'],
    ['no version', { 'sec-websocket-version': undefined }, 'GET', 'bad_handshake'],
    ['an old version', { 'sec-websocket-version': '8' }, 'GET', 'bad_version'],
    ['a version to come', { 'sec-websocket-version': '14' }, 'GET', 'bad_version'],
    ['no key', { 'sec-websocket-key': undefined }, 'GET', 'bad_handshake'],
    ['a key of fifteen bytes', { 'sec-websocket-key': Buffer.alloc(15).toString('base64') }, 'GET', 'bad_handshake'],
    ['two keys', { 'sec-websocket-key': `${right['sec-websocket-key']}, ${right['sec-websocket-key']}` }, 'GET', 'bad_handshake'],
  ])('with %s is refused', (_, headers, method, why) => {
    expect(asking(headers, method)).toMatchObject({ ok: false, why })
  })
})

describe('a server’s answer', () => {
  const answer = (more: Record<string, string> = {}) => {
    const { headers, agrees } = askHandshake()
    const read = readHandshake({ method: 'GET', headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])) })
    return agrees({ headers: { upgrade: 'websocket', 'sec-websocket-accept': read.ok ? read.accept : '', ...more } })
  }

  it('is believed when it proves that the key was read', () => { expect(answer()).toBe(true) })
  it.each([
    ['the answer to another key', { 'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' }],
    ['an upgrade to something else', { upgrade: 'h2c' }],
    ['an extension that nobody offered', { 'sec-websocket-extensions': 'permessage-deflate' }],
    ['a subprotocol that nobody offered', { 'sec-websocket-protocol': 'realtime' }],
  ])('isn’t with %s', (_, more) => { expect(answer(more)).toBe(false) })
})
