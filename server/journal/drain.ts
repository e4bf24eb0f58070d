import type { Log } from '../log.ts'
import type { JournalEntry } from '../store/journal-entry.ts'
import { StoreError, type Store, type StoreTrouble } from '../store/store.ts'
import type { SetAside } from './set-aside.ts'
import type { Spool } from './spool.ts'

/** One transaction: long enough to pay, short enough to be repeated. */
const BATCH_ENTRIES = 1024
const BATCH_BYTES = 1024 * 1024
/** What comes within this is written together: a statement for many rows costs little more than for one. */
const GATHER_MS = 1000
/** More than this doesn't wait for company. */
const PLENTY_BYTES = 256 * 1024
const WRITE_MS = 10_000
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 10_000
/** Nobody said anything for so long: nothing that is in the store needs to lie in the spool. */
const IDLE_MS = 1000
/** So often an entry is refused, alone, before it is set aside. */
const TRIES = 3
/** What passes sooner is nobody's to mend: a start, a backup. */
const WORTH_TELLING_MS = 2000

export interface DrainClock { nowMs(): number, setTimer(callback: () => void, delayMs: number): () => void }

export interface DrainOptions {
  spool: Spool
  store: Pick<Store, 'write' | 'list'>
  setAside: SetAside
  log: Log
  clock: DrainClock
  /** Unix, ms. */
  wallMs(): number
  /** 0 to 1. */
  random(): number
  writeMs?: number
}

export interface DrainReading {
  /** How long the oldest entry has waited; 0: none has. */
  oldestMs: number
  /** Since the start. */
  written: number
  setAside: number
  /** The store takes nothing at the moment. */
  stuck: boolean
}

/** Carries what the spool holds to the store, in order, one batch at a time; never in anybody's way. */
export interface Drain {
  start(): void
  readonly reading: DrainReading
  /** Whether all that was appended before is in the store, or set aside; waits for at most so long. Tries at once where it would have waited. */
  caughtUp(withinMs: number): Promise<boolean>
  /** Ends after what is under way. What is left is drained at the next start. */
  stop(): void
}

/** What passes by itself, or once somebody has mended it: nothing is wrong with the entries. */
const passing: ReadonlySet<StoreTrouble> = new Set(['busy', 'gone', 'timeout', 'full', 'read_only', 'newer_version'])

type Outcome = { how: 'written' } | { how: 'wait', code: string, why: string } | { how: 'refused', code: string }

export function createDrain({ spool, store, setAside, log, clock, wallMs, random, writeMs = WRITE_MS }: DrainOptions): Drain {
  let running = false
  let awake: (() => void) | undefined
  let hurrying = 0
  let failures = 0
  let written = 0
  let stuckSinceMs: number | undefined
  let told = false
  let oldestAtMs: number | undefined
  const waiters = new Set<{ bytes: number, resolve: (done: boolean) => void }>()

  async function run() {
    while (running) {
      try {
        await step()
      } catch (error) {
        // The spool's own disk can't be read at the moment.
        await trouble({ how: 'wait', code: String((error as NodeJS.ErrnoException).code ?? 'unknown'), why: 'the spool can\'t be read' })
      }
    }
    for (const { resolve } of waiters) resolve(false)
    waiters.clear()
  }

  async function step() {
    const batch = await spool.next(BATCH_ENTRIES, BATCH_BYTES)
    if (!batch) {
      oldestAtMs = undefined
      tellWaiters()
      return rest()
    }
    oldestAtMs = batch.entries[0]?.atMs
    if (batch.brokenLines > 0) log.warn({ file: batch.segment, lines: batch.brokenLines }, 'lines of the spool are no entries, and were passed over')
    // Each returns only when what it was given needs no more thought, or the drain is to stop.
    if (!await deliver(batch.entries)) return
    spool.drained(batch)
    tellWaiters()
    if (hurrying === 0 && spool.appendedBytes - spool.drainedBytes < PLENTY_BYTES) await sleep(GATHER_MS)
  }

  /** Until somebody appends; what is drained leaves the disk when nobody does. */
  async function rest() {
    if (spool.appendedBytes === spool.drainedBytes) await sleep(IDLE_MS)
    if (spool.appendedBytes > spool.drainedBytes || !running) return
    spool.retire()
    await sleep(undefined)
  }

  async function deliver(entries: readonly JournalEntry[]): Promise<boolean> {
    for (let tries = 0; running && entries.length > 0;) {
      const outcome = await write(entries)
      if (outcome.how === 'written') {
        recovered()
        written += entries.length
        return true
      }
      if (outcome.how === 'wait') {
        await trouble(outcome)
        continue
      }
      if (entries.length > 1) {
        const half = entries.length >> 1
        return await deliver(entries.slice(0, half)) && await deliver(entries.slice(half))
      }
      // Of a store that can't be read either the entry isn't to blame.
      if (++tries >= TRIES && await isSound()) {
        setAside.put(entries[0]!, outcome.code)
        return true
      }
      await trouble({ how: 'wait', code: outcome.code, why: 'the store refuses an entry' })
    }
    return entries.length === 0
  }

  async function write(entries: readonly JournalEntry[]): Promise<Outcome> {
    try {
      await within(writeMs, store.write(entries))
      return { how: 'written' }
    } catch (error) {
      const code = error instanceof StoreError ? error.code : 'broken'
      return passing.has(code) ? { how: 'wait', code, why: (error as StoreError).message } : { how: 'refused', code }
    }
  }

  async function isSound(): Promise<boolean> {
    return within(writeMs, store.list('nobody', { limit: 1 })).then(() => true, () => false)
  }

  function within<T>(ms: number, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = clock.setTimer(() => reject(new StoreError('timeout', 'The store took too long.')), ms)
      work.finally(cancel).then(resolve, reject)
    })
  }

  /** Waits, longer each time, by a random part so that several servers don't come at once. */
  async function trouble({ code, why }: { how: 'wait', code: string, why: string }) {
    stuckSinceMs ??= clock.nowMs()
    if (!told && clock.nowMs() - stuckSinceMs >= WORTH_TELLING_MS) {
      told = true
      log.warn({ code, why, waitingBytes: spool.reading.waitingBytes }, 'the store takes nothing for the moment: what is said waits in the spool')
    }
    const longestMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures++, 10))
    await sleep(longestMs / 2 + random() * longestMs / 2)
  }

  function recovered() {
    failures = 0
    if (stuckSinceMs === undefined) return
    if (told) log.info({ stuckMs: Math.round(clock.nowMs() - stuckSinceMs) }, 'the store takes entries again')
    stuckSinceMs = undefined
    told = false
  }

  /** Until the time has passed, or somebody wakes us; undefined: only that. */
  function sleep(ms: number | undefined): Promise<void> {
    if (!running) return Promise.resolve()
    return new Promise(resolve => {
      const cancel = ms === undefined ? () => undefined : clock.setTimer(done, ms)
      awake = done
      function done() {
        cancel()
        awake = undefined
        resolve()
      }
    })
  }

  function tellWaiters() {
    for (const waiter of [...waiters]) if (spool.drainedBytes >= waiter.bytes) waiter.resolve(true)
  }

  /** An append ends a rest; where the store is stuck, or a batch gathers, it changes nothing. */
  function appended() {
    if (stuckSinceMs === undefined && oldestAtMs === undefined) awake?.()
  }

  return {
    start() {
      if (running) return
      running = true
      spool.onAppend = appended
      void run()
    },
    get reading() {
      const waits = oldestAtMs === undefined || spool.reading.waitingBytes === 0 ? 0 : Math.max(0, wallMs() - oldestAtMs)
      return { oldestMs: waits, written, setAside: setAside.count, stuck: stuckSinceMs !== undefined }
    },
    async caughtUp(withinMs) {
      spool.flush()
      if (!running) return false
      if (spool.drainedBytes >= spool.appendedBytes) return true
      hurrying++
      try {
        return await new Promise<boolean>(resolve => {
          const done = (is: boolean) => {
            cancel()
            waiters.delete(waiter)
            resolve(is)
          }
          const waiter = { bytes: spool.appendedBytes, resolve: done }
          const cancel = clock.setTimer(() => done(false), withinMs)
          waiters.add(waiter)
          awake?.()
        })
      } finally {
        hurrying--
      }
    },
    stop() {
      running = false
      awake?.()
    },
  }
}
