import { describe, expect, it } from 'vitest'
import { mayReadMetrics } from '../../../../server/numbers/may-read-metrics.ts'

describe('who may read the metrics', () => {
  it.each([
    [{}, '127.0.0.1', true], [{}, '::1', true], [{}, '::ffff:127.0.0.1', true],
    [{}, '192.0.2.7', false], [{}, undefined, false],
    [{ 'x-forwarded-for': '192.0.2.7' }, '127.0.0.1', false],
    [{ 'x-forwarded-for': '' }, '127.0.0.1', false],
    [{ forwarded: 'for=192.0.2.7' }, '127.0.0.1', false],
    [{ 'x-real-ip': '192.0.2.7' }, '::1', false],
    [{ authorization: 'Bearer anything' }, '192.0.2.7', false],
  ])('without a token set, %o from %s: %s', (headers, address, may) => {
    expect(mayReadMetrics(headers, address, { metricsToken: undefined })).toBe(may)
  })

  it.each([
    [{ authorization: 'Bearer a-long-metrics-token' }, '192.0.2.7', true],
    [{ authorization: 'bearer a-long-metrics-token', 'x-forwarded-for': '192.0.2.7' }, '127.0.0.1', true],
    [{ authorization: 'Bearer a-long-metrics-toke' }, '127.0.0.1', false],
    [{ authorization: 'Basic a-long-metrics-token' }, '127.0.0.1', false],
    [{ authorization: 'Bearer ' }, '127.0.0.1', false],
    [{}, '127.0.0.1', false],
  ])('with one, %o from %s: %s', (headers, address, may) => {
    expect(mayReadMetrics(headers, address, { metricsToken: 'a-long-metrics-token' })).toBe(may)
  })
})
