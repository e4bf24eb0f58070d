import { assertNever } from './assert-never.ts'

/**
 * VAD probabilities → where the user's turn begins and ends. Pure: time comes from the audio itself, so that a burst of
 * late frames is judged like live ones.
 */
export type Turn
  = | { phase: 'listening' }
  /** Voiced, but not yet for as long as speech lasts at least. */
    | { phase: 'rising', startedAtMs: number }
    | { phase: 'speaking', startedAtMs: number }
    | { phase: 'settling', startedAtMs: number, quietSinceMs: number }

export interface TurnDetectorOptions {
  /** Probability from which a frame is voiced, 0 to 1. */
  threshold: number
  /** Audio kept from before the first voiced frame. */
  prefixMs: number
  /** Silence that ends the turn. */
  silenceMs: number
  /** Shorter sounds are clicks, not speech. @default 90 */
  minSpeechMs: number
  /** A turn is ended after this much audio, silence or not: what is held of it is bounded. @default 300000 */
  maxTurnMs: number
}

export const turnDetectorDefaults = { minSpeechMs: 90, maxTurnMs: 300_000 } as const satisfies Partial<TurnDetectorOptions>

/** A voiced stretch is held until the probability falls this far below the threshold: no flutter at the edge. */
const HYSTERESIS = 0.15

export interface VadFrame { probability: number, startMs: number, endMs: number }

export type TurnEffect
  /** `audioStartMs` is already moved back by the prefix. */
  = | { type: 'speech_started', audioStartMs: number }
  /** `audioEndMs` includes the silence window. */
    | { type: 'speech_stopped', audioStartMs: number, audioEndMs: number }

export function stepTurn(turn: Turn, frame: VadFrame, options: TurnDetectorOptions): [Turn, TurnEffect?] {
  const { startMs, endMs, probability } = frame
  const held = turn.phase !== 'listening'
  const voiced = probability >= options.threshold - (held ? Math.min(HYSTERESIS, options.threshold / 2) : 0)
  const audioStartMs = Math.max(0, (held ? turn.startedAtMs : startMs) - options.prefixMs)
  const stop = (): [Turn, TurnEffect] => [{ phase: 'listening' }, { type: 'speech_stopped', audioStartMs, audioEndMs: endMs }]

  switch (turn.phase) {
    case 'listening':
    case 'rising': {
      if (!voiced) return [{ phase: 'listening' }]
      const startedAtMs = turn.phase === 'rising' ? turn.startedAtMs : startMs
      if (endMs - startedAtMs < options.minSpeechMs) return [{ phase: 'rising', startedAtMs }]
      return [{ phase: 'speaking', startedAtMs }, { type: 'speech_started', audioStartMs }]
    }
    case 'speaking':
    case 'settling': {
      if (endMs - turn.startedAtMs >= options.maxTurnMs) return stop()
      const { startedAtMs } = turn
      if (voiced) return [{ phase: 'speaking', startedAtMs }]
      const quietSinceMs = turn.phase === 'settling' ? turn.quietSinceMs : startMs
      return endMs - quietSinceMs >= options.silenceMs ? stop() : [{ phase: 'settling', startedAtMs, quietSinceMs }]
    }
    default:
      return assertNever(turn)
  }
}
