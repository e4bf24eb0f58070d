import { describe, expect, it } from 'vitest'
import { answering, cancelled, converse, errorOf, responseOf } from './conversing.ts'

const say = (text: string, segmentId = 'seg_1') => ({ type: 'say', text, segmentId }) as const
const stop = { type: 'stop_speaking', by: 'user' } as const
const busy = 'conversation_already_has_active_response'

describe('one response at a time', () => {
  it('asks at once when nothing is active', () => {
    expect(converse().asks(say('hi'))).toEqual(['conversation.item.create seg_1', 'response.create'])
  })
  it('cancels what is being said when the user types, and asks after its end', () => {
    const call = converse()
    answering(call)
    expect(call.asks(say('wait'))).toEqual(['response.cancel resp_1', 'conversation.item.create seg_1'])
    expect(call.hears('response.done', cancelled('resp_1', 'client_cancelled'))).toEqual(['response.create'])
  })
  it('makes one request of several typed turns, and cancels once', () => {
    const call = converse()
    answering(call)
    call.asks(say('one'))
    expect(call.asks(say('two', 'seg_2'))).toEqual(['conversation.item.create seg_2'])
    expect(call.hears('response.done', cancelled('resp_1', 'client_cancelled'))).toEqual(['response.create'])
    expect(call.hears('response.done', responseOf('resp_2', 'completed'))).toEqual([])
  })
  it('cancels a response that was only asked for, since it does not know of the second typed turn', () => {
    const call = converse()
    call.asks(say('one'))
    expect(call.asks(say('two', 'seg_2'))).toEqual(['response.cancel', 'conversation.item.create seg_2'])
    expect(call.hears('response.created', responseOf('resp_1'))).toEqual([])
    expect(call.hears('response.done', cancelled('resp_1', 'client_cancelled'))).toEqual(['response.create'])
  })
  it('asks again after the end of the response that the server was busy with', () => {
    const call = converse()
    call.asks(say('hi'))
    call.hears('response.created', responseOf('resp_vad'))
    expect(call.hears('error', errorOf(busy))).toEqual([])
    expect(call.hears('response.done', responseOf('resp_vad', 'completed'))).toEqual(['response.create'])
  })
  it('asks again at once when that end has already passed', () => {
    const call = converse()
    call.asks(say('hi'))
    call.hears('response.created', responseOf('resp_vad'))
    call.hears('response.done', responseOf('resp_vad', 'completed'))
    expect(call.hears('error', errorOf(busy))).toEqual(['response.create'])
  })
  it('is free again after the server refused the request for another reason', () => {
    const call = converse()
    call.asks(say('hi'))
    expect(call.hears('error', errorOf('invalid_value', 'No.', 'kaiwa_2'))).toEqual([])
    expect(call.asks(say('again', 'seg_2'))).toContain('response.create')
  })
  it('is not freed by the refusal of something else', () => {
    const call = converse()
    call.asks(say('hi'))
    call.hears('error', errorOf('invalid_value', 'No.', 'kaiwa_1'))
    expect(call.asks(say('again', 'seg_2'))).not.toContain('response.create')
  })
  it('forgets what it wanted when the user stops the answer', () => {
    const call = converse()
    answering(call)
    call.asks(say('wait'))
    expect(call.asks(stop)).toEqual([])
    expect(call.hears('response.done', cancelled('resp_1', 'client_cancelled'))).toEqual([])
  })
  it('stops a response that was only asked for, and drops the audio that comes of it', () => {
    const call = converse()
    call.asks(say('hi'))
    expect(call.asks(stop)).toEqual(['response.cancel'])
    answering(call)
    expect(call.hears('response.output_audio.delta', { response_id: 'resp_1', item_id: 'item_a1', content_index: 0, delta: 'AAAA' })).toEqual([])
    expect(call.told()).toEqual([])
    expect(call.hears('response.done', cancelled('resp_1', 'client_cancelled'))).toEqual(['conversation.item.delete item_a1'])
    expect(call.told().at(-1)).toBe('reply_ended resp_1 cancelled user')
  })
  it('ends a response whose end got lost when the next one begins', () => {
    const call = converse()
    answering(call)
    call.hears('response.created', responseOf('resp_2'))
    expect(call.told()).toEqual(['segment item_a1 after null final: Hello there', 'reply_ended resp_1 incomplete unknown', 'reply_started resp_2'])
  })
})

describe('a turn that the page ends', () => {
  const audio = (ms: number) => ({ type: 'audio', pcm16Base64: 'A'.repeat(ms * 64) }) as const

  it('is committed and answered when turns are manual', () => {
    const call = converse({ turnDetection: null as never })
    expect(call.asks(audio(200))).toEqual(['input_audio_buffer.append'])
    expect(call.asks({ type: 'end_turn' })).toEqual(['input_audio_buffer.commit', 'response.create'])
  })
  it('is thrown away, and said to be, when it is shorter than the server takes', () => {
    const call = converse({ turnDetection: null as never })
    call.asks(audio(99))
    expect(call.asks({ type: 'end_turn' })).toEqual(['input_audio_buffer.clear'])
    expect(call.told()).toEqual(['notice turn_too_short'])
  })
  it('counts only what came after the last turn', () => {
    const call = converse({ turnDetection: null as never })
    call.asks(audio(200))
    expect(call.asks({ type: 'discard_turn' })).toEqual(['input_audio_buffer.clear'])
    call.asks(audio(50))
    expect(call.asks({ type: 'end_turn' })).toEqual(['input_audio_buffer.clear'])
  })
  it('is asked an answer for under turn detection once it is committed, for a commit makes none', () => {
    const call = converse()
    call.asks(audio(400))
    expect(call.asks({ type: 'end_turn' })).toEqual(['input_audio_buffer.commit'])
    expect(call.hears('input_audio_buffer.committed', { item_id: 'item_u1', previous_item_id: null })).toEqual(['response.create'])
  })
  it.each([['kaiwa_2', 'created', 'error'], [null, 'created', 'error'], ['kaiwa_2', 'error', 'created'], [null, 'error', 'created']])(
    'is not answered twice when the server was faster (refusal of %s, %s then %s)', (eventId, ...order) => {
      const call = converse()
      call.asks(audio(400))
      call.asks({ type: 'end_turn' })
      call.hears('input_audio_buffer.committed', { item_id: 'item_u1', previous_item_id: null })
      for (const what of order) {
        if (what === 'error') call.hears('error', errorOf(busy, 'busy', eventId))
        else call.hears('response.created', responseOf('resp_vad'))
      }
      expect(call.hears('response.done', responseOf('resp_vad', 'completed'))).toEqual([])
    })
  it('wants nothing when the server had nothing to commit', () => {
    const call = converse()
    call.asks({ type: 'end_turn' })
    call.hears('error', errorOf('input_audio_buffer_commit_empty'))
    expect(call.hears('input_audio_buffer.committed', { item_id: 'item_u1', previous_item_id: null })).toEqual([])
  })
  it('is answered after the answer that is still being stopped', () => {
    const call = converse({ turnDetection: null as never })
    answering(call)
    call.asks({ ...stop })
    call.asks(audio(200))
    expect(call.asks({ type: 'end_turn' })).toEqual(['input_audio_buffer.commit'])
    expect(call.hears('response.done', cancelled('resp_1', 'client_cancelled'))).toEqual(['response.create'])
  })
})

describe('a turn that the page holds', () => {
  const hold = { type: 'change', turnTaking: 'manual' } as const
  const release = { type: 'change', turnTaking: 'server' } as const

  it('gives the server back the very turn detection it had', () => {
    const call = converse({ turnDetection: { threshold: 0.7, silence_duration_ms: 321 } })
    expect(call.asks(hold)).toEqual(['session.update null'])
    expect(call.asks(release)).toEqual(['session.update server_vad'])
    expect(call.state.turns.last?.detection).toMatchObject({ threshold: 0.7, silence_duration_ms: 321 })
  })
  it('changes nothing in a session that was opened without turn detection', () => {
    const call = converse({ turnDetection: null as never })
    expect([...call.asks(hold), ...call.asks(release)]).toEqual([])
  })
  it('holds again although the server has not said yet that it is back', () => {
    const call = converse()
    call.asks(hold)
    call.asks(release)
    expect(call.asks(hold)).toEqual(['session.update null'])
  })
  it('stops an answer itself meanwhile, for the server does not', () => {
    const call = converse()
    call.asks(hold)
    answering(call)
    expect(call.asks({ type: 'stop_speaking', by: 'barge_in' })).toEqual(['response.cancel resp_1'])
  })
  it('is given up when the server refuses', () => {
    const call = converse()
    call.asks(hold)
    call.hears('error', errorOf('event_not_allowed', 'Not yours.', 'kaiwa_1'))
    expect(call.told()).toEqual(['fault bad_request'])
    expect(call.asks(release)).toEqual([])
  })
})

describe('tool calls', () => {
  const callItem = (id: string, callId: string, status = 'completed') =>
    ({ response_id: 'resp_1', output_index: 0, item: { id, type: 'function_call', status, call_id: callId, name: 'now', arguments: '{}' } })
  const answer = (callId: string) => ({ type: 'answer_tool', callId, output: '1' }) as const

  it('want one answer when all of a response are done', () => {
    const call = converse()
    call.hears('response.created', responseOf('resp_1'))
    call.hears('response.output_item.done', callItem('f1', 'call_1'))
    call.hears('response.output_item.done', callItem('f2', 'call_2'))
    expect(call.asks(answer('call_1'))).toEqual(['conversation.item.create'])
    expect(call.hears('response.done', responseOf('resp_1', 'completed'))).toEqual([])
    expect(call.asks(answer('call_2'))).toEqual(['conversation.item.create', 'response.create'])
  })
  it('are told once, also when only the finished response names them', () => {
    const call = converse()
    call.hears('response.created', responseOf('resp_1'))
    call.hears('response.output_item.done', callItem('f1', 'call_1'))
    call.told()
    call.hears('response.done', responseOf('resp_1', 'completed', { output: [callItem('f1', 'call_1').item, callItem('f2', 'call_2').item] }))
    expect(call.told().filter(line => line.startsWith('tool_call'))).toEqual(['tool_call now call_2'])
  })
  it('of a response that was stopped are answered for the record, but want no next response', () => {
    const call = converse()
    call.hears('response.created', responseOf('resp_1'))
    call.hears('response.output_item.done', callItem('f1', 'call_1'))
    call.hears('response.done', cancelled('resp_1', 'turn_detected'))
    expect(call.asks(answer('call_1'))).toEqual(['conversation.item.create'])
  })
  it('that were cut off half-way are not told', () => {
    const call = converse()
    call.hears('response.created', responseOf('resp_1'))
    call.told()
    call.hears('response.output_item.done', callItem('f1', 'call_1', 'incomplete'))
    expect(call.told()).toEqual([])
  })
})
