import { describe, expect, it } from 'vitest'
import { decideDial, dialPolicy, parseRetryAfter, type DialFailure } from '../../../../server/relay/dial-policy.ts'

const network = (code: string | undefined): DialFailure => ({ kind: 'network', code })
const http = (status: number, retryAfterMs?: number, saidCode?: string): DialFailure => ({ kind: 'http', status, saidCode, retryAfterMs })

describe('after a failed try', () => {
  it.each([[1, 300], [2, 1000], [3, 3000]])('try %i: waits up to %i ms, anywhere in between', (tries, ceilingMs) => {
    expect(decideDial(network('ECONNREFUSED'), tries, 0, 1)).toEqual({ do: 'retry', afterMs: ceilingMs })
    expect(decideDial(network('ECONNREFUSED'), tries, 0, 0.5)).toEqual({ do: 'retry', afterMs: ceilingMs / 2 })
    expect(decideDial(network('ECONNREFUSED'), tries, 0, 0)).toEqual({ do: 'retry', afterMs: 0 })
  })

  it('gives up after four', () => {
    expect(decideDial(network('ECONNREFUSED'), 4, 0, 0)).toEqual({ do: 'give_up', fault: { code: 'upstream_unreachable', why: 'refused', tries: 4 } })
  })

  it.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ECONNRESET'])('%s may heal', code => { expect(decideDial(network(code), 1, 0, 0).do).toBe('retry') })
  it.each(['DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', undefined])('%s won\'t', code => {
    expect(decideDial(network(code), 1, 0, 0).do).toBe('give_up')
  })
  it.each([500, 502, 503, 504])('HTTP %i may heal', status => { expect(decideDial(http(status), 1, 0, 0).do).toBe('retry') })
  it.each([301, 400, 401, 403, 404, 429])('HTTP %i won\'t', status => { expect(decideDial(http(status), 1, 0, 0).do).toBe('give_up') })

  it('keeps to Retry-After exactly, or not at all', () => {
    expect(decideDial(http(429, 2000), 1, 0, 0)).toEqual({ do: 'retry', afterMs: 2000 })
    expect(decideDial(http(503, 2000), 1, 0, 0)).toEqual({ do: 'retry', afterMs: 2000 })
    expect(decideDial(http(429, dialPolicy.totalMs), 1, 0, 0).do).toBe('give_up')
    expect(decideDial(http(429, 0, 'insufficient_quota'), 1, 0, 0).do).toBe('give_up')
  })

  it('never waits beyond the time that a talker would', () => { expect(decideDial(network('ECONNREFUSED'), 3, dialPolicy.totalMs - 100, 1).do).toBe('give_up') })
})

it.each([
  ['3', 3000], [' 0 ', 0], ['Sun, 22 Nov 2026 12:00:30 GMT', 30_000], ['Sun, 22 Nov 2020 12:00:00 GMT', 0], ['soon', undefined], ['-1', undefined], [undefined, undefined],
])('Retry-After %s: %s', (header, expected) => {
  const parsed = parseRetryAfter(header, Date.parse('2026-11-22T12:00:00Z'))
  if (header === '-1') expect(parsed ?? 0).toBe(0)
  else expect(parsed).toBe(expected)
})
