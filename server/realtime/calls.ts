import type { CallLimits, KaiwaDrainingEvent } from '../../shared/calls.ts'
import type { SecretClaim } from '../auth/client-secret.ts'
import type { TicketClaim } from '../auth/ticket.ts'
import { isSamePerson, type Person } from '../auth/person.ts'
import type { Settings } from '../config/settings.ts'
import { callBudgetUsd, callMinutes, type Persona } from '../personas/persona.ts'
import type { RelayFault } from '../relay/fault.ts'
import type { Link } from '../relay/link.ts'
import type { Brain } from './brain.ts'
import { createOperatorAlert } from './call-story.ts'
import { startCall, type Call, type CallParts } from './call.ts'
import type { WebrtcMedia } from './webrtc-call.ts'

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
  /** Its sound goes by WebRTC; undefined: over the same line as everything else. */
  media?: WebrtcMedia
  /** What it goes on with; undefined: a new conversation. */
  goesOn?: TicketClaim['goesOn']
  /** `page`: the server configures the session and adds `kaiwa.*` events. `client`: the Realtime protocol and nothing else. */
  from: 'page' | 'client'
  /** Of a WebRTC call: the host by whose name or address its caller reached this server. */
  calledAs?: string | undefined
}

export interface CallsOptions extends CallParts {
  /** The server's own. */
  brain: Brain
  settings: Pick<Settings, 'maxCallMinutes' | 'idleSeconds' | 'budgets'>
}

export interface Calls {
  readonly live: number
  /** Their talkers are gone; what their last answers cost isn't known yet. */
  readonly settling: number
  callsOf(person: Person): number
  /** Of a call with this persona, or with none. */
  limitsOf(persona: Persona | undefined): CallLimits
  begin(link: Link, start: CallStart): void
  /** Whether a call goes on in it now. */
  inConversation(conversationId: string): boolean
  /** Of whoever answers in that conversation now; no effect where nobody does. */
  forgetItem(conversationId: string, itemId: string): void
  /** Ends the calls of those who match, at once; how many they were. */
  endOf(match: (person: Person) => boolean, fault: RelayFault): number
  /**
   * Lets live calls come to a pause in the conversation, for at most so long, then ends them. Resolves when none is left, and each is
   * charged: what the model didn't report within `settleSeconds` of that, by estimate.
   */
  drain(seconds: number, settleSeconds?: number): Promise<void>
}

/** A conversation that was silent this long has nobody in mid-sentence. */
const PAUSE_MS = 1500
const DRAIN_CHECK_MS = 100

/** The calls that are live, each with its limits; how many there may be is admission's to say. */
export function createCalls(options: CallsOptions): Calls {
  const { settings, clock, ids, ticker } = options
  const live = new Map<string, Call>()
  const alert = createOperatorAlert(options.log, clock.nowMs)
  /** Also those whose talkers are gone; undefined in a call's first breath. */
  const unsettled = new Map<string, Call | undefined>()
  let unwatch: (() => void) | undefined

  const limitsOf = (persona: Persona | undefined): CallLimits => ({
    max_call_minutes: persona ? callMinutes(persona, settings.maxCallMinutes) : settings.maxCallMinutes,
    idle_seconds: settings.idleSeconds,
  })

  function begin(link: Link, start: CallStart) {
    const { callId, brain = options.brain } = start
    unsettled.set(callId, undefined)
    options.log.info({ call: callId, brain: brain.kind, from: start.from, ...(start.persona && { persona: start.persona.id }) }, 'call begins')
    const call = startCall({
      ...options, link, start, brain, alert, limits: limitsOf(start.persona),
      ...(start.persona && { budgetUsd: callBudgetUsd(start.persona, settings.budgets.perCallUsd) }),
      onEnd() { forget(callId) },
      onSettled() { unsettled.delete(callId) },
    })
    if (unsettled.has(callId)) unsettled.set(callId, call)
    // It may have ended in its first breath; then onEnd was there before the entry.
    if (call.relay.ended) return
    live.set(callId, call)
    unwatch ??= ticker.each(checkLimits)
  }

  const callIn = (conversationId: string) => [...live.values()].find(({ start }) => start.conversationId === conversationId)

  function forget(callId: string) {
    live.delete(callId)
    if (live.size > 0) return
    unwatch?.()
    unwatch = undefined
  }

  function checkLimits() {
    for (const call of live.values()) call.checkLimits()
  }

  function endOf(match: (person: Person) => boolean, fault: RelayFault): number {
    const theirs = [...live.values()].filter(({ start }) => match(start.person))
    for (const { relay } of theirs) relay.end(fault)
    return theirs.length
  }

  function drain(seconds: number, settleSeconds = Infinity): Promise<void> {
    const untilMs = clock.nowMs() + seconds * 1000
    for (const { start, relay } of live.values()) {
      if (start.from === 'page') relay.say(JSON.stringify({ type: 'kaiwa.draining', event_id: ids('event'), seconds } satisfies KaiwaDrainingEvent))
    }
    return new Promise(resolve => {
      (function step() {
        const nowMs = clock.nowMs()
        for (const { relay } of [...live.values()]) {
          if (nowMs >= untilMs || (nowMs - relay.activeAtMs >= PAUSE_MS && relay.openResponses.length === 0)) relay.end({ code: 'server_draining' })
        }
        if (nowMs >= untilMs + settleSeconds * 1000) for (const call of [...unsettled.values()]) call?.relay.giveUp()
        if (unsettled.size === 0) resolve()
        // At each deadline, too: what follows a drain may have no time to spare.
        else clock.setTimer(step, Math.min(DRAIN_CHECK_MS, ...[untilMs, untilMs + settleSeconds * 1000].filter(atMs => atMs > nowMs).map(atMs => atMs - nowMs)))
      })()
    })
  }

  return {
    get live() { return live.size },
    get settling() { return unsettled.size - live.size },
    callsOf: person => [...live.values()].filter(call => isSamePerson(call.start.person, person)).length,
    limitsOf,
    begin,
    inConversation: id => callIn(id) !== undefined,
    forgetItem: (id, itemId) => callIn(id)?.relay.tell(JSON.stringify({ type: 'conversation.item.delete', event_id: ids('event'), item_id: itemId })),
    endOf,
    drain,
  }
}
