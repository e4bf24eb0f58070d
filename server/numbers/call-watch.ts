import type { AudioFlow } from '../relay/audio-flow.ts'
import type { RelayObserver } from '../relay/observer.ts'
import { createFirstAudio } from './first-audio.ts'
import type { Tally } from './tally.ts'

/** What one call tells. */
export interface CallNumbers extends Required<Omit<RelayObserver, 'carried' | 'clientAudio' | 'arrived'>> {
  /** Counts the audio that passed since it was last called. */
  catchUp(): void
  /** Once, with how (`client`, `upstream`, `fault`) and the fault's code. */
  ended(how: string, faultCode?: string): void
}

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

const failedDials: Readonly<Record<string, DialResult>> = { upstream_unreachable: 'unreachable', upstream_refused: 'refused', upstream_resting: 'resting', engine_failed: 'failed' }

/** Looks on at one call. What runs for every message is additions to integers that it holds already; of the client's audio, nothing. */
export function createCallWatch(sheet: CallSheet, nowMs: () => number): CallNumbers {
  const { babble, unreported, events, bytes } = sheet
  const firstAudio = createFirstAudio()
  const beganAtMs = nowMs()
  let state: 'dialing' | 'open' | 'ended' = 'dialing'
  let flow: Pick<AudioFlow, 'events' | 'messageBytes'> = { events: 0, messageBytes: 0 }
  let counted = { events: 0, messageBytes: 0 }

  function catchUp() {
    events.client.count += flow.events - counted.events
    bytes.client.count += flow.messageBytes - counted.messageBytes
    counted = { events: flow.events, messageBytes: flow.messageBytes }
  }

  return {
    flows(sums) { flow = sums },
    opened(dialedMs) {
      if (state !== 'dialing') return
      state = 'open'
      sheet.dialled('opened', dialedMs)
    },
    clientEvent(_type, messageBytes) {
      events.client.count++
      bytes.client.count += messageBytes
    },
    serverEvent(event) {
      if (event.type === 'error') sheet.error((event.error as { code?: unknown } | null | undefined)?.code)
      firstAudio.event(event, nowMs())
    },
    passed(type, messageBytes) {
      events.model.count++
      bytes.model.count += messageBytes
      const waitedMs = firstAudio.passed(type, messageBytes, nowMs)
      if (waitedMs !== undefined) sheet.firstAudio(waitedMs)
    },
    timed: sheet.relayed,
    dropped() { babble.count++ },
    refused: sheet.refusedEvent,
    cutOff(responseIds) { unreported.count += responseIds.length },
    catchUp,
    ended(how, faultCode = 'none') {
      if (state === 'ended') return
      if (state === 'dialing') sheet.dialled(failedDials[faultCode] ?? 'abandoned', nowMs() - beganAtMs)
      state = 'ended'
      catchUp()
      sheet.ended(how, faultCode)
    },
  }
}
