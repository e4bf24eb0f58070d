import type { ServerError } from '@kaiwa/protocol'
import { wireError } from '@kaiwa/protocol/errors'
import type { KaiwaAckEvent } from '../../shared/calls.ts'
import type { HouseWord } from '../relay/gate.ts'

export const ACK: KaiwaAckEvent['type'] = 'kaiwa.ack'

export type AckReading = { ok: true, word: HouseWord } | { ok: false, error: ServerError }

const MAX_ID_CHARS = 128
/** A day: no answer is longer. */
const MAX_PLAYED_MS = 86_400_000

const refuse = (param: string, expected: string): AckReading =>
  ({ ok: false, error: wireError('invalid_value', `Invalid '${param}': expected ${expected}.`, { param }) })

/** What a page reports as heard (`kaiwa.ack`): checked like anything that a stranger sends, though it only ever reaches a clock. */
export function readAck({ item_id: itemId, played_ms: playedMs, seq }: Record<string, unknown>): AckReading {
  if (typeof itemId !== 'string' || itemId === '' || itemId.length > MAX_ID_CHARS) return refuse('item_id', `the id of an item, of at most ${MAX_ID_CHARS} characters`)
  if (!isCount(playedMs) || playedMs > MAX_PLAYED_MS) return refuse('played_ms', `whole milliseconds, from 0 to ${MAX_PLAYED_MS}`)
  if (seq !== undefined && !isCount(seq)) return refuse('seq', 'a whole number, 0 or more')
  return { ok: true, word: { itemId, playedMs } }
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
