import { byteLength, type WireText } from './link.ts'

/** What a client said before its upstream was open: ten seconds of microphone as base64 (640 kB) with room to spare. */
export const WAITING_BYTES = 1024 * 1024
export const WAITING_EVENTS = 1000

/**
 * Events in order until there is someone to give them to. Full ⇒ the client isn't read (its `pause`), nothing is dropped.
 * The event that fills it is still taken.
 */
export function createWaitingRoom(limits = { bytes: WAITING_BYTES, events: WAITING_EVENTS }) {
  let events: WireText[] = []
  let bytes = 0
  return {
    get bytes() { return bytes },
    get full() { return bytes >= limits.bytes || events.length >= limits.events },
    add(event: WireText) {
      events.push(event)
      bytes += byteLength(event)
    },
    /** Everything, in order; empty afterwards. */
    leave(): WireText[] {
      const all = events
      events = []
      bytes = 0
      return all
    },
  }
}
