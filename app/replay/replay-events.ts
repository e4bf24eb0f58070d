import type { KeptEvent } from '../../shared/history.ts'
import type { WireRecord } from '../voice/call.ts'
import type { Score } from './replay-score.ts'

/** Kept events as the inspector lists them, on the axis of the replay. One of a call that has no place there is left out. */
export function recordsOf(events: readonly KeptEvent[], { calls }: Pick<Score, 'calls'>): WireRecord[] {
  const shiftOf = new Map(calls.map(({ call, shiftMs }) => [call.id, shiftMs]))
  return events.flatMap(({ call_id, direction, type, call_ms, payload }, seq): WireRecord[] => {
    const shiftMs = shiftOf.get(call_id)
    return shiftMs === undefined ? [] : [{ seq, direction, type, atMs: shiftMs + call_ms, bytes: payload.length, json: payload, known: true }]
  })
}
