import type { Route, TransportKind, TransportWish, WayFault } from './transport.ts'

/** Which way a call goes, and which one it goes on when the first fails. Pure. */

export interface Way {
  kind: TransportKind
  /** How long WebRTC may take before it is given up. */
  patienceMs: number
  instead?: Route['instead']
}

/** With another way to go, nobody waits for long. */
export const AUTO_PATIENCE_MS = 3000
/** Without one, as long as for a WebSocket. */
const ONLY_PATIENCE_MS = 10_000

const socket = (instead?: Route['instead']): Way => ({ kind: 'websocket', patienceMs: ONLY_PATIENCE_MS, ...instead ? { instead } : {} })
const webrtc = (patienceMs: number): Way => ({ kind: 'webrtc', patienceMs })

interface WayFacts { supported: boolean, failedBefore: boolean, /** As the server told with the page. @default true */ answered?: boolean }

export function firstWay(wish: TransportWish, { supported, failedBefore, answered = true }: WayFacts): Way {
  if (wish === 'websocket') return socket()
  if (wish === 'webrtc') return webrtc(ONLY_PATIENCE_MS)
  if (!supported) return socket('unsupported')
  if (!answered) return socket('unanswered')
  return failedBefore ? socket('failed_before') : webrtc(AUTO_PATIENCE_MS)
}

/**
 * What follows when a way is closed. Undefined: the call is over, as the closure says. `fault`: it was the way that failed.
 * `wasOpen`: the call went on it. Whoever wants WebRTC and nothing else gets it anew where it broke off, and hears when it can't be had.
 */
export function nextWay(wish: TransportWish, closed: { kind: TransportKind, fault: WayFault | undefined, wasOpen: boolean }): Way | undefined {
  const { kind, fault, wasOpen } = closed
  if (kind === 'websocket' || fault === undefined) return undefined
  if (wish === 'webrtc') return wasOpen ? webrtc(ONLY_PATIENCE_MS) : undefined
  return socket(fault)
}

/** What says something about the network, and not about the server or the browser. */
export const isOfNetwork = (fault: WayFault | undefined): boolean => fault === 'unreached'
