import type { NetworkFacts } from './transport.ts'

/** What a browser counts of a WebRTC call (WebRTC Statistics), in figures for people. Pure. */

/** What is remembered of one look, to tell the next one apart. */
export interface StatsLook {
  received: number
  lost: number
  bufferSeconds: number
  emitted: number
  /** Grows with whatever comes from the other side, answers to the browser's own checks too. */
  signs: number
}
export const firstLook: StatsLook = { received: 0, lost: 0, bufferSeconds: 0, emitted: 0, signs: 0 }

type Stats = Readonly<Record<string, unknown>>
const count = (value: unknown) => typeof value === 'number' && Number.isFinite(value) ? value : undefined

/** The figures of now; what nothing came of since the look before keeps its figure. */
export function readStats(report: Iterable<Stats>, before: StatsLook, known: NetworkFacts): { look: StatsLook, facts: NetworkFacts } {
  let look = before
  let facts = known
  for (const stats of report) {
    if (stats.type === 'inbound-rtp') {
      look = lookOf(stats, look)
      facts = { ...facts, ...receivedFacts(stats, before, look) }
    }
    if (stats.type !== 'candidate-pair' || stats.nominated !== true) continue
    const seconds = count(stats.currentRoundTripTime)
    if (seconds !== undefined) facts = { ...facts, roundTripMs: seconds * 1000 }
    look = { ...look, signs: (count(stats.bytesReceived) ?? 0) + (count(stats.responsesReceived) ?? 0) }
  }
  return { look, facts }
}

function lookOf(stats: Stats, before: StatsLook): StatsLook {
  return {
    ...before,
    received: count(stats.packetsReceived) ?? before.received,
    lost: count(stats.packetsLost) ?? before.lost,
    bufferSeconds: count(stats.jitterBufferDelay) ?? before.bufferSeconds,
    emitted: count(stats.jitterBufferEmittedCount) ?? before.emitted,
  }
}

function receivedFacts(stats: Stats, before: StatsLook, now: StatsLook): NetworkFacts {
  const emitted = now.emitted - before.emitted
  // Packets that came after all are taken back from those lost: never less than none.
  const lost = Math.max(0, now.lost - before.lost)
  const expected = lost + now.received - before.received
  const [jitter, concealed] = [count(stats.jitter), count(stats.concealedSamples)]
  const silent = count(stats.silentConcealedSamples) ?? 0
  return {
    ...expected > 0 ? { lostPercent: 100 * lost / expected } : {},
    ...emitted > 0 ? { bufferedMs: 1000 * (now.bufferSeconds - before.bufferSeconds) / emitted } : {},
    ...jitter === undefined ? {} : { jitterMs: jitter * 1000 },
    // Samples of 48 kHz, the rate of Opus; what is made up in silence nobody misses.
    ...concealed === undefined ? {} : { concealedMs: Math.max(0, concealed - silent) / 48 },
  }
}
