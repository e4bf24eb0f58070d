import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

/** Wrong passwords in a minute of one address, or of one browser that was signed in before. */
const WRONG_EACH = 5
/** Of all together: from here on an address has one try a minute. */
const WRONG_TIGHT = 60
/** Of all together: from here on only browsers that were signed in before may try. Bounds the addresses that are remembered, too. */
const WRONG_CLOSED = 300
const MINUTE_S = 60
/** The wait doubles each time it is earned again within an hour, up to this. */
const MAX_WAIT_S = 15 * 60
const STRIKES_S = 3600

export type Try = { allowed: true, right(): Promise<void> } | { allowed: false, retryAfterSeconds: number }

export interface SignInLimits {
  /**
   * May this one try a password? A try counts as wrong until `right` is called, so that many at once can't outrun the count.
   * @param from the address
   * @param knownBrowser who was signed in here before; they are counted by themselves, and others' wrong tries don't lock them out
   */
  attempt(from: string, knownBrowser: string | undefined): Promise<Try>
}

const consume = (limiter: RateLimiterMemory, key: string) => limiter.consume(key).then(res => ({ over: false, res }), (res: unknown) => {
  if (res instanceof RateLimiterRes) return { over: true, res }
  throw res
})

export function createSignInLimits(): SignInLimits {
  const each = new RateLimiterMemory({ keyPrefix: 'each', points: WRONG_EACH, duration: MINUTE_S })
  const all = new RateLimiterMemory({ keyPrefix: 'all', points: WRONG_CLOSED, duration: MINUTE_S })
  const strikes = new RateLimiterMemory({ keyPrefix: 'strikes', points: 1, duration: STRIKES_S })
  const refusal = (ms: number): Try => ({ allowed: false, retryAfterSeconds: Math.max(1, Math.ceil(ms / 1000)) })

  /** The first try too many of a minute makes the wait; those during it change nothing. */
  async function refuse(key: string, res: RateLimiterRes): Promise<Try> {
    if (res.consumedPoints !== WRONG_EACH + 1) return refusal(res.msBeforeNext)
    const { consumedPoints: earned } = await strikes.penalty(key)
    const waitS = Math.min(MINUTE_S * 2 ** (earned - 1), MAX_WAIT_S)
    await each.block(key, waitS)
    // `block` stands at one more than the points; a step further tells the next try that the wait is made.
    await each.penalty(key)
    return refusal(waitS * 1000)
  }

  return {
    async attempt(from, knownBrowser) {
      const key = knownBrowser === undefined ? `from:${from}` : `browser:${knownBrowser}`
      const together = await all.get('all')
      if (knownBrowser === undefined && together && together.consumedPoints >= WRONG_CLOSED) return refusal(together.msBeforeNext)
      const own = await consume(each, key)
      if (own.over) return await refuse(key, own.res)
      if (knownBrowser === undefined && together && together.consumedPoints >= WRONG_TIGHT && own.res.consumedPoints > 1) return refusal(own.res.msBeforeNext)
      if (knownBrowser === undefined) await all.penalty('all')
      return {
        allowed: true,
        async right() {
          await Promise.all([each.delete(key), strikes.delete(key), ...(knownBrowser === undefined ? [all.reward('all')] : [])])
        },
      }
    },
  }
}
