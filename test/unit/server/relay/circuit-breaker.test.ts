import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { beginDial, breakerPolicy, closedBreaker, endDial, restingMs, type Breaker, type DialOutcome } from '../../../../server/relay/circuit-breaker.ts'
import type { RelayFault } from '../../../../server/relay/fault.ts'
import type { Link } from '../../../../server/relay/link.ts'
import { createUpstreamGuard } from '../../../../server/relay/upstream-guard.ts'

const { failuresToOpen, restMs, maxRestMs } = breakerPolicy
const down: RelayFault = { code: 'upstream_unreachable', why: 'refused', tries: 4 }

function guarded() {
  let nowMs = 0
  const guard = createUpstreamGuard(() => nowMs)
  let dials = 0
  return {
    guard,
    get dials() { return dials },
    pass(ms: number) { nowMs += ms },
    dial: (fault?: RelayFault, signal = new AbortController().signal) => guard.dial(async () => {
      dials++
      return fault ? { ok: false, fault } : { ok: true, link: {} as Link }
    }, signal),
  }
}

it('a provider that asks for quiet (429) has it, a minute at most; whoever was let in before still dials', async () => {
  const all = guarded()
  const busy = (retryAfterMs: number): RelayFault => ({ code: 'upstream_refused', status: 429, saidCode: undefined, retryAfterMs })
  await all.dial(busy(20_000))
  expect(all.guard.quietMs).toBe(20_000)
  expect((await all.dial()).ok).toBe(true)
  all.pass(20_000)
  expect(all.guard.quietMs).toBe(0)
  await all.dial(busy(3_600_000))
  expect(all.guard.quietMs).toBe(60_000)
})

describe('an upstream that is down', () => {
  it('is let rest after some failures in a row: nobody dials, callers are told at once', async () => {
    const all = guarded()
    for (let n = 0; n < failuresToOpen; n++) await all.dial(down)
    expect(await all.dial()).toEqual({ ok: false, fault: { code: 'upstream_resting', retryAfterMs: restMs } })
    expect(all.dials).toBe(failuresToOpen)
    expect(all.guard.restingMs).toBe(restMs)
    expect(all.guard.breaker).toBe('open')
  })

  it('is tried by one call when the time is over; if that fails it rests twice as long, if not all is well', async () => {
    const all = guarded()
    for (let n = 0; n < failuresToOpen; n++) await all.dial(down)
    all.pass(restMs)
    expect(all.guard.restingMs).toBe(0)
    expect(all.guard.breaker).toBe('half_open')
    const [trial, beside] = await Promise.all([all.dial(down), all.dial()])
    expect(trial).toEqual({ ok: false, fault: down })
    expect(beside).toMatchObject({ ok: false, fault: { code: 'upstream_resting' } })
    expect(all.guard.restingMs).toBe(2 * restMs)
    all.pass(2 * restMs)
    expect((await all.dial()).ok).toBe(true)
    expect((await all.dial()).ok).toBe(true)
  })

  it('a trial whose caller left leaves it to the next', async () => {
    const all = guarded()
    for (let n = 0; n < failuresToOpen; n++) await all.dial(down)
    all.pass(restMs)
    await all.dial(down, AbortSignal.abort())
    expect(all.guard.restingMs).toBe(0)
    expect((await all.dial()).ok).toBe(true)
  })
})

it.each<[string, RelayFault]>([
  ['a wrong key', { code: 'upstream_refused', status: 401, saidCode: undefined, retryAfterMs: undefined }],
  ['an unknown model', { code: 'upstream_refused', status: 404, saidCode: undefined, retryAfterMs: undefined }],
  ['too many calls', { code: 'upstream_refused', status: 429, saidCode: undefined, retryAfterMs: undefined }],
  ['a bad certificate', { code: 'upstream_unreachable', why: 'certificate', tries: 1 }],
])('%s is no reason to rest: each caller hears that very sentence', async (_name, fault) => {
  const all = guarded()
  for (let n = 0; n < 10; n++) expect(await all.dial(fault)).toEqual({ ok: false, fault })
})

it('failures that aren\'t in a row don\'t add up', async () => {
  const all = guarded()
  for (let n = 0; n < 10; n++) {
    await all.dial(down)
    await all.dial()
  }
  expect(all.guard.restingMs).toBe(0)
})

it('whatever happens, the rest is bounded, and over some day', () => {
  const step = fc.record({ outcome: fc.constantFrom<DialOutcome>('reached', 'failed', 'failed', 'failed', 'unknown'), waitMs: fc.integer({ min: 0, max: 100_000 }) })
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), script => {
    let breaker: Breaker = closedBreaker
    let nowMs = 0
    for (const { outcome, waitMs } of script) {
      nowMs += waitMs
      if (restingMs(breaker, nowMs) > 0) continue
      breaker = endDial(beginDial(breaker), outcome, nowMs)
      expect(breaker.at).not.toBe('half_open')
      expect(restingMs(breaker, nowMs)).toBeLessThanOrEqual(maxRestMs)
      expect(restingMs(breaker, nowMs + maxRestMs)).toBe(0)
    }
  }))
})
