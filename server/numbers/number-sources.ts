/** Whether the upstream is dialled: always, for one try, or not for the moment. */
export type BreakerState = 'closed' | 'half_open' | 'open'
export const breakerStates: readonly BreakerState[] = ['closed', 'half_open', 'open']

/** What there is too little of for one more call. */
export type Short = 'loop' | 'descriptors' | 'memory'
export const shorts: readonly Short[] = ['loop', 'descriptors', 'memory']

/** Facts that nobody counts: looked up when the numbers are read. A source that isn't there leaves its metric out. */
export interface NumberSources {
  /** WebSockets of clients that are open. */
  connections?(): number
  /** Of each upstream, by its host. */
  breakers?(): { upstream: string, state: BreakerState }[]
  /** Turns that wait for a recogniser of the embedded engine; undefined while it isn't up. */
  waitingTurns?(): number | undefined
  /** Failures that only the process's last resort caught. */
  trapped?(): number
  /** Share of its time that the event loop is busy, 0 to 1. */
  loopUtilisation?(): number
  /** How long the event loop stood still so far, in stretches that a talker hears. */
  stalledMs?(): number
  short?(): Short | undefined
  /** What was said and is on its way to the store. */
  journal?(): { waitingEntries: number, waitingBytes: number, oldestMs: number, written: number, setAside: number, lostEntries: number }
}
