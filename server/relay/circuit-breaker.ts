/**
 * Spares an upstream that is down, and the talkers who would wait for it: after some failures in a row nobody dials for a while,
 * then one tries for all. Pure; one for each upstream address.
 */
export type Breaker
  = | { at: 'closed', failures: number }
    | { at: 'open', untilMs: number, /** In a row, without a success between. */ openings: number }
    /** One call is trying. */
    | { at: 'half_open', openings: number }

export interface BreakerPolicy {
  /** Dials in a row, each with all its tries. */
  failuresToOpen: number
  /** How long it is open the first time; doubles with each further one. */
  restMs: number
  maxRestMs: number
}

export const breakerPolicy: BreakerPolicy = { failuresToOpen: 3, restMs: 2000, maxRestMs: 60_000 }

/** While somebody tries, others are asked to come back after so long. */
const TRIAL_MS = 1000

export const closedBreaker: Breaker = { at: 'closed', failures: 0 }

/** How long it will take no calls; 0: it takes one now. */
export function restingMs(breaker: Breaker, nowMs: number): number {
  switch (breaker.at) {
    case 'closed': return 0
    case 'open': return Math.max(0, breaker.untilMs - nowMs)
    case 'half_open': return TRIAL_MS
    default: return breaker satisfies never
  }
}

/** A call that was let through (`restingMs` 0) begins to dial. */
export const beginDial = (breaker: Breaker): Breaker => breaker.at === 'open' ? { at: 'half_open', openings: breaker.openings } : breaker

/**
 * What a dial came to. `reached`: somebody answered, were it a refusal. `failed`: nobody did, or not in health. `unknown`: the
 * caller left first.
 */
export type DialOutcome = 'reached' | 'failed' | 'unknown'

export function endDial(breaker: Breaker, outcome: DialOutcome, nowMs: number, policy = breakerPolicy): Breaker {
  if (outcome === 'reached') return closedBreaker
  switch (breaker.at) {
    case 'closed': {
      if (outcome === 'unknown') return breaker
      const failures = breaker.failures + 1
      return failures < policy.failuresToOpen ? { at: 'closed', failures } : open(1, nowMs, policy)
    }
    // A call that began before it opened; that it fails is no news.
    case 'open': return breaker
    // Unknown: the next one may try.
    case 'half_open': return outcome === 'unknown' ? { at: 'open', untilMs: nowMs, openings: breaker.openings } : open(breaker.openings + 1, nowMs, policy)
    default: return breaker satisfies never
  }
}

function open(openings: number, nowMs: number, { restMs, maxRestMs }: BreakerPolicy): Breaker {
  return { at: 'open', openings, untilMs: nowMs + Math.min(maxRestMs, restMs * 2 ** Math.min(openings - 1, 30)) }
}
