/**
 * Watermarks for one direction. Above the high one the writer's source isn't read, so that the other side waits in TCP
 * instead of in our memory; below the low one it is read again.
 */
export interface Watermarks {
  highBytes: number
  lowBytes: number
  /** However it came about, never more than this. */
  maxBytes: number
  /** Paused this long without falling to the low watermark ⇒ give up. */
  maxPausedMs: number
}

/**
 * Model audio that the browser hasn't read. At high the upstream is paused: about 4 s of audio wait here, the rest at the model.
 * After 10 s, or above 4 MiB (a single event can be large), the call is closed 4008: dropping would cut words.
 */
export const unreadReply: Watermarks = { highBytes: 256 * 1024, lowBytes: 64 * 1024, maxBytes: 4 * 1024 * 1024, maxPausedMs: 10_000 }

/** What the model hasn't read: the client's audio waits in the client. One 15 MiB append may stand here whole. */
export const unreadSpeech: Watermarks = { highBytes: 1024 * 1024, lowBytes: 256 * 1024, maxBytes: 32 * 1024 * 1024, maxPausedMs: 10_000 }

export type Pressure = { phase: 'flowing' } | { phase: 'paused', sinceMs: number }
export type PressureEffect = 'pause' | 'resume' | 'give_up' | undefined

export const flowing: Pressure = { phase: 'flowing' }

/** One reading of the unread bytes → what to do with the side that produces them. */
export function feelPressure(pressure: Pressure, unreadBytes: number, nowMs: number, marks: Watermarks): [Pressure, PressureEffect] {
  if (unreadBytes > marks.maxBytes) return [pressure, 'give_up']
  if (pressure.phase === 'flowing') return unreadBytes > marks.highBytes ? [{ phase: 'paused', sinceMs: nowMs }, 'pause'] : [pressure, undefined]
  if (unreadBytes <= marks.lowBytes) return [flowing, 'resume']
  return [pressure, nowMs - pressure.sinceMs > marks.maxPausedMs ? 'give_up' : undefined]
}
