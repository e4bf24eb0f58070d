import type { RelayObserver } from '../relay/observer.ts'
import { createFirstAudio } from './first-audio.ts'
import type { Tally } from './tally.ts'

/** What one call tells; `ended` once, with how (`client`, `upstream`, `fault`) and the fault's code. */
export type CallNumbers = Required<Omit<RelayObserver, 'carried'>> & { ended(how: string, faultCode?: string): void }

export type Side = 'client' | 'model'
export type DialResult = 'opened' | 'unreachable' | 'refused' | 'resting' | 'failed' | 'abandoned'

/** Where a call's facts are added up, with the labels looked up beforehand. */
export interface CallSheet {
  events: Record<Side, Tally>
  bytes: Record<Side, Tally>
  babble: Tally
  unreported: Tally
  refusedEvent(code: string): void
  error(code: unknown): void
  dialled(result: DialResult, tookMs: number): void
  relayed(from: Side, tookMs: number): void
  firstAudio(waitedMs: number): void
  ended(how: string, faultCode: string): void
}

/** One message in so many is timed. */
export const TIMED_ONE_IN = 64

const failedDials: Readonly<Record<string, DialResult>> = { upstream_unreachable: 'unreachable', upstream_refused: 'refused', upstream_resting: 'resting', engine_failed: 'failed' }

/** One way of a call. */
interface Leg {
  from: Side
  events: Tally
  bytes: Tally
  untilTimed: number
  /** Of the message that is timed; -1: this one isn't. */
  arrivedAtMs: number
}
const legOf = ({ events, bytes }: CallSheet, from: Side): Leg => ({ from, events: events[from], bytes: bytes[from], untilTimed: 1, arrivedAtMs: -1 })

/** Looks on at one call. What runs for every message is additions to integers that it holds already. */
export function createCallWatch(sheet: CallSheet, nowMs: () => number): CallNumbers {
  const { babble, unreported } = sheet
  const firstAudio = createFirstAudio()
  const beganAtMs = nowMs()
  const legs = { client: legOf(sheet, 'client'), model: legOf(sheet, 'model') }
  let state: 'dialing' | 'open' | 'ended' = 'dialing'

  function arrived(from: Side) {
    // Not `legs[from]`: a name that is looked up costs as much as the rest of this.
    const leg = from === 'client' ? legs.client : legs.model
    leg.arrivedAtMs = -1
    if (--leg.untilTimed > 0) return
    leg.untilTimed = TIMED_ONE_IN
    leg.arrivedAtMs = nowMs()
  }

  function left(leg: Leg, messageBytes: number) {
    leg.events.count++
    leg.bytes.count += messageBytes
    if (leg.arrivedAtMs < 0) return
    sheet.relayed(leg.from, nowMs() - leg.arrivedAtMs)
    leg.arrivedAtMs = -1
  }

  return {
    arrived,
    opened(dialedMs) {
      if (state !== 'dialing') return
      state = 'open'
      sheet.dialled('opened', dialedMs)
    },
    clientEvent(_type, messageBytes) { left(legs.client, messageBytes) },
    serverEvent(event) {
      if (event.type === 'error') sheet.error((event.error as { code?: unknown } | null | undefined)?.code)
      firstAudio.event(event, nowMs())
    },
    passed(type, messageBytes) {
      left(legs.model, messageBytes)
      const waitedMs = firstAudio.passed(type, messageBytes, nowMs)
      if (waitedMs !== undefined) sheet.firstAudio(waitedMs)
    },
    dropped() { babble.count++ },
    refused: sheet.refusedEvent,
    cutOff(responseIds) { unreported.count += responseIds.length },
    ended(how, faultCode = 'none') {
      if (state === 'ended') return
      if (state === 'dialing') sheet.dialled(failedDials[faultCode] ?? 'abandoned', nowMs() - beganAtMs)
      state = 'ended'
      sheet.ended(how, faultCode)
    },
  }
}
