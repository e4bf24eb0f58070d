import type { Page } from 'playwright-core'

/** What a system does to a page's sound, done on purpose. */
export interface ContextTrouble {
  /** Contexts made so far, and those that aren't closed. */
  count(): Promise<{ made: number, alive: number }>
  /** The system closes it under the page. */
  closeContext(): Promise<void>
  /** As WebKit after an interruption: silent, its clock stands, and it says that it runs. Only the one of now. */
  freezeClock(): Promise<void>
  /** From now on a resume may work; before (with `blocked`) it stays open for ever, as in Firefox before a gesture. */
  allowSound(): Promise<void>
}

/** Runs in the page before its own scripts. */
function install(blocked: boolean) {
  const contexts: AudioContext[] = []
  const world = { allowed: !blocked }
  const Real = AudioContext
  const frozen = new WeakSet<AudioContext>()
  class Troubled extends Real {
    constructor(options?: AudioContextOptions) {
      super(options)
      contexts.push(this)
      if (!world.allowed) void super.suspend()
    }

    override resume() {
      if (frozen.has(this)) return Promise.resolve()
      return world.allowed ? super.resume() : new Promise<void>(() => {})
    }
  }
  Object.assign(globalThis, {
    AudioContext: Troubled,
    contextTrouble: {
      count: () => ({ made: contexts.length, alive: contexts.filter(({ state }) => state !== 'closed').length }),
      close: () => contexts.at(-1)!.close(),
      async freeze() {
        const context = contexts.at(-1)!
        frozen.add(context)
        const close = context.close.bind(context)
        let closed = false
        await context.suspend()
        Object.defineProperty(context, 'state', { get: () => closed ? 'closed' : 'running' })
        context.close = () => {
          closed = true
          return close()
        }
      },
      allow: () => { world.allowed = true },
    },
  })
}

interface InPage { contextTrouble: { count(): { made: number, alive: number }, close(): Promise<void>, freeze(): Promise<void>, allow(): void } }

/** @param blocked the page starts silent. Loads the page anew. */
export async function troubleContexts(page: Page, { blocked = false } = {}): Promise<ContextTrouble> {
  await page.addInitScript(install, blocked)
  await page.reload()
  await page.waitForFunction(() => (document.querySelector('#__nuxt') as { __vue_app__?: unknown } | null)?.__vue_app__)
  return {
    count: () => page.evaluate(() => (globalThis as unknown as InPage).contextTrouble.count()),
    closeContext: () => page.evaluate(() => (globalThis as unknown as InPage).contextTrouble.close()),
    freezeClock: () => page.evaluate(() => (globalThis as unknown as InPage).contextTrouble.freeze()),
    allowSound: () => page.evaluate(() => (globalThis as unknown as InPage).contextTrouble.allow()),
  }
}
