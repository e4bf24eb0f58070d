/**
 * Whether a WebRTC way works: pure, `(health, event, nowMs) → health`. The answer to an offer comes once and with all its candidates, so ICE
 * can't be restarted within a call: what doesn't come back soon is given up, and whoever opened it opens another.
 */
export type WebRtcHealth
  = | { name: 'connecting', untilMs: number }
    | { name: 'open' }
  /** Nothing comes through, which may pass: a lost packet or two, another access point. */
    | { name: 'shaky', sinceMs: number }
    | { name: 'over', why: 'unreached' | 'lost' }

export type WebRtcEvent
  /** `reachable`: there is a way for events too. */
  = | { type: 'peer', state: RTCPeerConnectionState, reachable: boolean }
    | { type: 'time' }

/** Browsers call a connection disconnected only after some seconds of their own. */
export const SHAKY_MS = 2000

export const connectingUntil = (untilMs: number): WebRtcHealth => ({ name: 'connecting', untilMs })

export function stepHealth(health: WebRtcHealth, event: WebRtcEvent, nowMs: number): WebRtcHealth {
  if (health.name === 'over') return health
  if (event.type === 'time') return nowMs >= (deadlineOf(health) ?? Infinity) ? { name: 'over', why: whyOf(health) } : health
  if (event.state === 'failed' || event.state === 'closed') return { name: 'over', why: whyOf(health) }
  if (event.state === 'connected') return event.reachable || health.name !== 'connecting' ? { name: 'open' } : health
  return event.state === 'disconnected' && health.name === 'open' ? { name: 'shaky', sinceMs: nowMs } : health
}

const whyOf = ({ name }: WebRtcHealth) => name === 'connecting' ? 'unreached' : 'lost'

/** When a `time` is wanted. */
export function deadlineOf(health: WebRtcHealth): number | undefined {
  if (health.name === 'connecting') return health.untilMs
  return health.name === 'shaky' ? health.sinceMs + SHAKY_MS : undefined
}
