import { describe, expect, it } from 'vitest'
import { openAudioHost } from '../../../app/voice/audio-host.ts'
import { claimAudioSession } from '../../../app/voice/audio-session.ts'
import { pageLife } from '../../../app/voice/page-life.ts'
import { holdWakeLock } from '../../../app/voice/wake-lock.ts'
import { createManualClock, settled } from '../../fakes/manual-clock.ts'

/** A page that can be hidden and touched. */
function fakePage() {
  const window = new EventTarget()
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' as DocumentVisibilityState })
  return {
    life: pageLife({ window, document }),
    touch: (type = 'pointerdown') => window.dispatchEvent(new Event(type)),
    show(visibilityState: DocumentVisibilityState) {
      document.visibilityState = visibilityState
      document.dispatchEvent(new Event('visibilitychange'))
    },
  }
}

function setup(ways: { resume?: () => Promise<void>, rebuilt?: () => Promise<boolean>, create?: () => void } = {}) {
  const clock = createManualClock(0)
  const page = fakePage()
  interface FakeContext {
    state: string
    onstatechange: (() => void) | null
    frozenAt: number | undefined
    readonly currentTime: number
    sampleRate: number
    resume(): Promise<void>
    close(): Promise<void>
    become(state: string): void
  }
  const contexts: FakeContext[] = []
  const seen = { rebuilt: [] as unknown[], troubles: [] as string[], works: 0, held: 0 }

  function fakeContext(): FakeContext {
    const bornMs = clock.nowMs()
    const context: FakeContext = {
      state: 'suspended', sampleRate: 48_000, onstatechange: null, frozenAt: undefined,
      get currentTime() { return context.frozenAt ?? (clock.nowMs() - bornMs) / 1000 },
      async resume() {
        await ways.resume?.()
        if (context.state === 'closed') throw new Error('closed')
        context.become('running')
      },
      async close() { context.become('closed') },
      become(state: string) {
        context.state = state
        context.onstatechange?.()
      },
    }
    contexts.push(context)
    return context
  }

  const host = openAudioHost({
    createContext() {
      ways.create?.()
      return fakeContext() as unknown as AudioContext
    },
    page: page.life, pageMs: clock.nowMs, setTimer: clock.setTimer,
    holds: [() => {
      seen.held++
      return () => { seen.held-- }
    }],
  }, {
    async onRebuilt(context) {
      seen.rebuilt.push(context)
      return await (ways.rebuilt?.() ?? Promise.resolve(true))
    },
    onTrouble: ({ code }) => seen.troubles.push(code),
    onWorks: () => { seen.works++ },
  })
  return { host, clock, page, contexts, seen, alive: () => contexts.filter(({ state }) => state !== 'closed').length }
}

describe('the owner of a call’s audio context', () => {
  it('has a clock while the context runs, and leaves it alone', async () => {
    const { host, clock, contexts } = setup()
    await clock.advance(60_000)
    expect(contexts).toHaveLength(1)
    expect(host.clock).toEqual({ of: contexts[0], seconds: 60 })
  })

  it('makes another at once when the context is closed under it, and tells who must move; never two at a time', async () => {
    const { host, clock, contexts, seen, alive } = setup()
    await clock.advance(2000)
    contexts[0]!.become('closed')
    expect(alive()).toBe(1)
    expect(host.context).toBe(contexts[1])
    expect(host.clock, 'no clock in between').toBeUndefined()
    await clock.advance(500)
    expect(seen.rebuilt).toEqual([contexts[1]])
    expect(host.clock).toMatchObject({ of: contexts[1] })
    expect(seen.troubles).toEqual([])
  })

  it('replaces a context whose clock stands although it says that it runs', async () => {
    const { clock, contexts, alive } = setup()
    await clock.advance(5000)
    contexts[0]!.frozenAt = contexts[0]!.currentTime
    await clock.advance(5000)
    expect(contexts).toHaveLength(2)
    expect(alive()).toBe(1)
  })

  it('asks again at a touch and when the page is back; says that it is blocked, and that it works again', async () => {
    let allowed = false
    const { clock, page, contexts, seen } = setup({ resume: () => allowed ? Promise.resolve() : new Promise(() => {}) })
    await clock.advance(3000)
    expect(seen.troubles).toEqual(['audio_blocked'])
    allowed = true
    page.touch('touchend')
    await clock.advance(300)
    expect(seen.works).toBe(1)
    contexts[0]!.state = 'interrupted'
    page.show('hidden')
    page.show('visible')
    await clock.advance(300)
    expect(contexts[0]!.state).toBe('running')
    expect(contexts).toHaveLength(1)
  })

  it('survives that no context can be made, and that nothing can be made on it, and comes back at a touch', async () => {
    let broken: 'no' | 'context' | 'sink' = 'no'
    const { host, clock, page, contexts, seen } = setup({
      create() { if (broken === 'context') throw new Error('too many contexts') },
      rebuilt: () => Promise.resolve(broken !== 'sink'),
    })
    await clock.advance(2000)
    broken = 'context'
    contexts[0]!.become('closed')
    await clock.advance(2000)
    broken = 'sink'
    await clock.advance(120_000)
    expect(seen.troubles).toContain('audio_lost')
    expect(contexts.length).toBeLessThanOrEqual(4)
    broken = 'no'
    page.touch()
    await clock.advance(1000)
    expect(host.clock).toBeDefined()
    expect(seen.works).toBe(1)
  })

  it('lets go of everything once, whenever it is closed', async () => {
    const { host, clock, page, seen, alive } = setup()
    expect(seen.held).toBe(1)
    await clock.advance(1500)
    host.close()
    host.close()
    page.touch()
    await settled()
    expect({ alive: alive(), held: seen.held, timers: clock.pendingTimers }).toEqual({ alive: 0, held: 0, timers: 0 })
  })
})

describe('what a call holds of the machine', () => {
  it('keeps the screen on, asks again when the page is back, and lets it go', async () => {
    const page = fakePage()
    const locks: { released: boolean, release(): Promise<void> }[] = []
    const source = {
      async request() {
        const lock = { released: false, async release() { lock.released = true } }
        locks.push(lock)
        return lock
      },
    }
    const letGo = holdWakeLock(page.life, source)
    await settled()
    locks[0]!.released = true
    page.show('hidden')
    expect(locks).toHaveLength(1)
    page.show('visible')
    await settled()
    page.show('visible')
    await settled()
    expect(locks).toHaveLength(2)
    letGo()
    expect(locks[1]!.released).toBe(true)
    page.show('visible')
    await settled()
    expect(locks).toHaveLength(2)
  })

  it('goes on where the lock is refused, or unknown', async () => {
    holdWakeLock(fakePage().life, { request: () => Promise.reject(new Error('low battery')) })()
    holdWakeLock(fakePage().life, undefined)()
    await settled()
  })

  it('tells the system that it talks and listens, and takes it back', () => {
    const holder = { audioSession: { type: 'auto' } }
    const letGo = claimAudioSession(holder)
    expect(holder.audioSession.type).toBe('play-and-record')
    letGo()
    expect(holder.audioSession.type).toBe('auto')
    claimAudioSession({})()
  })
})
