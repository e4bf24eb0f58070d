import { breakerStates, type BreakerState } from '../numbers/number-sources.ts'
import { createUpstreamGuard, type UpstreamGuard } from '../relay/upstream-guard.ts'

/** One guard for each upstream and key: personas that share them share what is known of it. */
export interface UpstreamGuards {
  /** @param keyName where its key comes from, never the key */
  of(upstream: { baseUrl: URL }, keyName: string | undefined): UpstreamGuard
  /** By host, sorted; of several guards the worst. */
  states(): { upstream: string, state: BreakerState }[]
}

/** As many as personas can name at a time, and more. Full ⇒ the oldest is no longer shared, nor shown. */
const MAX_GUARDS = 400

export function createUpstreamGuards(nowMs: () => number): UpstreamGuards {
  const guards = new Map<string, { host: string, guard: UpstreamGuard }>()
  return {
    of({ baseUrl }, keyName) {
      const id = `${baseUrl.href} ${keyName ?? ''}`
      const known = guards.get(id)
      if (known) return known.guard
      if (guards.size >= MAX_GUARDS) guards.delete(guards.keys().next().value!)
      const guard = createUpstreamGuard(nowMs)
      guards.set(id, { host: baseUrl.host, guard })
      return guard
    },
    states() {
      const worst = new Map<string, BreakerState>()
      const rank = (state: BreakerState) => breakerStates.indexOf(state)
      for (const { host, guard: { breaker } } of guards.values()) {
        const before = worst.get(host)
        if (before === undefined || rank(breaker) > rank(before)) worst.set(host, breaker)
      }
      return [...worst].sort().map(([upstream, state]) => ({ upstream, state }))
    },
  }
}
