import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Person } from '../auth/person.ts'

/** Offers in a minute: each is work for two machines. A person has a handful of calls, and tries again when a network is bad. */
const EACH = 20
/** Of those who can't be told apart: this machine's own. */
const TOGETHER = 300
const MINUTE_S = 60

export interface OfferRates {
  /** Counts one; seconds to wait when it is too many. */
  take(person: Person): Promise<number | undefined>
}

/** How often a person may have SDP offers answered. Remembers a minute of persons, who are known by then. */
export function createOfferRates(): OfferRates {
  const each = new RateLimiterMemory({ keyPrefix: 'each', points: EACH, duration: MINUTE_S })
  const together = new RateLimiterMemory({ keyPrefix: 'together', points: TOGETHER, duration: MINUTE_S })
  return {
    async take({ by, id }) {
      try {
        await (id === undefined ? together.consume(by) : each.consume(`${by}:${id}`))
        return undefined
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error
        return Math.max(1, Math.ceil(error.msBeforeNext / 1000))
      }
    },
  }
}
