import { beginDial, breakerPolicy, closedBreaker, endDial, restingMs, type Breaker, type BreakerPolicy, type DialOutcome } from './circuit-breaker.ts'
import type { RelayFault } from './fault.ts'
import type { DialResult } from './upstream.ts'

/** Stands before one upstream address: passes dials on, or says at once that there is no point. */
export interface UpstreamGuard {
  /** How long it will let nobody dial; 0: it would now. */
  readonly restingMs: number
  /** Closed: everyone dials; half open: one, for all; open: nobody. */
  readonly breaker: Breaker['at']
  /** @param dial never rejects */
  dial(dial: () => Promise<DialResult>, signal: AbortSignal): Promise<DialResult>
}

export function createUpstreamGuard(nowMs: () => number, policy: BreakerPolicy = breakerPolicy): UpstreamGuard {
  let breaker: Breaker = closedBreaker
  return {
    get restingMs() { return restingMs(breaker, nowMs()) },
    // Rested: whoever comes next tries.
    get breaker() { return breaker.at === 'open' && restingMs(breaker, nowMs()) === 0 ? 'half_open' : breaker.at },
    async dial(dial, signal) {
      const retryAfterMs = restingMs(breaker, nowMs())
      if (retryAfterMs > 0) return { ok: false, fault: { code: 'upstream_resting', retryAfterMs } }
      breaker = beginDial(breaker)
      const result = await dial()
      breaker = endDial(breaker, outcomeOf(result, signal), nowMs(), policy)
      return result
    },
  }
}

function outcomeOf(result: DialResult, signal: AbortSignal): DialOutcome {
  if (result.ok) return 'reached'
  if (signal.aborted) return 'unknown'
  return isDown(result.fault) ? 'failed' : 'reached'
}

/** Time could heal it. A wrong key, model or certificate is the same tomorrow, and resting would only hide the sentence that says so. */
function isDown(fault: RelayFault): boolean {
  if (fault.code === 'upstream_unreachable') return fault.why === 'refused' || fault.why === 'dns' || fault.why === 'reset' || fault.why === 'timeout'
  return fault.code === 'upstream_refused' && fault.status !== undefined && fault.status >= 500
}
