import type { Gate, Verdict } from '../../../../server/relay/gate.ts'

/** What a model's side tells of a call, for gates in tests. */

export const ownDetection = {
  type: 'server_vad', threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 500, idle_timeout_ms: null, create_response: true, interrupt_response: true,
} as const

export const sessionTold = (detection: object | null | undefined) =>
  ({ type: 'session.updated', event_id: 'event_1', session: { type: 'realtime', audio: { input: { turn_detection: detection }, output: {} } } })

/** The call has one item of the user's and one answer. */
export function tellCall(gate: Gate): void {
  gate.serverEvent({ ...sessionTold(ownDetection), type: 'session.created' })
  gate.serverEvent({ type: 'input_audio_buffer.committed', item_id: 'item_user', previous_item_id: null })
  gate.serverEvent({ type: 'response.output_item.added', item: { id: 'item_answer', type: 'message', role: 'assistant', content: [] } })
}

/** A verdict in a few words: `pass`, the code and the field of a refusal, or the fault. */
export function inWords(verdict: Verdict): string {
  switch (verdict.do) {
    case 'pass': return 'pass'
    case 'take': return 'take'
    case 'refuse': return verdict.error.param === null ? verdict.error.code ?? '' : `${verdict.error.code} ${verdict.error.param}`
    case 'end': return verdict.fault.code
  }
}
