import { describe, expect, it } from 'vitest'
import { isPublicAddress, mcpReachOf } from '../../../../server/engine/mcp-reach.ts'
import { readSettings } from '../../../../server/config/settings.ts'

describe('an address', () => {
  it.each(['1.1.1.1', '8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450:4001::200e'])('is public: %s', address => expect(isPublicAddress(address)).toBe(true))

  it.each([
    '0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.168.1.1', '192.0.0.192', '198.18.0.1', '224.0.0.1', '255.255.255.255', '168.63.129.16',
    '100.100.100.200', '::', '::1', '::ffff:10.0.0.1', '::ffff:8.8.8.8', '64:ff9b::a00:1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'ff02::1', '2001::1', '2001:db8::1', '2002:7f00:1::', 'localhost', '',
  ])('is not: %j', address => expect(isPublicAddress(address)).toBe(false))
})

describe('a server', () => {
  const { access } = readSettings({})
  const alone = { host: '127.0.0.1', publicUrl: undefined, access }
  it('on loopback, with nothing configured, may call any address', () => expect(mcpReachOf(alone)).toBe('anywhere'))
  it.each([
    ['listens elsewhere', { host: '0.0.0.0' }],
    ['has a public address', { publicUrl: new URL('https://kaiwa.example') }],
    ['lets anyone in', { access: { ...access, allowAnonymous: true } }],
    ['has people sign in', { access: { ...access, password: 'open sesame' } }],
    ['has tokens for programs', { access: { ...access, tokens: new Map([['ci', '0123456789abcdef']]) } }],
  ])('that %s calls public ones only', (_what, change) => expect(mcpReachOf({ ...alone, ...change })).toBe('public'))
})
