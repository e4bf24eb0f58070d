import type { PlaybackFacts } from './call.ts'
import type { PlayerStats } from './player.ts'

/** Web Audio API, `AudioContext.playbackStats`: the browser's own count; where it has none, unknown. */
interface CountingContext { playbackStats?: { underrunEvents?: unknown } }

/**
 * How well the answers of this call could be played. Undefined before there is a player.
 * @param context the one that sounds now
 */
export function playbackFacts(stats: PlayerStats | undefined, context: object | undefined): PlaybackFacts | undefined {
  if (!stats) return undefined
  const gaps = (context as CountingContext | undefined)?.playbackStats?.underrunEvents
  return { ranOut: stats.underruns, refusedMs: stats.refusedMs, moves: stats.moves, ...(typeof gaps === 'number' ? { deviceGaps: gaps } : {}) }
}
