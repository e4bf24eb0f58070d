import type { Person } from '../auth/person.ts'
import type { Log } from '../log.ts'
import { callBudgetUsd } from '../personas/persona.ts'
import type { RelayFault } from '../relay/fault.ts'
import type { Link } from '../relay/link.ts'
import type { Brain } from './brain.ts'
import type { Calls, CallStart } from './calls.ts'
import { createFanLink, type FanLink, type Seat } from './fan-link.ts'
import { createMedia } from './webrtc-call.ts'

/** What came of an offer. `fault` undefined: whoever made it left before it was answered. */
export type Begun = { ok: true, rtcId: string, sdp: string } | { ok: false, fault: RelayFault | undefined }

/** The WebRTC calls that were answered and aren't over, by the ids that their callers know. As many as there are calls. */
export interface WebrtcCalls {
  /** Whether the server's own brain answers offers. */
  readonly able: boolean
  /** Begins a call and has its offer answered. `left`: whoever made it is gone before the answer reached them. */
  begin(start: CallStart, offer: string, left: AbortSignal): Promise<Begun>
  ownerOf(rtcId: string): Person | undefined
  /** A page's call; undefined: there is none, or it is a program's. */
  pageCall(rtcId: string): CallStart | undefined
  /** One more connection to it; false: there are enough, or it is over. */
  attach(rtcId: string, link: Link, seat: Seat): boolean
  /** No effect when it is over. */
  hangUp(rtcId: string): void
}

export interface WebrtcCallsOptions {
  calls: Pick<Calls, 'begin'>
  /** The server's own. */
  brain: Brain
  ids: (prefix: string) => string
  nowMs(): number
  setTimer(callback: () => void, delayMs: number): () => void
  log: Pick<Log, 'error' | 'warn' | 'info'>
  /** Why there are no WebRTC calls on this server, in a sentence; undefined: there are. */
  offBecause?: string
  /** What is spent over all calls is bounded. */
  hasBudget: boolean
  sidebandLost: 'end' | 'continue'
}

export function createWebrtcCalls({ calls, ids, nowMs, setTimer, log, ...options }: WebrtcCallsOptions): WebrtcCalls {
  const live = new Map<string, { start: CallStart, fan: FanLink }>()

  function begin(start: CallStart, offer: string, left: AbortSignal): Promise<Begun> {
    const { brain = options.brain, callId, persona } = start
    const why = options.offBecause ?? (brain.answer ? undefined : 'Who answers here speaks over a WebSocket only.')
    // Before it is a call: it would only be one that failed.
    if (why !== undefined) return Promise.resolve({ ok: false, fault: { code: 'webrtc_unavailable', why } })
    const rtcId = ids('rtc')
    const fan = createFanLink({ ids, nowMs, awaitsPage: start.from === 'page' })
    // What nobody sees can't be held to a budget.
    const isBounded = options.hasBudget || (persona && callBudgetUsd(persona, undefined) !== undefined)
    return new Promise(resolve => {
      left.addEventListener('abort', fan.leave, { once: true })
      const media = createMedia({
        brain, offer, calledAs: start.calledAs, fan, log, callId, ids, setTimer, locked: start.policy === 'locked', goesOnAlone: options.sidebandLost === 'continue' && !isBounded,
        onAnswer(sdp) {
          live.set(rtcId, { start, fan })
          resolve({ ok: true, rtcId, sdp })
        },
        onEnd(fault) {
          left.removeEventListener('abort', fan.leave)
          live.delete(rtcId)
          resolve({ ok: false, fault })
        },
      })
      calls.begin(fan, { ...start, media })
      if (left.aborted) fan.leave()
    })
  }

  return {
    able: options.offBecause === undefined && options.brain.answer !== undefined,
    begin,
    ownerOf: rtcId => live.get(rtcId)?.start.person,
    pageCall(rtcId) {
      const start = live.get(rtcId)?.start
      return start?.from === 'page' ? start : undefined
    },
    attach: (rtcId, link, seat) => live.get(rtcId)?.fan.attach(link, seat) ?? false,
    hangUp: rtcId => live.get(rtcId)?.fan.leave(),
  }
}
