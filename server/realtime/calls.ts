import type { CallLimits, KaiwaCallEvent, KaiwaDrainingEvent } from '../../shared/calls.ts'
import type { SecretClaim } from '../auth/client-secret.ts'
import { isSamePerson, type Person } from '../auth/person.ts'
import type { Settings } from '../config/settings.ts'
import type { Log } from '../log.ts'
import { callMinutes, type Persona } from '../personas/persona.ts'
import type { RelayFault } from '../relay/fault.ts'
import type { Link } from '../relay/link.ts'
import { startRelay, type Relay, type RelayClock, type RelayEnd } from '../relay/relay.ts'
import type { Brain } from './brain.ts'
import { openingEvents } from './session-configuration.ts'

/** A connection that was let in, about to become a call. */
export interface CallStart {
  callId: string
  conversationId: string
  person: Person
  /** What its client may say: the page is `locked`, a program `open`. */
  policy: 'locked' | 'open'
  /** The model asked for; undefined: the server's. */
  model: string | undefined
  /** Undefined: a conversation. */
  intent: 'transcription' | undefined
  /** What the session begins with; undefined: the brain's defaults. */
  session: SecretClaim['session']
  /** Whom a page talks with; undefined: the client says itself what it wants. */
  persona?: Persona
  /** Who answers; undefined: the server's own. */
  brain?: Brain
  /** `page`: the server configures the session and adds `kaiwa.*` events. `client`: the Realtime protocol and nothing else. */
  from: 'page' | 'client'
}

export interface CallsOptions {
  brain: Brain
  settings: Pick<Settings, 'maxCallMinutes' | 'idleSeconds'>
  clock: RelayClock
  ids: (prefix: string) => string
  log: Log
}

export interface Calls {
  readonly live: number
  callsOf(person: Person): number
  /** The provider said to wait this long before new calls; 0 when it didn't. */
  readonly upstreamQuietMs: number
  /** Of a call with this persona, or with none. */
  limitsOf(persona: Persona | undefined): CallLimits
  begin(link: Link, start: CallStart): void
  /** Ends the calls of those who match, at once; how many they were. */
  endOf(match: (person: Person) => boolean, fault: RelayFault): number
  /** Lets live calls come to a pause in the conversation, for at most so long, then ends them. Resolves when none is left. */
  drain(seconds: number): Promise<void>
}

interface LiveCall { start: CallStart, link: Link, relay: Relay, cancelTimer(): void }

/** A conversation that was silent this long has nobody in mid-sentence. */
const PAUSE_MS = 1500
const MAX_UPSTREAM_QUIET_MS = 60_000
const CHECK_MS = 1000

/** The calls that are live, each with its limits; how many there may be is admission's to say. */
export function createCalls(options: CallsOptions): Calls {
  const { settings, clock, ids, log } = options
  const live = new Map<string, LiveCall>()
  let quietUntilMs = 0

  const limitsOf = (persona: Persona | undefined): CallLimits => ({
    max_call_minutes: persona ? callMinutes(persona, settings.maxCallMinutes) : settings.maxCallMinutes,
    idle_seconds: settings.idleSeconds,
  })

  function begin(link: Link, start: CallStart) {
    const { callId, brain = options.brain } = start
    const startedAtMs = clock.nowMs()
    if (start.from === 'page') link.send(JSON.stringify(greeting(start)))
    log.info({ call: callId, brain: brain.kind, from: start.from, ...(start.persona && { persona: start.persona.id }) }, 'call begins')
    const relay = startRelay({
      client: link,
      dial: signal => brain.dial(start, signal),
      opening: openingEvents(brain, start, ids),
      keys: brain.keys,
      clock,
      ids,
      onEnd(how) {
        live.get(callId)?.cancelTimer()
        live.delete(callId)
        if (brain === options.brain && how.by === 'fault') heedRetryAfter(how.fault)
        note(callId, how, clock.nowMs() - startedAtMs)
      },
    })
    // A relay may have ended in its first breath; then onEnd was there before the entry.
    if (relay.ended) return
    live.set(callId, { start, link, relay, cancelTimer: watchLimits(relay, startedAtMs, limitsOf(start.persona)) })
  }

  function greeting({ callId, conversationId, persona }: CallStart): KaiwaCallEvent {
    return { type: 'kaiwa.call', event_id: ids('event'), call_id: callId, conversation_id: conversationId, limits: limitsOf(persona), resume_ticket: null, seq: 0 }
  }

  /** Ends the call when it is too long or nobody is there. Returns the way out. */
  function watchLimits(relay: Relay, startedAtMs: number, limits: CallLimits): () => void {
    let cancel = clock.setTimer(check, CHECK_MS)
    function check() {
      const nowMs = clock.nowMs()
      if (nowMs - startedAtMs >= limits.max_call_minutes * 60_000) return relay.end({ code: 'call_too_long', minutes: limits.max_call_minutes })
      if (nowMs - relay.activeAtMs >= settings.idleSeconds * 1000) return relay.end({ code: 'call_idle', seconds: settings.idleSeconds })
      cancel = clock.setTimer(check, CHECK_MS)
    }
    return () => cancel()
  }

  /** Of the server's own upstream: that of one persona is nobody else's business. */
  function heedRetryAfter(fault: RelayFault) {
    if (fault.code === 'upstream_refused' && fault.status === 429) quietUntilMs = clock.nowMs() + Math.min(fault.retryAfterMs ?? 0, MAX_UPSTREAM_QUIET_MS)
  }

  function note(call: string, how: RelayEnd, lastedMs: number) {
    const facts = { call, lastedMs: Math.round(lastedMs) }
    switch (how.by) {
      case 'client': return log.info({ ...facts, closeCode: how.code }, 'call ended by the client')
      case 'upstream': return log.warn({ ...facts, closeCode: how.code, reason: how.reason }, 'call ended by the upstream')
      case 'fault': return noteFault(facts, how.fault)
      default: return how satisfies never
    }
  }

  function noteFault(facts: object, fault: RelayFault) {
    const expected = fault.code === 'call_idle' || fault.code === 'call_too_long' || fault.code === 'server_draining' || fault.code === 'signed_out'
    log[expected ? 'info' : 'error']({ ...facts, fault }, `call ended: ${fault.code}`)
  }

  function endOf(match: (person: Person) => boolean, fault: RelayFault): number {
    const theirs = [...live.values()].filter(({ start }) => match(start.person))
    for (const { relay } of theirs) relay.end(fault)
    return theirs.length
  }

  function drain(seconds: number): Promise<void> {
    const untilMs = clock.nowMs() + seconds * 1000
    for (const { start, link } of live.values()) {
      if (start.from === 'page') link.send(JSON.stringify({ type: 'kaiwa.draining', event_id: ids('event'), seconds } satisfies KaiwaDrainingEvent))
    }
    return new Promise(resolve => {
      (function step() {
        const nowMs = clock.nowMs()
        for (const { relay } of [...live.values()]) {
          if (nowMs >= untilMs || nowMs - relay.activeAtMs >= PAUSE_MS) relay.end({ code: 'server_draining' })
        }
        if (live.size === 0) resolve()
        else clock.setTimer(step, 100)
      })()
    })
  }

  return {
    get live() { return live.size },
    callsOf: person => [...live.values()].filter(call => isSamePerson(call.start.person, person)).length,
    get upstreamQuietMs() { return Math.max(0, quietUntilMs - clock.nowMs()) },
    limitsOf,
    begin,
    endOf,
    drain,
  }
}
