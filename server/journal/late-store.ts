import type { Log } from '../log.ts'
import { StoreError, type Store } from '../store/store.ts'
import type { DrainClock } from './drain.ts'

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000

export interface LateStore {
  /** Before it is open every method rejects with `gone`. */
  store: Store
  readonly isOpen: boolean
  /** Begins to open it, and tries until it is open. */
  open(): void
  close(): Promise<void>
}

export interface LateStoreOptions {
  kind: Store['kind']
  /** @throws StoreError */
  openStore(): Promise<Store>
  log: Log
  clock: DrainClock
}

/** A store that is opened while the server already answers: calls don't wait for a database, and one that comes up later is found. */
export function createLateStore({ kind, openStore, log, clock }: LateStoreOptions): LateStore {
  let opened: Store | undefined
  let closed = false
  let cancel = () => {}
  let waitMs = FIRST_WAIT_MS
  let told: string | undefined

  async function tryToOpen() {
    try {
      const store = await openStore()
      if (closed) return void await store.close().catch(() => undefined)
      opened = store
      log.info({ store: store.kind }, 'the store is open')
    } catch (error) {
      const { code, message } = error instanceof StoreError ? error : { code: 'broken', message: String(error) }
      // The same every half minute would bury everything else.
      if (told !== code) log.error({ code, why: message }, 'the store can\'t be opened: what is said waits in the spool; it is tried again')
      told = code
      if (!closed) cancel = clock.setTimer(() => void tryToOpen(), waitMs)
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)
    }
  }

  function theOne(): Store {
    if (opened && !closed) return opened
    throw new StoreError('gone', closed ? 'The store is closed.' : 'The store isn\'t open yet. Try again in a moment.')
  }

  const store: Store = {
    get kind() { return opened?.kind ?? kind },
    write: async entries => theOne().write(entries),
    list: async (owner, ask) => theOne().list(owner, ask),
    get: async (owner, id) => theOne().get(owner, id),
    personas: async (owner, id) => theOne().personas(owner, id),
    events: async (owner, id, ask) => theOne().events(owner, id, ask),
    audio: async (owner, id) => theOne().audio(owner, id),
    rename: async (owner, id, title, version) => theOne().rename(owner, id, title, version),
    entitle: async (id, title) => theOne().entitle(id, title),
    delete: async (owner, id) => theOne().delete(owner, id),
    deleteItem: async (owner, id, itemId) => theOne().deleteItem(owner, id, itemId),
    deleteOwner: async owner => theOne().deleteOwner(owner),
    deleteOlderThan: async (atMs, limit) => theOne().deleteOlderThan(atMs, limit),
    spending: async ask => theOne().spending(ask),
    latencyQuantiles: async ask => theOne().latencyQuantiles(ask),
    close,
  }

  async function close() {
    closed = true
    cancel()
    await opened?.close()
  }

  return { store, get isOpen() { return opened !== undefined }, open: () => void tryToOpen(), close }
}
