import { createRealtimeAdapterState, moveSession, receive, send } from '@kaiwa/protocol'
import type { DialogueCommand, DialogueEvent, Fault, HeardVoice } from '@kaiwa/protocol'
import type { KaiwaAckEvent } from '../../shared/calls.ts'
import type { Trouble } from './call.ts'
import type { PageEvent, Route, Transport, TransportMedia } from './transport.ts'
import { readHouseEvent } from './house-events.ts'
import type { HouseEvent } from './house-events.ts'
import { noServer } from './transport.ts'
import { troubleOfClosure } from './trouble.ts'
import type { WireRecords } from './wire-records.ts'

/** One call's line in our own words: transport ↔ adapter, everything recorded for the inspector. */

/** An `error` event explains a close that follows this soon; one that the call survived doesn't. */
const FAULT_EXPLAINS_MS = 5000
/** A server that took the connection but never says that the session is there. */
const OPENED_TIMEOUT_MS = 10_000

export interface DialogueLineParts {
  openTransport: () => Transport
  records: WireRecords
  nowMs: () => number
  setTimer: (callback: () => void, delayMs: number) => () => void
}
export interface DialogueLinePorts {
  onEvent: (event: DialogueEvent) => void
  /** What our own server says beside the protocol. */
  onHouseEvent: (event: HouseEvent) => void
  /** There is a way now, or another one. */
  onOpen?: (route: Route | undefined) => void
  /** The way is lost since then, and another is on its way: `opened` comes again. */
  onMoving?: (silentMs: number) => void
  /** What was heard of the segment that sounds. */
  heard?: () => HeardVoice | undefined
  /** Once, unless we closed. No trouble: the other side was done. */
  onClosed: (trouble?: Trouble) => void
}
export interface DialogueLine {
  command(command: DialogueCommand): void
  /** To our own server. */
  report(event: KaiwaAckEvent): void
  readonly unsentBytes: number
  /** Who carries the voices; undefined: events do. */
  readonly media: TransportMedia | undefined
  close(): void
}

export function openDialogueLine(parts: DialogueLineParts, ports: DialogueLinePorts): DialogueLine {
  const { records, nowMs } = parts
  const transport = parts.openTransport()
  let adapter = createRealtimeAdapterState({ media: transport.media !== undefined })
  let closed = false
  let lastFault: { fault: Fault, atMs: number } | undefined
  let stopTimer = () => {}

  function transmit(wire: readonly PageEvent[]) {
    for (const event of wire) {
      if (closed) return
      transport.send(event)
      records.add('out', JSON.stringify(event), { type: event.type, known: true, atMs: nowMs() })
    }
  }
  function tell(events: readonly DialogueEvent[]) {
    for (const event of events) {
      if (closed) return
      if (event.type === 'opened') stopTimer()
      if (event.type === 'fault') lastFault = { fault: event.fault, atMs: nowMs() }
      ports.onEvent(event)
    }
  }
  const explanation = () => lastFault && nowMs() - lastFault.atMs < FAULT_EXPLAINS_MS ? lastFault.fault : undefined
  /** Another session follows, on another way. */
  function move(heard?: HeardVoice) {
    const moved = moveSession(adapter, { media: transport.media !== undefined, ...heard ? { heard } : {} })
    adapter = moved.state
    tell(moved.events)
  }
  function hangUp(trouble?: Trouble) {
    if (closed) return
    close()
    ports.onClosed(trouble)
  }
  function close() {
    closed = true
    stopTimer()
    transport.close()
  }

  transport.onEvent(text => {
    if (closed) return
    const received = receive(adapter, text)
    adapter = received.state
    records.add('in', text, { type: received.type, known: received.known, atMs: nowMs() })
    transmit(received.wire)
    tell(received.events)
    const house = closed ? undefined : readHouseEvent(received.type, text, nowMs())
    if (house) ports.onHouseEvent(house)
  })
  transport.onState(state => {
    if (closed || state.phase === 'connecting') return
    if (state.phase === 'closed') return hangUp(troubleOfClosure(state, explanation()))
    if (state.phase === 'moving') {
      stopTimer()
      move(ports.heard?.())
      return ports.onMoving?.(state.silentMs)
    }
    if ((transport.media !== undefined) !== adapter.media) move()
    ports.onOpen?.(transport.route)
    if (closed) return
    stopTimer = parts.setTimer(() => {
      hangUp(troubleOfClosure({ code: noServer, reason: 'upstream_timeout', detail: `No session began within ${OPENED_TIMEOUT_MS / 1000} s.` }, explanation()))
    }, OPENED_TIMEOUT_MS)
  })

  return {
    command(command) {
      if (closed) return
      const sent = send(adapter, command)
      adapter = sent.state
      transmit(sent.wire)
      tell(sent.events)
    },
    report(event) { transmit([event]) },
    get unsentBytes() { return transport.unsentBytes },
    get media() { return transport.media },
    close,
  }
}
