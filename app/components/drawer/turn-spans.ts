import type { Quantiles } from '../../../shared/spending.ts'
import type { AnswerLatency } from '../../voice/call.ts'

/** One stretch of the wait for an answer, in ms after the end of the user's speech. */
export interface TurnSpan { kind: 'end' | 'words' | 'voice' | 'way', fromMs: number, toMs: number }

const stops = [['end', 'committedMs'], ['words', 'textMs'], ['voice', 'audioMs'], ['way', 'heardMs']] as const

/** Where the time of one answer went. A stop that isn't known, or came before the one ahead of it, takes none. */
export function turnSpans(latency: AnswerLatency): TurnSpan[] {
  let fromMs = 0
  return stops.flatMap(([kind, stop]) => {
    const toMs = latency[stop]
    if (toMs === undefined || toMs <= fromMs) return []
    const span = { kind, fromMs, toMs }
    fromMs = toMs
    return [span]
  })
}

/** From the end of the user's speech to the last that is known of the answer. */
export const turnMs = (latency: AnswerLatency): number => turnSpans(latency).at(-1)?.toMs ?? 0

/** By nearest rank, as the server counts a day: a value that was measured. Undefined: there is none. */
export function quantilesOf(values: readonly (number | undefined)[]): Quantiles | undefined {
  const sorted = values.filter(value => value !== undefined).sort((a, b) => a - b)
  const at = (percent: number) => sorted[Math.ceil(sorted.length * percent / 100) - 1]!
  return sorted.length === 0 ? undefined : { p50: at(50), p95: at(95) }
}
