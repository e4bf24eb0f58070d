import { describe, expect, it } from 'vitest'
import { isOwnHost, isOwnOrigin } from '../../../../server/auth/origin.ts'

const loopback = { host: '127.0.0.1', publicUrl: undefined }
const open = { host: '0.0.0.0', publicUrl: undefined }
const behindProxy = { host: '127.0.0.1', publicUrl: new URL('https://kaiwa.example') }

describe('the host that a caller asked for', () => {
  it.each([
    ['localhost:3000', loopback, true],
    ['127.0.0.1:3000', loopback, true],
    ['[::1]:3000', loopback, true],
    ['kaiwa.localhost', loopback, true],
    ['evil.example', loopback, false],
    ['127.0.0.1.evil.example', loopback, false],
    ['localhost.evil.example:3000', loopback, false],
    ['192.168.1.5:3000', loopback, false],
    ['', loopback, false],
    [undefined, loopback, false],
    ['localhost@evil.example', loopback, false],
    ['192.168.1.5:3000', open, true],
    ['[fd00::1]:3000', open, true],
    ['printer.lan:3000', open, false],
    ['printer.lan:3000', { host: 'printer.lan', publicUrl: undefined }, true],
    ['kaiwa.example', behindProxy, true],
    ['kaiwa.example:443', behindProxy, true],
    ['evil.example', behindProxy, false],
  ] as const)('%s at %o: %s', (host, settings, own) => { expect(isOwnHost(host, settings)).toBe(own) })
})

describe('the page that a connection comes from', () => {
  it.each([
    ['http://localhost:3000', 'localhost:3000', undefined, true],
    ['http://LOCALHOST:3000', 'localhost:3000', undefined, true],
    ['http://localhost', 'localhost:80', undefined, true],
    ['https://kaiwa.example', 'kaiwa.example', undefined, true],
    ['https://kaiwa.example', '127.0.0.1:3000', new URL('https://kaiwa.example'), true],
    ['http://localhost:3001', 'localhost:3000', undefined, false],
    ['http://127.0.0.1:3000', 'localhost:3000', undefined, false],
    ['https://evil.example', 'localhost:3000', undefined, false],
    ['null', 'localhost:3000', undefined, false],
    ['', 'localhost:3000', undefined, false],
    ['file://localhost:3000', 'localhost:3000', undefined, false],
    ['http://localhost:3000.evil.example', 'localhost:3000', undefined, false],
  ] as const)('%s at %s: %s %s', (origin, host, publicUrl, own) => { expect(isOwnOrigin(origin, host, publicUrl)).toBe(own) })
})
