import type { Heard } from './call.ts'

const SAMPLES_PER_MS = 24
/** A long call has a few thousand segments; the oldest that are over are forgotten beyond this. */
const MAX_RECORDS = 4096

/**
 * `open` may still get samples · `ended` won't · `played`: all has left the processor, the speaker is not through yet ·
 * `silent`: all was heard · `cutting`: an interruption is under way · `cut`: the rest will never be heard.
 */
type Phase = 'open' | 'ended' | 'played' | 'silent' | 'cutting' | 'cut'
interface Entry {
  receivedSamples: number
  playedSamples: number
  /** The most that was heard so far: what was heard stays heard, however slow the device gets. */
  heardSamples: number
  /** What the processor of now was not given, because it was heard from the one before. */
  baseSamples: number
  phase: Phase
  finished: boolean
}

/** What was received, played and heard of each segment, in order. Holds no timer and no port; latency comes as samples. */
export interface PlaybackLedger {
  /** Counts samples that are to be played; false when they are late: their segment is over, or was followed by another. */
  receive(segmentId: string, samples: number): boolean
  /** The processor had no room for so many of them. */
  refuse(segmentId: string, samples: number): void
  /** @returns whether the segment was waiting for its end */
  end(segmentId: string): boolean
  /** @param playedSamples as the processor of now counts */
  position(segmentId: string, playedSamples: number, latencySamples: number): void
  finish(segmentId: string, latencySamples: number): void
  /** The last sample of a finished segment has left the speaker. @returns whether that is news */
  fallSilent(segmentId: string): boolean
  /** Everything that isn't over gets no more samples. @returns their ids, in order */
  startCut(): string[]
  /**
   * Freezes what was heard of them. @returns the one that sounded (the first when none did), those that were finished before it after
   * all, and those behind it
   */
  finishCut(segmentIds: readonly string[], latencySamples: number): { sounding: string, finished: string[], dropped: string[] }
  /** Another processor goes on where each segment was last heard. @returns those that aren't over, in order */
  restart(): { segmentId: string, heardSamples: number, ended: boolean }[]
  heard(segmentId: string, latencySamples: number): Heard | undefined
  /** The most that was heard of it so far, samples. */
  heardSamples(segmentId: string): number
  /** The first segment that isn't over. */
  readonly current: string | undefined
}

export function createPlaybackLedger(): PlaybackLedger {
  const entries = new Map<string, Entry>()
  /** Ids that aren't over, in order; the newest is the only one that may grow. */
  let live: string[] = []
  const isOver = (phase: Phase) => phase === 'silent' || phase === 'cut'

  function add(segmentId: string): Entry {
    const before = entries.get(live.at(-1) ?? '')
    if (before?.phase === 'open') before.phase = 'ended'
    const entry: Entry = { receivedSamples: 0, playedSamples: 0, heardSamples: 0, baseSamples: 0, phase: 'open', finished: false }
    entries.set(segmentId, entry)
    live.push(segmentId)
    for (const [id, { phase }] of entries) {
      if (entries.size <= MAX_RECORDS || !isOver(phase)) break
      entries.delete(id)
    }
    return entry
  }

  function close(segmentId: string, phase: 'silent' | 'cut'): void {
    const entry = entries.get(segmentId)
    if (entry) entry.phase = phase
    live = live.filter(id => id !== segmentId)
  }

  function noteHeard(entry: Entry, latencySamples: number): number {
    entry.heardSamples = Math.max(entry.heardSamples, Math.floor(entry.playedSamples - latencySamples))
    return entry.heardSamples
  }

  function heard(segmentId: string, latencySamples: number): Heard | undefined {
    const entry = entries.get(segmentId)
    if (!entry) return undefined
    const samples = isOver(entry.phase) ? entry.playedSamples : noteHeard(entry, latencySamples)
    return {
      segmentId,
      heardMs: Math.floor(Math.min(samples, entry.receivedSamples) / SAMPLES_PER_MS),
      receivedMs: Math.floor(entry.receivedSamples / SAMPLES_PER_MS),
      complete: entry.phase !== 'open',
    }
  }

  return {
    receive(segmentId, samples) {
      const entry = entries.get(segmentId) ?? add(segmentId)
      if (entry.phase !== 'open' || live.at(-1) !== segmentId) return false
      entry.receivedSamples += samples
      return true
    },
    refuse(segmentId, samples) {
      const entry = entries.get(segmentId)
      if (entry) entry.receivedSamples = Math.max(entry.playedSamples, entry.receivedSamples - samples)
    },
    end(segmentId) {
      const entry = entries.get(segmentId)
      if (entry?.phase !== 'open') return false
      entry.phase = 'ended'
      return true
    },
    position(segmentId, playedSamples, latencySamples) {
      const entry = entries.get(segmentId)
      if (!entry || isOver(entry.phase)) return
      entry.playedSamples = Math.min(entry.receivedSamples, Math.max(entry.playedSamples, entry.baseSamples + playedSamples))
      noteHeard(entry, latencySamples)
    },
    finish(segmentId, latencySamples) {
      const entry = entries.get(segmentId)
      if (!entry || isOver(entry.phase)) return
      entry.playedSamples = entry.receivedSamples
      noteHeard(entry, latencySamples)
      entry.finished = true
      if (entry.phase !== 'cutting') entry.phase = 'played'
    },
    fallSilent(segmentId) {
      if (entries.get(segmentId)?.phase !== 'played') return false
      close(segmentId, 'silent')
      return true
    },
    startCut() {
      const ids = live.filter(id => entries.get(id)!.phase !== 'cutting')
      for (const id of ids) entries.get(id)!.phase = 'cutting'
      return ids
    },
    finishCut(segmentIds, latencySamples) {
      const at = Math.max(0, segmentIds.findLastIndex(id => (entries.get(id)?.playedSamples ?? 0) > 0))
      for (const [index, id] of segmentIds.entries()) {
        const entry = entries.get(id)
        // What the processor has finished is out of our hands: it will be heard to its end.
        if (entry && !entry.finished) entry.playedSamples = noteHeard(entry, latencySamples)
        close(id, index < at ? 'silent' : 'cut')
      }
      return { sounding: segmentIds[at]!, finished: segmentIds.slice(0, at), dropped: segmentIds.slice(at + 1) }
    },
    restart() {
      return live.map(segmentId => {
        const entry = entries.get(segmentId)!
        if (entry.phase === 'played') entry.phase = 'ended'
        entry.finished = false
        entry.playedSamples = entry.heardSamples
        entry.baseSamples = entry.heardSamples
        return { segmentId, heardSamples: entry.heardSamples, ended: entry.phase !== 'open' }
      })
    },
    heard,
    heardSamples: segmentId => entries.get(segmentId)?.heardSamples ?? 0,
    get current() { return live[0] },
  }
}
