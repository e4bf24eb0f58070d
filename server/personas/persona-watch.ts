import { watch, type FSWatcher } from 'node:fs'

export interface Watch { close(): void }

/** An editor writes a file in several steps; half a file isn't worth a complaint. */
const SETTLE_MS = 200
/** For folders whose changes nobody tells of: network disks, or one that isn't there yet. */
const LOOK_MS = 10_000

export interface WatchOptions { settleMs?: number, lookMs?: number }

/** Calls back when the folder's files may have changed, and now and then in any case. Keeps no process alive. */
export function watchFolder(dir: string, changed: () => Promise<void>, { settleMs = SETTLE_MS, lookMs = LOOK_MS }: WatchOptions = {}): Watch {
  let settling: NodeJS.Timeout | undefined
  let watcher: FSWatcher | undefined
  let closed = false

  function begin() {
    if (watcher || closed) return
    try {
      watcher = watch(dir, { persistent: false }, settle)
      watcher.on('error', forget)
      watcher.on('close', forget)
    } catch {
      // Not there, or not watchable: looking now and then has to do.
    }
  }

  function forget() {
    watcher?.removeAllListeners('close')
    watcher?.close()
    watcher = undefined
  }

  function settle() {
    clearTimeout(settling)
    settling = setTimeout(() => void changed(), settleMs)
    settling.unref()
  }

  begin()
  const looking = setInterval(() => {
    begin()
    void changed()
  }, lookMs)
  looking.unref()
  return {
    close() {
      closed = true
      clearTimeout(settling)
      clearInterval(looking)
      forget()
    },
  }
}
