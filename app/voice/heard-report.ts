import type { KaiwaAckEvent } from '../../shared/calls.ts'
import type { Heard } from './call.ts'
import { createRecent } from './recent.ts'

/** Nobody hears of so many answers at once. Full ⇒ the oldest may be reported again, which the server passes over. */
const MAX_REPORTED = 64

/** Tells our own server, once for each of the assistant's segments, that its first sound was heard: only the page knows when. */
export function createHeardReport(send: (ack: KaiwaAckEvent) => void): (heard: Heard) => void {
  const reported = createRecent(MAX_REPORTED)
  return ({ segmentId, heardMs }) => {
    if (heardMs <= 0 || reported.has(segmentId)) return
    reported.add(segmentId)
    send({ type: 'kaiwa.ack', item_id: segmentId, played_ms: Math.round(heardMs) })
  }
}
