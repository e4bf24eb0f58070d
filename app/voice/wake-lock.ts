import type { PageLife } from './page-life.ts'

interface ScreenLocks { request(type: 'screen'): Promise<{ readonly released: boolean, release(): Promise<void> }> }

/**
 * Keeps the screen on until it is let go: a phone that locks itself takes the microphone away. A browser drops the lock of a hidden
 * page, so it is asked for again when the page is back. Where there is none, or it is refused (low battery), nothing happens.
 * @returns the way out
 */
export function holdWakeLock(page: PageLife, locks: ScreenLocks | undefined = (globalThis.navigator as Navigator | undefined)?.wakeLock): () => void {
  if (!locks) return () => {}
  let lock: Awaited<ReturnType<ScreenLocks['request']>> | undefined
  let asking = false
  let done = false

  async function ask(wakeLocks: ScreenLocks) {
    if (asking || done || !page.visible || lock?.released === false) return
    asking = true
    try {
      const got = await wakeLocks.request('screen')
      if (done) await got.release()
      else lock = got
    } catch {
      // The call goes on without.
    } finally {
      asking = false
    }
  }

  void ask(locks)
  const leave = page.onReturn(() => void ask(locks))
  return () => {
    done = true
    leave()
    void lock?.release().catch(() => {})
  }
}
