import type { CallLimits, KaiwaCallEvent, KaiwaLatencyEvent, KaiwaLimitEvent, KaiwaSidebandEvent, KaiwaUsageEvent } from '../../shared/calls.ts'
import type { Person } from '../auth/person.ts'
import type { Titles } from '../history/titles.ts'
import type { Journal } from '../journal/journal.ts'
import { latencyEvent } from '../latency/latency-event.ts'
import { createTurnWatch } from '../latency/turn-watch.ts'
import type { Log } from '../log.ts'
import type { Metering } from '../metering/metering.ts'
import type { Numbers } from '../numbers/numbers.ts'
import { createGate } from '../policy/client-gate.ts'
import { createFarewell, FAREWELL_MS } from '../relay/farewell.ts'
import type { RelayFault } from '../relay/fault.ts'
import type { Gate } from '../relay/gate.ts'
import type { Link } from '../relay/link.ts'
import { startRelay, type Relay, type RelayClock, type RelayEnd } from '../relay/relay.ts'
import type { Ticker } from '../relay/ticker.ts'
import type { Brain } from './brain.ts'
import { callFactsOf } from './call-facts.ts'
import { createCallStory, type OperatorAlert } from './call-story.ts'
import type { CallStart } from './calls.ts'
import { beginningOf, openingEvents } from './session-configuration.ts'

/** What a call is made of. */
export interface CallParts {
  clock: RelayClock
  ticker: Ticker
  ids: (prefix: string) => string
  log: Log
  metering: Pick<Metering, 'begin'>
  numbers: Pick<Numbers, 'observe' | 'used' | 'answered'>
  /** Undefined: nothing is kept. */
  journal?: Pick<Journal, 'begin'>
  /** Undefined: they have none. */
  titles?: Pick<Titles, 'begin'>
  /** What the model's provider may know of a person. */
  safetyIdentifierOf(person: Person): string | undefined
}

export interface CallOptions extends CallParts {
  link: Link
  start: CallStart
  brain: Brain
  limits: CallLimits
  /** What it may cost, by persona and server; undefined: what any call may. */
  budgetUsd?: number
  alert: OperatorAlert
  /** The talker is gone. */
  onEnd(how: RelayEnd): void
  /** All is known that the call will ever cost. At most 3 s later. */
  onSettled(): void
}

export interface Call {
  readonly start: CallStart
  readonly relay: Relay
  /** To be asked now and then: ends it when it is too long, or nobody is there. */
  checkLimits(): void
}

/** A page hears of the end this long before; of a short call, a fifth. */
const NEAR_MS = 60_000

/** Brings one call to life: who may say what, what it costs, who looks on, and how it ends. */
export function startCall(options: CallOptions): Call {
  const { link, start, brain, limits, clock, ids } = options
  const { callId, from, media } = start
  const isPage = from === 'page'
  const startedAtMs = clock.nowMs()
  const lengthMs = limits.max_call_minutes * 60_000
  let nearTold = false
  let ending = false
  let end: RelayEnd | undefined

  if (isPage) link.send(JSON.stringify(greeting(options)))
  const story = createCallStory({ ...options, callId, nowMs: clock.nowMs })
  const numbers = options.numbers.observe({ brain: brain.kind, from })
  const farewell = createFarewell({ ...options, nowMs: clock.nowMs })
  const journal = options.journal?.begin(callFactsOf(start, brain))
  const title = journal && options.titles?.begin({ start, brain, journal })
  const turns = createTurnWatch({
    nowMs: clock.nowMs,
    onTurn(latency) {
      options.numbers.answered(latency)
      journal?.took(latency)
      tellPage(latencyEvent(latency, ids('event')))
    },
  })
  const meter = options.metering.begin({
    callId,
    person: start.person,
    model: start.model ?? brain.model,
    brain: brain.kind,
    budgetUsd: options.budgetUsd,
    onUsage(event) {
      options.numbers.used(event)
      journal?.used(event)
      tellPage(event)
    },
    onLimit: tellPage,
    onSpent: ({ of, mayGoodbye }) => later(() => leave({ code: 'budget_spent', of }, mayGoodbye)),
  })
  const guarded = (gate: Gate) => meter.guard(farewell.guard(gate))
  const caller = guarded(createGate({ policy: start.policy, free: start.persona?.free }))
  const relay: Relay = startRelay({
    ...options,
    client: link,
    dial(signal) {
      const { model, intent } = start
      const asked = { model, intent, session: beginningOf(brain, start), safetyIdentifier: brain.kind === 'local' ? undefined : options.safetyIdentifierOf(start.person) }
      return media ? media.dial(asked, signal, sidebandLost) : brain.dial(asked, signal)
    },
    gate: media ? media.seat({ caller, program: () => guarded(createGate({ policy: 'open' })) }) : caller,
    observers: [
      story.observer, numbers, meter.observer, turns.observer,
      ...(journal ? [journal.observer] : []), ...(title ? [title.observer] : []), ...(isPage ? [farewell.observer] : []),
    ],
    onWord: ({ itemId, playedMs }) => turns.heard(itemId, playedMs),
    opening: openingEvents(brain, start, ids),
    keys: brain.keys,
    onEnd(how, open) {
      end = how
      if (how.by !== 'upstream' && open > 0) story.settling(open)
      farewell.stop()
      media?.ended(how)
      // Everyone else is heard to the end of their bill.
      if (isShownOut(how)) void media?.hangUp()
      options.onEnd(how)
    },
    onSettled,
  })

  function onSettled() {
    meter.end()
    turns.end()
    if (end) {
      journal?.end(end.by, end.by === 'client' ? null : end.fault.code)
      title?.ended()
      numbers.ended(end.by, end.by === 'client' ? undefined : end.fault.code)
      story.ended(end)
    }
    if (media) void media.hangUp().finally(options.onSettled)
    else options.onSettled()
  }

  /** Whether the call goes on. */
  function sidebandLost(closeCode: number): boolean {
    if (relay.ended) return false
    if (!media?.goesOnAlone) {
      relay.end({ code: 'sideband_lost', closeCode })
      return false
    }
    options.log.warn({ call: callId, closeCode }, 'sideband lost: the call goes on unmetered, without tools and captions, until its limits end it')
    if (isPage) relay.say(JSON.stringify({ type: 'kaiwa.sideband', event_id: ids('event'), state: 'lost' } satisfies KaiwaSidebandEvent))
    return true
  }

  /** After the event of the model that it is about: observers look on before that is passed. */
  function later(act: () => void) {
    queueMicrotask(act)
  }

  function tellPage(event: KaiwaUsageEvent | KaiwaLimitEvent | KaiwaLatencyEvent) {
    if (isPage) later(() => relay.say(JSON.stringify(event)))
  }

  /** Ends it for a reason that lies in the call itself: kindly where it can be. */
  function leave(fault: RelayFault, mayGoodbye: boolean) {
    if (ending) return
    ending = true
    if (isPage && mayGoodbye) farewell.begin(relay, () => relay.end(fault))
    else relay.end(fault)
  }

  function tellOfTime(state: 'near' | 'reached', endsInMs: number) {
    if (!isPage) return
    relay.say(JSON.stringify({
      type: 'kaiwa.limit', event_id: ids('event'), of: 'time', state, spent_usd: null, budget_usd: null, ends_in_seconds: Math.max(0, Math.round(endsInMs / 1000)),
    } satisfies KaiwaLimitEvent))
  }

  function checkLimits() {
    if (ending) return
    const nowMs = clock.nowMs()
    const leftMs = startedAtMs + lengthMs - nowMs
    if (leftMs <= 0) {
      tellOfTime('reached', FAREWELL_MS)
      return leave({ code: 'call_too_long', minutes: limits.max_call_minutes }, true)
    }
    if (nowMs - relay.activeAtMs >= limits.idle_seconds * 1000) return relay.end({ code: 'call_idle', seconds: limits.idle_seconds })
    if (!nearTold && leftMs <= Math.min(NEAR_MS, lengthMs / 5)) {
      nearTold = true
      tellOfTime('near', leftMs)
    }
  }

  return { start, relay, checkLimits }
}

/** May not talk here any more: not for the seconds either in which answers are settled. */
const isShownOut = (how: RelayEnd) => how.by === 'fault' && (how.fault.code === 'signed_out' || how.fault.code === 'access_withdrawn')

function greeting({ ids, limits, start: { callId, conversationId, goesOn } }: CallOptions): KaiwaCallEvent {
  return { type: 'kaiwa.call', event_id: ids('event'), call_id: callId, conversation_id: conversationId, limits, resume_ticket: null, seq: 0, continued: goesOn?.grant ?? null }
}
