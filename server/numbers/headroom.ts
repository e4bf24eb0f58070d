import type { Short } from './number-sources.ts'

/** What the process has left, measured over the last second. A fact that this machine doesn't tell is undefined, and never short. */
export interface Reading {
  /** Share of the second that the event loop was busy, 0 to 1. */
  loopUtilisation: number
  /** How late the loop was, at the 99th percentile. */
  loopDelayP99Ms: number
  /** The longest that it stood still. */
  loopDelayMaxMs: number
  openDescriptors: number | undefined
  maxDescriptors: number | undefined
  /** Of the memory that the process may have, by its container's limit. */
  memoryShare: number | undefined
  /** Of the heap's limit. */
  heapShare: number
  /** Live now. */
  calls: number
}

/** From when there is too little, and from when there is enough again: without the gap admission would flicker at the edge. */
interface Threshold { shortFrom: number, enoughBelow: number }

/**
 * Why these: past a full event loop latency goes to seconds at once, and refusing has to come before a p99 of 100 ms does; at
 * 85 % busy it is still a few milliseconds. A loop that is late and half idle waits for a core that a neighbour has: sending callers away
 * wouldn't make it earlier. A call takes two descriptors, a refusal needs one. Memory beyond 90 % leaves the
 * garbage collector no room to work, and a container that is full is killed with every call in it.
 */
export const thresholds = {
  loopUtilisation: { shortFrom: 0.85, enoughBelow: 0.7 },
  loopDelayP99Ms: { shortFrom: 60, enoughBelow: 30 },
  lateUtilisation: { shortFrom: 0.5, enoughBelow: 0.35 },
  descriptorShare: { shortFrom: 0.9, enoughBelow: 0.85 },
  memoryShare: { shortFrom: 0.92, enoughBelow: 0.85 },
  heapShare: { shortFrom: 0.9, enoughBelow: 0.8 },
} as const satisfies Record<string, Threshold>

/** However many there may be: descriptors for answers, logs and files. */
const SPARE_DESCRIPTORS = 32
/** Weight of the newest second: three busy ones in a row count, one doesn't. */
const NEWEST = 0.3
/** So few calls don't fill a loop that carries a thousand: what makes it late is a neighbour, or one heavy request, and goes by. */
const FEW_CALLS = 50
/** So many seconds in a row have to be late: a garbage collection or a start-up is one. */
const LATE_SECONDS = 3

export interface HeadroomState {
  short: Short | undefined
  /** Smoothed. */
  loopUtilisation: number
  lateSeconds: number
}

export const roomy: HeadroomState = { short: undefined, loopUtilisation: 0, lateSeconds: 0 }

const isOver = (value: number | undefined, { shortFrom, enoughBelow }: Threshold, wasShort: boolean) =>
  value !== undefined && value >= (wasShort ? enoughBelow : shortFrom)

/** What there is too little of after another second. The worst is named: what ends the process comes before what makes it slow. */
export function weigh(state: HeadroomState, reading: Reading): HeadroomState {
  const loopUtilisation = state.loopUtilisation + NEWEST * (reading.loopUtilisation - state.loopUtilisation)
  const wasLate = state.short === 'loop'
  const late = isOver(reading.loopDelayP99Ms, thresholds.loopDelayP99Ms, wasLate) && isOver(reading.loopUtilisation, thresholds.lateUtilisation, wasLate)
  const lateSeconds = late ? Math.min(LATE_SECONDS, state.lateSeconds + 1) : Math.max(0, state.lateSeconds - 1)
  const isLate = wasLate ? lateSeconds > 0 : lateSeconds >= LATE_SECONDS
  const isShort: Record<Short, boolean> = {
    descriptors: isOver(descriptorShare(reading), thresholds.descriptorShare, state.short === 'descriptors'),
    memory: isOver(reading.memoryShare, thresholds.memoryShare, state.short === 'memory') || isOver(reading.heapShare, thresholds.heapShare, state.short === 'memory'),
    loop: reading.calls >= FEW_CALLS && (isOver(loopUtilisation, thresholds.loopUtilisation, wasLate) || isLate),
  }
  const order: Short[] = ['descriptors', 'memory', 'loop']
  return { short: order.find(of => isShort[of]), loopUtilisation, lateSeconds }
}

function descriptorShare({ openDescriptors, maxDescriptors }: Reading): number | undefined {
  if (openDescriptors === undefined || maxDescriptors === undefined) return undefined
  return openDescriptors / Math.max(1, maxDescriptors - SPARE_DESCRIPTORS)
}

export interface Headroom {
  /** What there is too little of for one more call; undefined: there is room. */
  readonly short: Short | undefined
  /** Smoothed over a few seconds, 0 to 1. */
  readonly loopUtilisation: number
  /** How long the loop stood still so far, in stretches that a talker hears. */
  readonly stalledMs: number
  /** Begins to look; before that there is room. */
  start(): void
  stop(): void
}

export interface HeadroomOptions {
  clock: { setTimer(callback: () => void, delayMs: number): () => void }
  /** Begins to measure, and returns what reads the time since the last reading; `server/numbers/process-reading.ts`. */
  measure(): () => Omit<Reading, 'calls'>
  calls(): number
  /** Room ran out (with what), or came back (undefined). */
  onChange?(short: Short | undefined, reading: Reading): void
  /** The loop stood still, for so long. */
  onStall?(forMs: number): void
}

const READ_EVERY_MS = 1000
/** A stretch of this length is more than any jitter buffer hides. */
export const STALL_MS = 500

/** Looks once a second whether there is room for another call. Its timer keeps no process alive. */
export function createHeadroom({ clock, measure, calls, onChange = () => {}, onStall = () => {} }: HeadroomOptions): Headroom {
  let state = roomy
  let cancel: (() => void) | undefined
  let stalledMs = 0

  function look(read: () => Omit<Reading, 'calls'>) {
    const reading = { ...read(), calls: calls() }
    const before = state.short
    if (reading.loopDelayMaxMs >= STALL_MS) {
      stalledMs += reading.loopDelayMaxMs
      onStall(reading.loopDelayMaxMs)
    }
    state = weigh(state, reading)
    if (state.short !== before) onChange(state.short, reading)
    cancel = clock.setTimer(() => look(read), READ_EVERY_MS)
  }

  return {
    get short() { return state.short },
    get loopUtilisation() { return state.loopUtilisation },
    get stalledMs() { return stalledMs },
    start() {
      if (cancel) return
      const read = measure()
      cancel = clock.setTimer(() => look(read), READ_EVERY_MS)
    },
    stop() { cancel?.() },
  }
}
