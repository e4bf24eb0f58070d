import { assertNever } from './assert-never.ts'

/**
 * Whether a call's audio context is alive, and what to do when it isn't: pure, `(health, event, nowMs) → health and effects`.
 *
 * Only a context that runs and whose clock advances is well. Everything else is asked to go on (resume), at every sign that the time may
 * be better: a gesture, the page coming back, a change of state. Two attempts that count without success, and it is closed and made anew.
 * States as WebKit knows them: `interrupted` is a phone call or another app; after it a context may claim to run while its clock stands.
 */

export interface SeenContext {
  state: AudioContextState | 'interrupted'
  /** The context's own clock. */
  audioMs: number
  /** The hardware runs at another rate than when the context was made. */
  rateChanged: boolean
}

export type HealthEvent
  /** `tick`: about every `tickMs`. `changed`: the context says its state is new. `gesture`: of the person. `returned`: visible, focused or thawed again. */
  = | { type: 'tick' | 'changed' | 'gesture' | 'returned', seen: SeenContext }
    | { type: 'resume_failed', seen: SeenContext }
    | { type: 'rebuilt', ok: boolean }

/** `blocked`: the browser waits for a gesture. `lost`: it worked before, and won't come back by itself. */
export type HealthEffect = { type: 'resume' } | { type: 'rebuild' } | { type: 'tell', what: 'blocked' | 'lost' | 'works' }

type Phase
  = | { name: 'well', sinceMs: number, stalledTicks: number }
    /** A resume is under way. `gesture`: the person was there to allow it. */
    | { name: 'trying', sinceMs: number, failures: number, gesture: boolean }
    | { name: 'resting', sinceMs: number, untilMs: number, failures: number }
    | { name: 'rebuilding' }

export interface ContextHealth {
  phase: Phase
  everRan: boolean
  /** Last seen of the context's clock. */
  audioMs: number
  /** In a row, without ten good seconds between. */
  rebuilds: number
  /** Attempts in a row that came to nothing, for the back-off. */
  attempts: number
  told: 'nothing' | 'blocked' | 'lost'
}

export interface HealthStep { health: ContextHealth, effects: HealthEffect[] }

/** A clock that stands at two looks in a row, a second apart, is frozen. Late looks of a hidden page only give it more time. */
const TICK_MS = 1000
const STALLED_TICKS = 2
const UNWELL_TICK_MS = 250
/** How long a browser may take to let sound out. A context that claims to run has only its clock to show. */
const RESUME_MS = 1500
const ADVANCE_MS = 750
const MAX_FAILURES = 2
/** Contexts in a row before a person has to do something. */
export const MAX_REBUILDS = 4
const FIRST_REST_MS = 250
const MAX_REST_MS = 8000
/** So long well, and what was before is forgotten. */
const GOOD_MS = 10_000
/** Changes of state that our own attempts cause must not cause attempts. */
const MIN_BETWEEN_MS = 250

/** A context was just made, in a gesture if the person was lucky, and is asked to run. */
export function firstHealth(nowMs: number): HealthStep {
  const health: ContextHealth = {
    phase: { name: 'trying', sinceMs: nowMs, failures: 0, gesture: false }, everRan: false, audioMs: 0, rebuilds: 0, attempts: 0, told: 'nothing',
  }
  return { health, effects: [{ type: 'resume' }] }
}

/** How soon to look again, ms. */
export const tickMs = ({ phase }: ContextHealth) => phase.name === 'well' ? TICK_MS : UNWELL_TICK_MS

/** Whether the context's clock can be believed. */
export const isWell = ({ phase }: ContextHealth) => phase.name === 'well'

export function stepHealth(health: ContextHealth, event: HealthEvent, nowMs: number): HealthStep {
  if (event.type === 'rebuilt') return rebuilt(health, event.ok, nowMs)
  const { phase } = health
  const { seen } = event
  const advanced = seen.state === 'running' && !seen.rateChanged && seen.audioMs > health.audioMs
  const next: ContextHealth = { ...health, audioMs: seen.audioMs }
  switch (phase.name) {
    case 'well': return whileWell(next, phase, event, advanced, nowMs)
    case 'trying': return advanced ? recovered(next, nowMs) : whileTrying(next, phase, event, nowMs)
    case 'resting': return advanced ? recovered(next, nowMs) : whileResting(next, phase, event, nowMs)
    // What is being made may need the gesture.
    case 'rebuilding': return { health: next, effects: event.type === 'gesture' ? [{ type: 'resume' }] : [] }
    default: return assertNever(phase)
  }
}

type Look = Exclude<HealthEvent, { type: 'rebuilt' }>

function whileWell(health: ContextHealth, phase: Phase & { name: 'well' }, { type, seen }: Look, advanced: boolean, nowMs: number): HealthStep {
  if (seen.state !== 'running' || seen.rateChanged) return attempt(health, seen, { failures: 0, gesture: type === 'gesture' }, nowMs)
  if (advanced) {
    const good = nowMs - phase.sinceMs >= GOOD_MS
    return { health: { ...health, phase: { ...phase, stalledTicks: 0 }, rebuilds: good ? 0 : health.rebuilds }, effects: [] }
  }
  const stalledTicks = phase.stalledTicks + (type === 'tick' ? 1 : 0)
  if (stalledTicks >= STALLED_TICKS) return attempt(health, seen, { failures: 0, gesture: false }, nowMs)
  return { health: { ...health, phase: { ...phase, stalledTicks } }, effects: [] }
}

function recovered(health: ContextHealth, nowMs: number): HealthStep {
  const effects: HealthEffect[] = health.told === 'nothing' ? [] : [{ type: 'tell', what: 'works' }]
  return { health: { ...health, phase: { name: 'well', sinceMs: nowMs, stalledTicks: 0 }, everRan: true, attempts: 0, told: 'nothing' }, effects }
}

/** Dead beyond resuming: made anew, if that may still help; otherwise asked to go on. */
function attempt(health: ContextHealth, seen: SeenContext, from: { failures: number, gesture: boolean }, nowMs: number): HealthStep {
  const hopeless = seen.state === 'closed' || seen.rateChanged || from.failures >= MAX_FAILURES
  // Someone is there who wants to hear: one more.
  const rebuilds = from.gesture ? Math.min(health.rebuilds, MAX_REBUILDS - 1) : health.rebuilds
  if (hopeless && rebuilds < MAX_REBUILDS) return { health: { ...health, phase: { name: 'rebuilding' }, rebuilds: rebuilds + 1 }, effects: [{ type: 'rebuild' }] }
  const phase: Phase = { name: 'trying', sinceMs: nowMs, failures: Math.min(from.failures, MAX_FAILURES), gesture: from.gesture }
  return { health: { ...health, phase }, effects: [{ type: 'resume' }] }
}

function whileTrying(health: ContextHealth, phase: Phase & { name: 'trying' }, { type, seen }: Look, nowMs: number): HealthStep {
  switch (type) {
    case 'gesture':
      if (seen.state === 'closed') return attempt(health, seen, { failures: phase.failures, gesture: true }, nowMs)
      return { health: { ...health, phase: { ...phase, gesture: true } }, effects: [{ type: 'resume' }] }
    case 'returned': return { health, effects: [{ type: 'resume' }] }
    case 'changed': return { health, effects: [] }
    case 'resume_failed': return attemptFailed(health, phase, seen, nowMs)
    case 'tick': {
      const lateMs = seen.state === 'running' ? ADVANCE_MS : RESUME_MS
      if (seen.state === 'closed' || nowMs - phase.sinceMs >= lateMs) return attemptFailed(health, phase, seen, nowMs)
      return { health, effects: [] }
    }
    default: return assertNever(type)
  }
}

/** An attempt counts when it had a chance: the context ran before or someone clicked, and no phone call has the sound. */
function attemptFailed(health: ContextHealth, phase: Phase & { name: 'trying' }, seen: SeenContext, nowMs: number): HealthStep {
  const counts = seen.state === 'closed' || phase.gesture || (health.everRan && seen.state !== 'interrupted')
  const failures = phase.failures + (counts ? 1 : 0)
  const attempts = health.attempts + 1
  const spent = failures >= MAX_FAILURES && health.rebuilds >= MAX_REBUILDS
  const what = health.everRan || phase.gesture ? 'lost' : 'blocked'
  // What went away a moment ago may be back before anyone has read that it is gone.
  const tells = health.told !== what && (!health.everRan || attempts >= MAX_FAILURES || spent)
  const next: ContextHealth = { ...health, attempts, told: tells ? what : health.told }
  // The first new context comes at once, those after it slower and slower.
  const restMs = failures >= MAX_FAILURES && health.rebuilds === 0 ? 0 : Math.min(MAX_REST_MS, FIRST_REST_MS * 2 ** Math.min(attempts - 1, 10))
  return {
    health: { ...next, phase: { name: 'resting', sinceMs: nowMs, untilMs: nowMs + restMs, failures } },
    effects: tells ? [{ type: 'tell', what }] : [],
  }
}

function whileResting(health: ContextHealth, phase: Phase & { name: 'resting' }, { type, seen }: Look, nowMs: number): HealthStep {
  const { failures } = phase
  switch (type) {
    case 'gesture': return attempt(health, seen, { failures, gesture: true }, nowMs)
    case 'returned': return attempt(health, seen, { failures, gesture: false }, nowMs)
    case 'changed': return nowMs - phase.sinceMs < MIN_BETWEEN_MS ? { health, effects: [] } : attempt(health, seen, { failures, gesture: false }, nowMs)
    case 'tick': return nowMs < phase.untilMs ? { health, effects: [] } : attempt(health, seen, { failures, gesture: false }, nowMs)
    // A late answer to an attempt that was judged already.
    case 'resume_failed': return { health, effects: [] }
    default: return assertNever(type)
  }
}

function rebuilt(health: ContextHealth, ok: boolean, nowMs: number): HealthStep {
  if (health.phase.name !== 'rebuilding') return { health, effects: [] }
  const trying = { name: 'trying', sinceMs: nowMs, failures: ok ? 0 : MAX_FAILURES - 1, gesture: false } as const
  // A new clock starts at nothing.
  const next: ContextHealth = { ...health, audioMs: 0 }
  if (ok) return { health: { ...next, phase: trying }, effects: [{ type: 'resume' }] }
  return attemptFailed({ ...next, everRan: true }, trying, { state: 'closed', audioMs: 0, rateChanged: false }, nowMs)
}
