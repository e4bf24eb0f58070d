import { describe, expect, it } from 'vitest'
import { answerItem, answering, cancelled, converse, partOf, responseOf } from './conversing.ts'

const stop = (heardMs: number, receivedMs: number, by: 'user' | 'barge_in' = 'user', segmentId = 'item_a1') =>
  ({ type: 'stop_speaking', by, heard: { segmentId, heardMs, receivedMs } }) as const

describe('an interruption', () => {
  it.each([
    ['at what was heard, in whole ms', stop(812.9, 2000), 'conversation.item.truncate item_a1 812'],
    ['never behind what was received', stop(2500, 2000), 'conversation.item.truncate item_a1 2000'],
  ])('cuts %s', (_, command, wire) => {
    const call = converse()
    answering(call)
    expect(call.asks(command)).toEqual(['response.cancel resp_1', wire])
  })
  it.each([[0, 2000], [0.4, 2000], [-3, 2000], [Number.NaN, 2000], [100, 0]])('deletes an answer of which nothing was heard (%s of %s ms)', (heardMs, receivedMs) => {
    const call = converse()
    answering(call)
    expect(call.asks(stop(heardMs, receivedMs))).toEqual(['response.cancel resp_1', 'conversation.item.delete item_a1'])
    expect(call.told()).toContain('interrupted user item_a1 0')
  })
  it('leaves an answer alone that was heard to its end', () => {
    const call = converse()
    answering(call)
    call.hears('response.output_audio.done', partOf('resp_1', 'item_a1'))
    call.hears('response.done', responseOf('resp_1', 'completed'))
    call.told()
    expect(call.asks(stop(2000, 2000))).toEqual([])
    expect(call.told()).toEqual([])
  })
  it('cuts an answer whose received part was heard but of which audio was dropped', () => {
    const call = converse()
    answering(call)
    call.hears('input_audio_buffer.speech_started', { item_id: 'item_u2', audio_start_ms: 1 })
    call.hears('response.output_audio.delta', { ...partOf('resp_1', 'item_a1'), delta: 'AAAA' })
    call.hears('response.output_audio.done', partOf('resp_1', 'item_a1'))
    expect(call.asks(stop(2000, 2000, 'barge_in'))).toEqual(['conversation.item.truncate item_a1 2000'])
  })
  it('is told to the server once', () => {
    const call = converse()
    answering(call)
    call.asks(stop(500, 2000))
    expect(call.asks(stop(900, 2000))).toEqual([])
  })
  it('by speech leaves the cancelling to a server that does it, and does it for one that does not', () => {
    const [server, page] = [converse(), converse({ turnDetection: { interrupt_response: false } })]
    for (const call of [server, page]) answering(call)
    expect(server.asks(stop(500, 2000, 'barge_in'))).toEqual(['conversation.item.truncate item_a1 500'])
    expect(page.asks(stop(500, 2000, 'barge_in'))).toEqual(['response.cancel resp_1', 'conversation.item.truncate item_a1 500'])
  })
  it('deletes what was queued behind the segment that sounded', () => {
    const call = converse()
    answering(call)
    call.hears('response.output_audio.delta', { ...partOf('resp_1', 'item_a2'), delta: 'AAAA' })
    expect(call.asks(stop(500, 2000))).toEqual(['response.cancel resp_1', 'conversation.item.truncate item_a1 500', 'conversation.item.delete item_a2'])
  })
  it('of a segment without audio, or one that it never saw, says nothing to the server', () => {
    const call = converse()
    call.hears('conversation.item.done', { previous_item_id: null, ...answerItem('restored', 'Welcome back.') })
    expect([...call.asks(stop(500, 2000, 'user', 'restored')), ...call.asks(stop(500, 2000, 'user', '__proto__'))]).toEqual([])
  })
  it('drops audio from the moment an interrupting server hears the user, and plays the next answer again', () => {
    const call = converse()
    answering(call)
    call.hears('input_audio_buffer.speech_started', { item_id: 'item_u2', audio_start_ms: 1 })
    call.told()
    call.hears('response.output_audio.delta', { ...partOf('resp_1', 'item_a1'), delta: 'AAAA' })
    expect(call.told()).toEqual([])
    call.hears('response.done', cancelled('resp_1', 'turn_detected'))
    answering(call, 'resp_2', 'item_a2')
    call.hears('response.output_audio.delta', { ...partOf('resp_2', 'item_a2'), delta: 'AAAA' })
    expect(call.told()).toEqual(['voice item_a2'])
  })
  it('keeps the words when the server blanks the transcript of what it cut', () => {
    const call = converse()
    answering(call)
    call.asks(stop(500, 2000))
    call.hears('response.output_audio_transcript.done', { ...partOf('resp_1', 'item_a1'), transcript: '' })
    call.hears('conversation.item.done', { previous_item_id: null, ...answerItem('item_a1', '') })
    call.hears('conversation.item.truncated', { item_id: 'item_a1', content_index: 0, audio_end_ms: 480 })
    expect(call.told().at(-1)).toBe('segment item_a1 after null final cut user 480: Hello there')
  })
  it('that the server made is marked as such', () => {
    const call = converse()
    answering(call)
    call.hears('conversation.item.truncated', { item_id: 'item_a1', content_index: 0, audio_end_ms: 480 })
    expect(call.told()).toEqual(['segment item_a1 after null partial open cut server 480: Hello there'])
  })
})
