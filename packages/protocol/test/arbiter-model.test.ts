import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRealtimeAdapterState, receive, send } from '@kaiwa/protocol'
import type { ClientEvent, DialogueCommand } from '@kaiwa/protocol'
import { checkClientEvent } from '@kaiwa/protocol/client-event-schema'
import { answerItem, cancelled, errorOf, partOf, responseOf, sessionOf, typedItem } from './conversing.ts'

/** A server that keeps the rules (one response at a time), with its own turn detection, behind a line that delivers when it likes. */
function createModel() {
  let state = receive(createRealtimeAdapterState(), JSON.stringify({ type: 'session.created', ...sessionOf() })).state
  const toServer: ClientEvent[] = []
  const toPage: object[] = []
  /** Everything that the server did, in order: texts it got, responses it began. */
  const log: string[] = []
  let active: string | null = null
  let ids = 0

  function begin() {
    active = `resp_${++ids}`
    log.push('response')
    const item = answerItem(`item_a${ids}`)
    toPage.push({ type: 'response.created', ...responseOf(active) }, { type: 'response.output_item.added', response_id: active, output_index: 0, ...item },
      { type: 'conversation.item.added', previous_item_id: null, ...item }, { type: 'response.output_audio.delta', ...partOf(active, item.item.id), delta: 'AAAA' })
  }
  function end(reason?: string) {
    if (active) toPage.push({ type: 'response.done', ...(reason ? cancelled(active, reason) : responseOf(active, 'completed')) })
    active = null
  }
  function serve(event: ClientEvent) {
    const eventId = event.event_id ?? null
    if (event.type === 'conversation.item.create') {
      log.push(`text ${event.item.id}`)
      toPage.push({ type: 'conversation.item.added', previous_item_id: null, ...typedItem(event.item.id ?? '', 'x') })
    } else if (event.type === 'response.create') {
      if (active) toPage.push({ type: 'error', ...errorOf('conversation_already_has_active_response', 'busy', eventId) })
      else begin()
    } else if (event.type === 'response.cancel') {
      if (active) end('client_cancelled')
      else toPage.push({ type: 'error', ...errorOf('response_cancel_not_active', 'Cancellation failed: no active response found', null) })
    }
  }
  function take(led: { state: typeof state, wire: ClientEvent[] }) {
    state = led.state
    for (const event of led.wire) {
      expect(checkClientEvent(event)).toMatchObject({ ok: true })
      if (event.type === 'conversation.item.truncate') expect(Number.isInteger(event.audio_end_ms) && event.audio_end_ms > 0).toBe(true)
    }
    toServer.push(...led.wire)
  }
  const model = {
    log,
    get state() { return state },
    asks: (command: DialogueCommand) => take(send(state, command)),
    deliverToServer() { const event = toServer.shift(); if (event) serve(event) },
    deliverToPage() { const event = toPage.shift(); if (event) take(receive(state, JSON.stringify(event))) },
    finish: () => end(),
    /** The user speaks and is answered, without a word of the page. */
    spokenTurn() {
      const itemId = `item_u${++ids}`
      toPage.push({ type: 'input_audio_buffer.speech_started', item_id: itemId, audio_start_ms: 0 })
      end('turn_detected')
      toPage.push({ type: 'input_audio_buffer.speech_stopped', item_id: itemId, audio_end_ms: 9 }, { type: 'input_audio_buffer.committed', item_id: itemId, previous_item_id: null })
      begin()
    },
    settle() {
      for (let round = 0; round < 500 && (toServer.length > 0 || toPage.length > 0 || active); round++) {
        if (toServer.length > 0) model.deliverToServer()
        else if (toPage.length > 0) model.deliverToPage()
        else end()
      }
    },
  }
  return model
}

const actions = fc.array(fc.constantFrom('say', 'stop', 'barge_in', 'end_turn', 'spokenTurn', 'finish', 'deliverToServer', 'deliverToPage', 'deliverToPage', 'deliverToServer'), { maxLength: 60 })
type Action = typeof actions extends fc.Arbitrary<(infer A)[]> ? A : never

function act(model: ReturnType<typeof createModel>, action: Action, at: number) {
  const heard = { segmentId: `item_a${at % 7}`, heardMs: at * 3.7, receivedMs: 100 }
  switch (action) {
    case 'say': return model.asks({ type: 'say', text: 'x', segmentId: `seg_${at}` })
    case 'stop': return model.asks({ type: 'stop_speaking', by: 'user', heard })
    case 'barge_in': return model.asks({ type: 'stop_speaking', by: 'barge_in', heard })
    case 'end_turn': return model.asks({ type: 'end_turn' })
    default: return model[action]()
  }
}

describe('one response at a time, against a server of its own mind', () => {
  it('comes to rest whatever crosses on the wire, with nothing wanted and nothing pending', () => {
    fc.assert(fc.property(actions, list => {
      const model = createModel()
      list.forEach((action, at) => act(model, action, at))
      model.settle()
      expect(model.state).toMatchObject({ reply: null, create: null, replyWanted: false })
    }), { numRuns: 1000 })
  })
  it('answers what was typed last', () => {
    fc.assert(fc.property(actions, actions, (before, after) => {
      const model = createModel()
      before.forEach((action, at) => act(model, action, at))
      model.asks({ type: 'say', text: 'last', segmentId: 'last' })
      after.filter(action => !['stop', 'barge_in', 'say', 'end_turn'].includes(action)).forEach((action, at) => act(model, action, at))
      model.settle()
      expect(model.log.slice(model.log.indexOf('text last'))).toContain('response')
    }), { numRuns: 1000 })
  })
})
