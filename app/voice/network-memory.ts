/** Where WebRTC didn't come through, remembered on this device, so that nobody waits for it at every call. */

export interface NetworkMemory {
  /** WebRTC failed in the network of now, not long ago. */
  failed(): boolean
  remember(): void
  forget(): void
}

export interface NetworkMemoryEnv {
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined
  /** Ms since 1970. */
  nowMs: () => number
  /** What the browser hints of the network (Network Information API), where it does. */
  connection: () => { type?: unknown, effectiveType?: unknown } | undefined
}

const KEY = 'kaiwa-webrtc-failed'
/** A day later the network may be another, or mended. */
export const REMEMBERED_MS = 24 * 3_600_000
/** A device is in a handful of them. Full ⇒ the oldest goes. */
const MAX_NETWORKS = 8

export function createNetworkMemory({ storage, nowMs, connection }: NetworkMemoryEnv): NetworkMemory {
  /** Wi-Fi and a mobile network are told apart where the browser tells; its measured speed is not asked, for it changes by the minute. */
  const here = () => {
    const type = connection()?.type
    return typeof type === 'string' ? type.slice(0, 32) : 'unknown'
  }
  const recall = () => readFailures(storage, nowMs())
  function keep(failures: ReadonlyMap<string, number>) {
    try {
      if (failures.size === 0) storage?.removeItem(KEY)
      else storage?.setItem(KEY, JSON.stringify([...failures]))
    } catch {
      // Full or forbidden: the next call tries again.
    }
  }
  return {
    failed: () => recall().has(here()),
    remember() {
      const failures = recall()
      failures.delete(here())
      keep(new Map([...failures, [here(), nowMs()] as const].slice(-MAX_NETWORKS)))
    },
    forget() {
      const failures = recall()
      if (failures.delete(here())) keep(failures)
    },
  }
}

/** Anyone may have written it. A moment in the future is no memory. */
function readFailures(storage: NetworkMemoryEnv['storage'], nowMs: number): Map<string, number> {
  try {
    const stored: unknown = JSON.parse(storage?.getItem(KEY) ?? '[]')
    const pairs = (Array.isArray(stored) ? stored : []).filter((pair): pair is [string, number] =>
      Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'number' && pair[1] <= nowMs && nowMs - pair[1] < REMEMBERED_MS)
    return new Map(pairs.slice(-MAX_NETWORKS))
  } catch {
    return new Map()
  }
}
