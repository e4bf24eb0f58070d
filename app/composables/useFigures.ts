import { useDebounceFn } from '@vueuse/core'
import type { LatencyQuantiles, OwnSpending } from '../../shared/spending.ts'

const PATIENCE_MS = 8000
/** What was counted a moment ago is on its way to where it is kept. */
const SETTLE_MS = 1500

/** One of the server's figures of oneself, fetched when it is shown and again when there is more to count. Undefined: not there. */
function useFigure<T>(path: string, stamp: () => unknown) {
  const figure = shallowRef<T>()
  async function load(): Promise<void> {
    try {
      const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS) })
      if (answer.ok) figure.value = await answer.json() as T
    } catch {
      // What was shown before is still true of before.
    }
  }
  onMounted(load)
  watch(stamp, useDebounceFn(load, SETTLE_MS))
  return figure
}

/** p50 and p95 of one's day. */
export const useDayLatency = (stamp: () => unknown) => useFigure<LatencyQuantiles>('/api/latency', stamp)
/** One's last thirty days. */
export const useOwnSpending = (stamp: () => unknown) => useFigure<OwnSpending>('/api/spending', stamp)
