import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createDatagramGuard } from '../../../../server/webrtc/datagram-guard.ts'

const own = { username: 'ours:theirs', password: 'a password of the call' }
const browser = ['192.0.2.7', 4000] as const

function attribute(type: number, value: Buffer) {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(value.length, 2)
  return Buffer.concat([head, value, Buffer.alloc((4 - value.length % 4) % 4)])
}

/** A connectivity check as RFC 8445 has it. */
function check({ username, password }: typeof own, type = 0x0001) {
  const attributes = Buffer.concat([attribute(0x0006, Buffer.from(username)), attribute(0xC057, Buffer.from([0, 1, 2, 3]))])
  const head = Buffer.alloc(20)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(attributes.length + 24, 2)
  head.writeUInt32BE(0x2112A442, 4)
  const covered = Buffer.concat([head, attributes])
  const whole = Buffer.concat([covered, attribute(0x0008, createHmac('sha1', password).update(covered).digest()), attribute(0x8028, Buffer.alloc(4))])
  whole.writeUInt16BE(whole.length - 20, 2)
  return whole
}
const media = Buffer.concat([Buffer.from([0x80]), Buffer.alloc(40)])

describe('what of a peer’s port reaches it', () => {
  it('is a check of the call, and then media from there', () => {
    const guard = createDatagramGuard(own)
    expect(guard.passes(media, browser, 0)).toBe(false)
    expect(guard.passes(check(own), browser, 10)).toBe(true)
    expect(guard.provenAtMs).toBe(10)
    expect(guard.passes(media, browser, 20)).toBe(true)
    expect(guard.passes(media, ['192.0.2.8', 4000], 20)).toBe(false)
    expect(guard.passes(media, ['192.0.2.7', 4001], 20)).toBe(false)
  })

  it.each([
    ['a check with another password', check({ ...own, password: 'guessed' })],
    ['a check with another name', check({ ...own, username: 'ours:others' })],
    ['a response', check(own, 0x0101)],
    ['a check that was changed on the way', Buffer.from(check(own)).fill(9, 40, 41)],
    ['a check that ends early', check(own).subarray(0, 50)],
    ['a header alone', check(own).subarray(0, 20)],
    ['nothing', Buffer.alloc(0)],
    ['a request for something else', check(own, 0x0003)],
  ])('is not %s', (_name, datagram) => {
    const guard = createDatagramGuard(own)
    expect(guard.passes(datagram, browser, 0)).toBe(false)
    expect(guard.passes(media, browser, 0)).toBe(false)
    expect(guard.provenAtMs).toBeUndefined()
  })

  it('is from no more than sixteen places', () => {
    const guard = createDatagramGuard(own)
    const passed = Array.from({ length: 40 }, (_, at) => guard.passes(check(own), ['198.51.100.1', at], 0))
    expect(passed.filter(Boolean)).toHaveLength(16)
  })

  it('is no flood', () => {
    const guard = createDatagramGuard(own)
    guard.passes(check(own), browser, 0)
    const burst = Array.from({ length: 5000 }, () => guard.passes(media, browser, 0)).filter(Boolean).length
    expect(burst).toBeLessThan(1001)
    expect(Array.from({ length: 5000 }, () => guard.passes(media, browser, 1000)).filter(Boolean).length).toBeLessThan(401)
  })
})
