import type { ClientEvent } from './client-events.ts'
import type { DialogueCommand, DialogueEvent } from './dialogue.ts'
import { parseServerEvent } from './parse.ts'
import { command } from './realtime-adapter/commands.ts'
import { handle } from './realtime-adapter/handlers.ts'
import { markCut } from './realtime-adapter/interruption.ts'
import type { HeardVoice } from './realtime-adapter/interruption.ts'
import { closeItems } from './realtime-adapter/items.ts'
import { startAnew } from './realtime-adapter/session.ts'
import { beginStep, change } from './realtime-adapter/state.ts'
import type { RealtimeAdapterState } from './realtime-adapter/state.ts'
import { isKaiwaEvent, isListedServerEvent } from './server-event-types.ts'

export type { HeardVoice } from './realtime-adapter/interruption.ts'
export { createRealtimeAdapterState } from './realtime-adapter/state.ts'
export type { RealtimeAdapterState } from './realtime-adapter/state.ts'

/** What a message from the wire led to. */
export interface Received {
  state: RealtimeAdapterState
  events: DialogueEvent[]
  /** To be sent at once, in order: a response that had to wait its turn, the deletion of what was never heard. */
  wire: ClientEvent[]
  /** The event's type; empty when it has none. */
  type: string
  /** A type of the protocol (or of Kaiwa's extension), well-formed. */
  known: boolean
}

/**
 * One text message of a Realtime server → what it means in our words. Pure, and never throws. Events of unknown type mean nothing;
 * malformed ones become a `notice`.
 */
export function receive(state: RealtimeAdapterState, text: string): Received {
  const parsed = parseServerEvent(text)
  if (parsed.kind === 'known') {
    const step = beginStep(state)
    handle(step, parsed.event)
    return { ...step, type: parsed.event.type, known: true }
  }
  const { type } = parsed
  if (parsed.kind === 'invalid') {
    return { state, events: [{ type: 'notice', code: 'invalid_event', detail: `${type.slice(0, 100)} ${parsed.reason}`.trim() }], wire: [], type, known: false }
  }
  const events: DialogueEvent[] = isKaiwaEvent(type) ? [{ type: 'notice', code: type, detail: parsed.message }] : []
  return { state, events, wire: [], type, known: isListedServerEvent(type) }
}

/**
 * The same conversation goes on in another session, over another transport: what the one before was doing is over, segments and meter stay.
 * `opened` comes anew. `heard`: of the segment that sounded.
 */
export function moveSession(state: RealtimeAdapterState, { media, heard }: { media: boolean, heard?: HeardVoice }): Sent {
  const step = beginStep(state)
  if (heard) markCut(step, 'server', heard)
  startAnew(step)
  closeItems(step)
  change(step, { media })
  return step
}

/** What a command led to. `events` need no answer of the server: the typed turn's segment, the cut of what was interrupted. */
export interface Sent { state: RealtimeAdapterState, wire: ClientEvent[], events: DialogueEvent[] }

/** One command of ours → client events, to be sent in order (none when a response has to wait: it comes with a later `receive`). */
export function send(state: RealtimeAdapterState, request: DialogueCommand): Sent {
  const step = beginStep(state)
  command(step, request)
  return step
}
