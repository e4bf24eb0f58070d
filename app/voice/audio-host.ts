import type { Trouble } from './call.ts'
import { firstHealth, isWell, stepHealth, tickMs } from './context-health.ts'
import type { HealthEffect, HealthEvent, HealthStep, SeenContext } from './context-health.ts'
import type { PageLife } from './page-life.ts'
import { troubleOfOutput } from './trouble.ts'

/** What a context looks like to the call's clock: which one, and its seconds. */
export interface AudioClock { of: object, seconds: number }

export interface AudioHostParts {
  createContext: () => AudioContext
  page: PageLife
  /** Monotonic, not the audio clock. */
  pageMs: () => number
  setTimer: (callback: () => void, delayMs: number) => () => void
  /** What a call holds of the machine while it lasts (screen, audio session); each returns the way out. */
  holds?: readonly (() => () => void)[]
}
export interface AudioHostPorts {
  /** The context before is dead, and all that was made on it. Resolves with whether sound has a way out again. */
  onRebuilt: (context: AudioContext) => Promise<boolean>
  onTrouble: (trouble: Trouble) => void
  onWorks: () => void
}

/** Owner of a call's audio context; does what `context-health.ts` decides. At most one context lives at a time. */
export interface AudioHost {
  /** The one of now; another after each `onRebuilt`. */
  readonly context: AudioContext
  /** Undefined while the context doesn't run. */
  readonly clock: AudioClock | undefined
  /** From a click or a key: lets a silent page sound. */
  gesture(): void
  /** Ends the context and everything held. Idempotent. */
  close(): void
}

const words = {
  blocked: ['audio_blocked', 'The browser keeps the page silent until it is clicked.'],
  lost: ['audio_lost', 'The browser or the system has stopped the page\'s sound.'],
} as const

/** @throws whatever `createContext` throws: this browser has no audio for the page */
export function openAudioHost(parts: AudioHostParts, ports: AudioHostPorts): AudioHost {
  const { page, pageMs } = parts
  let context = parts.createContext()
  let builtRate = context.sampleRate
  const first = firstHealth(pageMs())
  let health = first.health
  let stopTick = () => {}
  let closed = false

  const seen = (): SeenContext => ({
    state: context.state as SeenContext['state'], audioMs: context.currentTime * 1000, rateChanged: context.sampleRate !== builtRate,
  })
  const look = (type: 'tick' | 'changed' | 'gesture' | 'returned' | 'resume_failed') => take({ type, seen: seen() })

  function take(event: HealthEvent) {
    if (closed) return
    apply(stepHealth(health, event, pageMs()))
  }
  function apply(next: HealthStep) {
    const faster = tickMs(next.health) < tickMs(health)
    health = next.health
    if (faster) tickSoon()
    for (const effect of next.effects) perform(effect)
  }
  function tickSoon() {
    stopTick()
    stopTick = parts.setTimer(() => {
      look('tick')
      if (!closed) tickSoon()
    }, tickMs(health))
  }

  function perform(effect: HealthEffect): void {
    if (closed) return
    if (effect.type === 'resume') return resume()
    if (effect.type === 'rebuild') return void rebuild()
    if (effect.what === 'works') return ports.onWorks()
    const [code, detail] = words[effect.what]
    ports.onTrouble(troubleOfOutput(code, detail))
  }
  function resume() {
    const asked = context
    // A browser that wants a gesture leaves the promise open; the machine has its own patience.
    asked.resume().then(() => { if (asked === context) look('changed') }, () => { if (asked === context) look('resume_failed') })
  }
  function watch() {
    context.onstatechange = () => look('changed')
  }
  function retire(old: AudioContext) {
    old.onstatechange = null
    if (old.state !== 'closed') void old.close().catch(() => {})
  }
  async function rebuild() {
    retire(context)
    try {
      context = parts.createContext()
    } catch {
      return take({ type: 'rebuilt', ok: false })
    }
    const made = context
    builtRate = made.sampleRate
    watch()
    // Within the gesture, if there is one.
    void made.resume().catch(() => {})
    const ok = await ports.onRebuilt(made).catch(() => false)
    if (made === context) take({ type: 'rebuilt', ok })
  }

  watch()
  const leave = [page.onGesture(() => look('gesture')), page.onReturn(() => look('returned')), ...(parts.holds ?? []).map(hold => hold())]
  first.effects.forEach(perform)
  tickSoon()

  return {
    get context() { return context },
    get clock() { return isWell(health) && context.state === 'running' ? { of: context, seconds: context.currentTime } : undefined },
    gesture: () => look('gesture'),
    close() {
      if (closed) return
      closed = true
      stopTick()
      for (const stop of leave) stop()
      retire(context)
    },
  }
}
