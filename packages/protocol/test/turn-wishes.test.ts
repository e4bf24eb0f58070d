import { describe, expect, it } from 'vitest'
import { converse, sessionOf } from './conversing.ts'
import type { Conversing } from './conversing.ts'
import { detectionFor } from '../src/realtime-adapter/turn-detection.ts'
import { serverVadDefaults } from '@kaiwa/protocol'

const page = { type: 'change', turns: { interruptedBy: 'page' } } as const
const guarded = { type: 'change', turns: { interruptedBy: 'page', answeredBy: 'page' } } as const
const asOpened = { type: 'change', turns: {} } as const
/** The server's own settings came, or an echo of what was asked for. */
const updated = (call: Conversing, turnDetection: object | null = {}) => call.hears('session.updated', sessionOf({ turnDetection }))
const detectionOf = (call: Conversing) => call.state.turns.last?.detection

function settled(turnDetection: object | null = {}) {
  const call = converse({ turnDetection: turnDetection as never })
  updated(call, turnDetection)
  call.told()
  return call
}

describe('what the page wishes about turns', () => {
  it('waits for the session\'s own settings, and builds on them', () => {
    const call = converse()
    expect(call.asks(page)).toEqual([])
    expect(updated(call, { silence_duration_ms: 700, threshold: 0.7 })).toEqual(['session.update server_vad'])
    expect(detectionOf(call)).toMatchObject({ silence_duration_ms: 700, threshold: 0.7, interrupt_response: false, create_response: true })
  })

  it('is said once, and changes what the session can do', () => {
    const call = settled()
    expect(call.asks(page)).toEqual(['session.update server_vad'])
    expect(call.asks(page)).toEqual([])
    updated(call, { interrupt_response: false })
    expect(call.events()).toMatchObject([{ type: 'opened', capabilities: { serverInterrupts: false, turnTaking: 'server' } }])
    expect(call.asks(page)).toEqual([])
  })

  it('is nothing where the session is that way already', () => {
    expect(settled({ interrupt_response: false }).asks(page)).toEqual([])
    expect(settled().asks({ type: 'change', turns: { endedBy: 'silence', interruptedBy: 'server', answeredBy: 'server' } })).toEqual([])
  })

  it('is taken back to exactly what the server had said', () => {
    const call = settled({ silence_duration_ms: 321, from_the_future: true })
    call.asks(page)
    updated(call, { silence_duration_ms: 321, interrupt_response: false })
    expect(call.asks(asOpened)).toEqual(['session.update server_vad'])
    expect(detectionOf(call)).toMatchObject({ silence_duration_ms: 321, from_the_future: true, interrupt_response: true })
  })

  it('doesn\'t go in circles with a server that says it differently', () => {
    const call = settled()
    call.asks(page)
    expect(updated(call, { interrupt_response: false, silence_duration_ms: 499 })).toEqual([])
  })

  it('comes back after the floor was held', () => {
    const call = settled()
    call.asks(page)
    updated(call, { interrupt_response: false })
    expect(call.asks({ type: 'change', turnTaking: 'manual' })).toEqual(['session.update null'])
    updated(call, null)
    expect(call.asks(guarded)).toEqual([])
    expect(call.asks({ type: 'change', turnTaking: 'server' })).toEqual(['session.update server_vad'])
    expect(detectionOf(call)).toMatchObject({ interrupt_response: false, create_response: false })
  })

  it('leaves everything as it was where the server refuses, is no fault, and is not tried again', () => {
    const call = settled()
    call.asks(page)
    call.hears('error', { error: { type: 'invalid_request_error', code: 'event_not_allowed', message: 'Not yours.', param: null, event_id: 'kaiwa_1' } })
    expect(call.told()).toEqual(['notice event_not_allowed'])
    expect(call.asks(guarded)).toEqual([])
    expect(call.state.line?.capabilities.serverInterrupts).toBe(true)
    expect(call.asks({ type: 'change', turns: { endedBy: 'page' } }), 'to take turn detection away is always allowed').toEqual(['session.update null'])
  })

  it.each([
    ['meaning instead of silence', { endedBy: 'sense' }, { type: 'semantic_vad', eagerness: 'auto' }],
    ['a patient silence', { patient: true }, { type: 'server_vad', silence_duration_ms: 2500 }],
    ['patience for meaning', { endedBy: 'sense', patient: true }, { type: 'semantic_vad', eagerness: 'low' }],
  ] as const)('may be %s', (_what, wish, expected) => expect(detectionFor(serverVadDefaults, wish)).toMatchObject(expected))

  it('never shortens a silence that was longer already', () => {
    expect(detectionFor({ ...serverVadDefaults, silence_duration_ms: 4000 }, { patient: true })).toMatchObject({ silence_duration_ms: 4000 })
  })
})

describe('a turn whose answer the page asks for', () => {
  const committed = (call: Conversing, id: string) => call.hears('input_audio_buffer.committed', { item_id: id, previous_item_id: null })
  function leftToThePage() {
    const call = settled()
    call.asks(guarded)
    updated(call, { interrupt_response: false, create_response: false })
    call.told()
    return call
  }

  it('is told, and answered when the page wants it', () => {
    const call = leftToThePage()
    call.hears('input_audio_buffer.speech_started', { item_id: 'u1', audio_start_ms: 0 })
    committed(call, 'u1')
    expect(call.events().filter(({ type }) => type === 'answer_due')).toEqual([{ type: 'answer_due', segmentId: 'u1' }])
    expect(call.asks({ type: 'answer' })).toEqual(['response.create'])
  })

  it('is told only when that was in force as it was committed', () => {
    const call = settled()
    call.asks(guarded)
    committed(call, 'u1')
    expect(call.events().some(({ type }) => type === 'answer_due')).toBe(false)
  })

  it('is dropped from conversation and thread', () => {
    const call = leftToThePage()
    call.hears('input_audio_buffer.speech_started', { item_id: 'u1', audio_start_ms: 0 })
    committed(call, 'u1')
    call.events()
    expect(call.asks({ type: 'discard_turn', segmentId: 'u1' })).toEqual(['conversation.item.delete u1'])
    expect(call.events()).toEqual([{ type: 'segment_removed', segmentId: 'u1' }])
    call.hears('conversation.item.input_audio_transcription.completed', { item_id: 'u1', content_index: 0, transcript: 'Thank you.', usage: { type: 'duration', seconds: 1 } })
    expect(call.events().filter(({ type }) => type === 'segment')).toEqual([])
  })
})
