import { StoreError, type Store } from './store.ts'

export interface RetentionOptions {
  store: Pick<Store, 'deleteOlderThan'>
  /** 0: nothing is ever deleted. */
  days: number
  /** Wall clock, Unix milliseconds. */
  nowMs(): number
  /** Returns a function that calls it off. */
  setTimer(callback: () => void, delayMs: number): () => void
  /** Files whose rows are gone. What it can't delete is its own to tell. */
  deleteAudio(keys: readonly string[]): Promise<void>
  onTrouble(error: StoreError): void
  onDeleted(conversations: number): void
}

const DAY_MS = 86_400_000
const EVERY_MS = 3_600_000
/** After the start, which has other things to do. */
const FIRST_MS = 60_000
/** Conversations at a time, and the pause in which others have the database. */
const BATCH = 20
const PAUSE_MS = 250

/** Deletes what was last spoken in too long ago, every hour, a few at a time. Returns a function that ends it. */
export function startRetention({ store, days, nowMs, setTimer, deleteAudio, onTrouble, onDeleted }: RetentionOptions): () => void {
  let stopped = days <= 0
  let callOff = () => {}
  const later = (work: () => void, delayMs: number) => {
    if (!stopped) callOff = setTimer(work, delayMs)
  }

  async function run(): Promise<void> {
    let delayMs = EVERY_MS
    try {
      const { conversations, audioKeys } = await store.deleteOlderThan(nowMs() - days * DAY_MS, BATCH)
      if (audioKeys.length > 0) await deleteAudio(audioKeys)
      if (conversations > 0) onDeleted(conversations)
      if (conversations === BATCH) delayMs = PAUSE_MS
    } catch (error) {
      onTrouble(error instanceof StoreError ? error : new StoreError('bad_query', 'Deleting what is too old failed.'))
    }
    later(() => { void run() }, delayMs)
  }

  later(() => { void run() }, FIRST_MS)
  return () => {
    stopped = true
    callOff()
  }
}
