import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstHealth, isWell, MAX_REBUILDS, stepHealth, tickMs } from '../../../app/voice/context-health.ts'
import type { HealthEffect, HealthEvent, SeenContext } from '../../../app/voice/context-health.ts'

type Look = Exclude<HealthEvent['type'], 'rebuilt'>

/** A browser with one context at a time, whose ways a test sets. */
function browser() {
  const world = {
    nowMs: 0, state: 'suspended' as SeenContext['state'], audioMs: 0, rateChanged: false,
    /** What a resume brings: sound, nothing, an error, or a context that says it runs. */
    resume: 'works' as 'works' | 'waits' | 'fails' | 'lies',
    rebuild: 'works' as 'works' | 'fails',
    /** Whether the clock moves while it says `running`. */
    frozen: false,
  }
  let alive = 1
  let made = 1
  const first = firstHealth(0)
  let { health } = first
  const told: string[] = []
  let rebuildsAsked = 0
  let rebuilding = false

  const seen = (): SeenContext => ({ state: world.state, audioMs: world.audioMs, rateChanged: world.rateChanged })
  function take(event: HealthEvent) {
    const wasWell = 'seen' in event && event.seen.state === 'running' && !event.seen.rateChanged && event.seen.audioMs > health.audioMs
    const step = stepHealth(health, event, world.nowMs)
    if (wasWell) expect(step.effects, 'never rebuilt while it is well').not.toContainEqual({ type: 'rebuild' })
    health = step.health
    perform(step.effects)
  }
  function perform(next: readonly HealthEffect[]) {
    for (const effect of next) {
      if (effect.type === 'tell') told.push(effect.what)
      else if (effect.type === 'resume') resume()
      else {
        expect(rebuilding, 'one rebuild at a time').toBe(false)
        rebuilding = true
        rebuildsAsked++
        // Whatever there was is closed before.
        alive = 0
        world.state = 'closed'
      }
    }
  }
  function resume() {
    if (world.state === 'closed') return void queued.push('resume_failed')
    if (world.resume === 'works') Object.assign(world, { state: 'running', frozen: false })
    else if (world.resume === 'lies') Object.assign(world, { state: 'running', frozen: true })
    else if (world.resume === 'fails') queued.push('resume_failed')
  }
  const queued: Look[] = []
  perform(first.effects)

  const pass = (ms: number) => {
    world.nowMs += ms
    if (world.state === 'running' && !world.frozen) world.audioMs += ms
  }
  return {
    world, told, take,
    get health() { return health },
    get alive() { return alive },
    get made() { return made },
    get rebuildsAsked() { return rebuildsAsked },
    look: (type: Look) => take({ type, seen: seen() }),
    pass,
    finishRebuild() {
      if (!rebuilding) return
      rebuilding = false
      if (world.rebuild === 'works') {
        alive++
        made++
        expect(alive, 'never two contexts').toBeLessThanOrEqual(1)
        Object.assign(world, { state: 'suspended', audioMs: 0, rateChanged: false, frozen: false })
      }
      take({ type: 'rebuilt', ok: world.rebuild === 'works' })
    },
    answer() { for (const type of queued.splice(0)) take({ type, seen: seen() }) },
    /** Ticks as the page's timer makes them, for so long. */
    live(ms: number) {
      for (let left = ms; left > 0;) {
        const step = Math.min(left, tickMs(health))
        pass(step)
        left -= step
        this.answer()
        this.look('tick')
        this.answer()
        this.finishRebuild()
      }
    },
  }
}

describe('the health of an audio context', () => {
  it('is well as soon as its clock advances, and is left alone from then on', () => {
    const page = browser()
    page.live(60_000)
    expect(isWell(page.health)).toBe(true)
    expect(page).toMatchObject({ made: 1, told: [] })
  })

  it('waits for a gesture where the browser wants one: says so, makes nothing anew, and sounds at the click', () => {
    const page = browser()
    page.world.state = 'suspended'
    page.world.resume = 'waits'
    page.live(120_000)
    expect(page).toMatchObject({ made: 1, told: ['blocked'] })
    page.world.resume = 'works'
    page.look('gesture')
    page.live(300)
    expect(isWell(page.health)).toBe(true)
    expect(page.told).toEqual(['blocked', 'works'])
  })

  it('resumes at once what the system interrupted, and again when the page is back', () => {
    const page = browser()
    page.live(20_000)
    Object.assign(page.world, { state: 'interrupted', resume: 'fails' })
    page.look('changed')
    page.live(30_000)
    expect(isWell(page.health)).toBe(false)
    expect(page.rebuildsAsked, 'a phone call takes the new one as well').toBe(0)
    expect(page.told).toEqual(['lost'])
    Object.assign(page.world, { state: 'suspended', resume: 'works' })
    page.look('returned')
    page.live(300)
    expect(isWell(page.health)).toBe(true)
    expect(page).toMatchObject({ made: 1, told: ['lost', 'works'] })
  })

  it('makes a context anew that claims to run with a clock that stands, within 5 s', () => {
    const page = browser()
    page.live(20_000)
    Object.assign(page.world, { frozen: true, resume: 'lies' })
    let ms = 0
    for (; page.rebuildsAsked === 0 && ms < 10_000; ms += 50) page.live(50)
    expect(ms).toBeLessThanOrEqual(5000)
    page.world.resume = 'works'
    page.live(2000)
    expect(isWell(page.health)).toBe(true)
    expect(page.made).toBe(2)
  })

  it('makes anew at once what was closed under the call, or whose hardware changed its rate', () => {
    for (const change of [{ state: 'closed' as const }, { rateChanged: true }]) {
      const page = browser()
      page.live(20_000)
      Object.assign(page.world, change)
      page.look('changed')
      expect(page.rebuildsAsked).toBe(1)
      page.finishRebuild()
      page.live(1000)
      expect(isWell(page.health)).toBe(true)
    }
  })

  it('gives up making contexts after some, says so, and tries again at a gesture', () => {
    const page = browser()
    page.live(20_000)
    Object.assign(page.world, { state: 'closed', rebuild: 'fails' })
    page.look('changed')
    page.finishRebuild()
    page.live(300_000)
    expect(page.rebuildsAsked).toBe(MAX_REBUILDS)
    expect(page.told).toEqual(['lost'])
    page.world.rebuild = 'works'
    page.live(60_000)
    expect(page.rebuildsAsked).toBe(MAX_REBUILDS)
    page.look('gesture')
    page.finishRebuild()
    page.live(1000)
    expect(isWell(page.health)).toBe(true)
    expect(page.told).toEqual(['lost', 'works'])
  })

  it('raises no false alarm in a hidden page whose timers come once a minute, nor when it thaws', () => {
    const page = browser()
    page.live(20_000)
    for (let minute = 0; minute < 20; minute++) {
      page.pass(60_000)
      page.look('tick')
    }
    // Frozen and thawed: the audio clock stood as well, and goes on a moment later.
    page.world.nowMs += 3_600_000
    page.look('tick')
    page.look('returned')
    page.live(2000)
    expect(isWell(page.health)).toBe(true)
    expect(page).toMatchObject({ made: 1, told: [] })
  })

  it('asks at most a few times a second, even if each of its own attempts changes the state', () => {
    const page = browser()
    page.live(20_000)
    Object.assign(page.world, { state: 'interrupted', resume: 'fails' })
    let resumes = 0
    for (let i = 0; i < 1000; i++) {
      page.pass(10)
      const before = page.health.attempts
      page.look('changed')
      page.answer()
      resumes += page.health.attempts - before
    }
    expect(resumes).toBeLessThan(50)
  })

  const happening = fc.oneof(
    fc.record({ do: fc.constantFrom<'tick' | 'changed' | 'gesture' | 'returned' | 'resume_failed'>('tick', 'changed', 'gesture', 'returned', 'resume_failed') }),
    fc.record({ do: fc.constant('world' as const), state: fc.constantFrom<SeenContext['state']>('running', 'suspended', 'interrupted', 'closed') }),
    fc.record({ do: fc.constant('ways' as const), resume: fc.constantFrom<'works' | 'waits' | 'fails' | 'lies'>('works', 'waits', 'fails', 'lies'), rebuild: fc.constantFrom<'works' | 'fails'>('works', 'fails') }),
    fc.record({ do: fc.constantFrom<'freeze' | 'rate' | 'finish' | 'answer'>('freeze', 'rate', 'finish', 'answer') }),
    fc.record({ do: fc.constant('live' as const), ms: fc.integer({ min: 1, max: 30_000 }) }),
  )

  it('whatever happens in whatever order: never two contexts, never a rebuild of one that is well, and well again once the world is and someone touches it', () => {
    fc.assert(fc.property(fc.array(happening, { maxLength: 40 }), happenings => {
      const page = browser()
      for (const next of happenings) {
        switch (next.do) {
          case 'world':
            // A dead context stays dead.
            if (page.world.state !== 'closed') page.world.state = next.state
            break
          case 'ways': Object.assign(page.world, { resume: next.resume, rebuild: next.rebuild }); break
          case 'freeze': page.world.frozen = true; break
          case 'rate': page.world.rateChanged = true; break
          case 'finish': page.finishRebuild(); break
          case 'answer': page.answer(); break
          case 'live': page.live(next.ms); break
          default: page.look(next.do)
        }
      }
      Object.assign(page.world, { resume: 'works', rebuild: 'works' })
      page.finishRebuild()
      page.look('gesture')
      page.live(60_000)
      page.look('gesture')
      page.live(30_000)
      expect(isWell(page.health)).toBe(true)
      expect(page.alive).toBe(1)
      expect(page.told.length === 0 || page.told.at(-1) === 'works').toBe(true)
    }), { numRuns: 400 })
  })
})
