import type { ServerError } from '@kaiwa/protocol'
import type { RelayFault } from './fault.ts'
import type { WireText } from './link.ts'

/** What becomes of one message of a client. */
export type Verdict
  /** Passed on: as it came, or rewritten. */
  = | { do: 'pass', text: WireText, type: string, /** Of an append that was looked at: its audio, decoded. */ audioBytes?: number }
    /** Not passed on; the client hears why. */
    | { do: 'refuse', error: ServerError, type: string | undefined }
    /** Said to this server, not to the model. */
    | { do: 'take', word: HouseWord }
    /** More than a slip: the call ends. */
    | { do: 'end', fault: RelayFault }

/** What a page says to this server (`kaiwa.ack`): so much of this item was heard. */
export interface HouseWord { itemId: string, playedMs: number }

/**
 * What may pass from a client to the model; one for each connection, with the memory it needs (its items, its rates).
 * Implementations: `server/policy`.
 */
export interface Gate {
  /** Called for every message, audio first of all: has to be fast. Never throws. */
  check(text: WireText, nowMs: number): Verdict
  /** A parsed event of the model, so that the gate knows which items are this call's. */
  serverEvent(event: ServerEventFacts): void
}

/** An event of the model that was parsed: all but audio and text deltas are. */
export interface ServerEventFacts { type: string, [field: string]: unknown }
