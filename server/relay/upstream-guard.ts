import { beginDial, breakerPolicy, closedBreaker, endDial, restingMs, type Breaker, type BreakerPolicy, type DialOutcome } from './circuit-breaker.ts'
import type { RelayFault } from './fault.ts'

/** What came of asking an upstream for something. */
type Outcome = { ok: true } | { ok: false, fault: RelayFault }

/** Stands before one upstream address: passes dials on, or says at once that there is no point. */
export interface UpstreamGuard {
  /** How long it will let nobody dial; 0: it would now. */
  readonly restingMs: number
  /** How long the provider asked for no new calls (429 with `Retry-After`); 0: it didn't. Whoever was let in before still dials. */
  readonly quietMs: number
  /** Closed: everyone dials; half open: one, for all; open: nobody. */
  readonly breaker: Breaker['at']
  /** @param dial never rejects */
  dial<T extends Outcome>(dial: () => Promise<T>, signal: AbortSignal): Promise<T | Extract<Outcome, { ok: false }>>
}

const MAX_QUIET_MS = 60_000

export function createUpstreamGuard(nowMs: () => number, policy: BreakerPolicy = breakerPolicy): UpstreamGuard {
  let breaker: Breaker = closedBreaker
  let quietUntilMs = 0

  function heedRetryAfter(result: Outcome) {
    if (result.ok || result.fault.code !== 'upstream_refused' || result.fault.status !== 429) return
    quietUntilMs = nowMs() + Math.min(result.fault.retryAfterMs ?? 0, MAX_QUIET_MS)
  }

  return {
    get restingMs() { return restingMs(breaker, nowMs()) },
    get quietMs() { return Math.max(0, quietUntilMs - nowMs()) },
    // Rested: whoever comes next tries.
    get breaker() { return breaker.at === 'open' && restingMs(breaker, nowMs()) === 0 ? 'half_open' : breaker.at },
    async dial(dial, signal) {
      const retryAfterMs = restingMs(breaker, nowMs())
      if (retryAfterMs > 0) return { ok: false, fault: { code: 'upstream_resting', retryAfterMs } }
      breaker = beginDial(breaker)
      const result = await dial()
      breaker = endDial(breaker, outcomeOf(result, signal), nowMs(), policy)
      heedRetryAfter(result)
      return result
    },
  }
}

function outcomeOf(result: Outcome, signal: AbortSignal): DialOutcome {
  if (result.ok) return 'reached'
  if (signal.aborted) return 'unknown'
  return isDown(result.fault) ? 'failed' : 'reached'
}

/** Time could heal it. A wrong key, model or certificate is the same tomorrow, and resting would only hide the sentence that says so. */
function isDown(fault: RelayFault): boolean {
  if (fault.code === 'upstream_unreachable') return fault.why === 'refused' || fault.why === 'dns' || fault.why === 'reset' || fault.why === 'timeout'
  return fault.code === 'upstream_refused' && fault.status !== undefined && fault.status >= 500
}
