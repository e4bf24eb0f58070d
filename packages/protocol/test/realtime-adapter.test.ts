import { describe, expect, it } from 'vitest'
import { createRealtimeAdapterState, receive } from '@kaiwa/protocol'
import { maxItems, maxSegmentChars } from '../src/realtime-adapter/state.ts'
import { answerItem, answering, converse, errorOf, partOf, responseOf, sessionOf, typedItem } from './conversing.ts'

const transcribed = (itemId: string, transcript: string, usage: unknown = { type: 'duration', seconds: 1.5 }) => ({ item_id: itemId, content_index: 0, transcript, usage })

describe('a session', () => {
  it('is opened once, and told again when what it can do has changed', () => {
    const call = converse({ opened: false })
    call.hears('session.created', sessionOf({ transcription: null }))
    call.hears('session.updated', sessionOf({ transcription: null }))
    call.hears('session.updated', sessionOf())
    expect(call.events().map(event => event.type === 'opened' && event.capabilities.transcripts.user)).toEqual([false, true])
  })
  it.each([
    ['server turn detection', {}, { turnTaking: 'server', serverInterrupts: true }],
    ['no interrupting', { interrupt_response: false }, { turnTaking: 'server', serverInterrupts: false }],
    ['manual turns', null, { turnTaking: 'manual', serverInterrupts: false }],
  ])('says what can be done: %s', (_, turnDetection, capabilities) => {
    const call = converse({ opened: false })
    call.hears('session.created', sessionOf({ turnDetection }))
    expect(call.events()).toMatchObject([{ type: 'opened', capabilities }])
  })
  it('takes a server\'s word for as little as it says', () => {
    const call = converse({ opened: false })
    call.hears('session.created', { session: { id: 's', model: 'm' } })
    call.hears('session.created', { session: { id: 's', model: 'm', audio: { output: { voice: { id: 'voice_9' } } } } })
    expect(call.told()).toEqual(['opened  server', 'opened voice_9 server'])
  })
  it('that takes the place of another ends its reply and keeps its conversation', () => {
    const call = converse()
    answering(call)
    call.hears('session.created', sessionOf({ id: 'sess_2' }))
    expect(call.told()).toEqual(['reply_ended resp_1 cancelled server', 'opened marin server'])
    expect([...call.state.items.keys()]).toEqual(['item_a1'])
    expect(call.asks({ type: 'say', text: 'hi', segmentId: 'seg_1' })).toContain('response.create')
  })
})

describe('the user\'s turn', () => {
  it('gets its words although they come before its item', () => {
    const call = converse()
    call.hears('conversation.item.input_audio_transcription.completed', transcribed('item_u1', 'Hi.'))
    call.hears('input_audio_buffer.committed', { item_id: 'item_u1', previous_item_id: 'item_0' })
    expect(call.told().at(-1)).toBe('segment item_u1 after item_0 final: Hi.')
  })
  it('ignores a piece of transcript that comes after the whole', () => {
    const call = converse()
    call.hears('conversation.item.input_audio_transcription.completed', transcribed('item_u1', 'Hi.'))
    call.told()
    call.hears('conversation.item.input_audio_transcription.delta', { item_id: 'item_u1', content_index: 0, delta: 'Hi' })
    expect(call.told()).toEqual([])
  })
  it('has no words to wait for when nobody transcribes', () => {
    const call = converse({ transcription: null })
    call.hears('input_audio_buffer.speech_started', { item_id: 'item_u1', audio_start_ms: 10 })
    expect(call.told()).toEqual(['segment item_u1 unavailable open: ', 'user_speech on item_u1 10'])
  })
  it('that came to nothing goes away: thrown away by us, or followed by another', () => {
    const call = converse()
    call.hears('input_audio_buffer.speech_started', { item_id: 'item_u1', audio_start_ms: 10 })
    call.hears('input_audio_buffer.speech_started', { item_id: 'item_u2', audio_start_ms: 90 })
    call.hears('input_audio_buffer.cleared')
    expect(call.told().filter(line => !line.startsWith('segment item'))).toEqual([
      'user_speech on item_u1 10', 'segment_removed item_u1', 'user_speech on item_u2 90', 'segment_removed item_u2', 'user_speech off item_u2 90',
    ])
  })
  it('comes back when the server commits it after all', () => {
    const call = converse()
    call.hears('input_audio_buffer.speech_started', { item_id: 'item_u1', audio_start_ms: 10 })
    call.hears('input_audio_buffer.cleared')
    call.told()
    call.hears('input_audio_buffer.committed', { item_id: 'item_u1', previous_item_id: null })
    expect(call.told()).toEqual(['segment item_u1 after null pending: '])
  })
  it('that is only silence is not shown, whatever comes of it', () => {
    const call = converse()
    call.hears('input_audio_buffer.timeout_triggered', { item_id: 'item_u1', audio_start_ms: 0, audio_end_ms: 9000 })
    call.hears('input_audio_buffer.committed', { item_id: 'item_u1', previous_item_id: 'item_0' })
    call.hears('conversation.item.input_audio_transcription.completed', transcribed('item_u1', '', null))
    call.hears('conversation.item.added', { previous_item_id: 'item_u1', ...answerItem('item_a1') })
    expect(call.told()).toEqual(['notice idle_timeout', 'segment item_a1 after item_0 pending open: '])
  })
  it('typed by the page is one segment, and the server\'s echo tells its place', () => {
    const call = converse()
    call.asks({ type: 'say', text: 'hi', segmentId: 'seg_1' })
    call.hears('conversation.item.added', { previous_item_id: 'item_9', ...typedItem('seg_1', 'hi') })
    call.hears('conversation.item.done', { previous_item_id: 'item_9', ...typedItem('seg_1', 'hi') })
    expect(call.told()).toEqual(['segment seg_1 final: hi', 'segment seg_1 after item_9 final: hi'])
  })
  it('that is empty is not sent', () => {
    expect(converse().asks({ type: 'say', text: ' \n', segmentId: 'seg_1' })).toEqual([])
  })
})

describe('the chain', () => {
  it('is told without items that show nothing, also when those come last', () => {
    const call = converse()
    call.hears('conversation.item.added', { previous_item_id: 'output_1', ...answerItem('item_a2') })
    call.hears('conversation.item.added', { previous_item_id: 'call_1', item: { id: 'output_1', type: 'function_call_output', call_id: 'c', output: '' } })
    call.hears('conversation.item.added', { previous_item_id: 'item_a1', item: { id: 'call_1', type: 'mcp_call', name: 'x' } })
    expect(call.told()).toEqual([
      'segment item_a2 after output_1 pending open: ', 'segment item_a2 after call_1 pending open: ', 'segment item_a2 after item_a1 pending open: ',
    ])
  })
  it('closes over a deleted item, and nothing late brings it back', () => {
    const call = converse()
    call.hears('conversation.item.done', { previous_item_id: null, ...typedItem('one', '1') })
    call.hears('conversation.item.done', { previous_item_id: 'one', ...typedItem('two', '2') })
    call.hears('conversation.item.done', { previous_item_id: 'two', ...typedItem('three', '3') })
    call.told()
    call.hears('conversation.item.deleted', { item_id: 'two' })
    call.hears('conversation.item.done', { previous_item_id: 'one', ...typedItem('two', '2') })
    expect(call.told()).toEqual(['segment_removed two', 'segment three after one final: 3'])
  })
  it('that bites its tail ends the search', () => {
    const call = converse()
    call.hears('conversation.item.added', { previous_item_id: 'b', ...typedItem('a', 'x', 'system') })
    call.hears('conversation.item.added', { previous_item_id: 'a', ...typedItem('b', 'x', 'system') })
    call.hears('conversation.item.added', { previous_item_id: 'a', ...answerItem('c') })
    call.hears('conversation.item.added', { previous_item_id: 'd', ...answerItem('d') })
    expect(call.told()).toEqual(['segment c pending open: ', 'segment d pending open: '])
  })
})

describe('an answer', () => {
  it('gets its words although they come before its item', () => {
    const call = converse()
    call.hears('response.created', responseOf('resp_1'))
    call.hears('response.output_audio_transcript.delta', { ...partOf('resp_1', 'item_a1'), delta: 'Hello' })
    call.hears('conversation.item.added', { previous_item_id: 'item_u1', ...answerItem('item_a1') })
    expect(call.told()).toEqual(['reply_started resp_1', 'segment item_a1 partial open: Hello', 'segment item_a1 after item_u1 partial open: Hello'])
  })
  it('is closed with the words that the finished response has, when its own last events are missing', () => {
    const call = converse()
    answering(call)
    call.hears('response.done', responseOf('resp_1', 'completed', { output: [answerItem('item_a1', 'Hello there, friend.').item] }))
    expect(call.told()).toEqual(['segment item_a1 after null final: Hello there, friend.', 'reply_ended resp_1 completed'])
  })
  it('outside the conversation makes no segment, but is paid for', () => {
    const call = converse()
    call.hears('response.created', responseOf('resp_x', 'in_progress', { conversation_id: null }))
    call.hears('response.output_item.added', { response_id: 'resp_x', output_index: 0, ...answerItem('item_x') })
    call.hears('response.output_text.delta', { ...partOf('resp_x', 'item_x'), delta: 'label' })
    call.hears('response.done', responseOf('resp_x', 'completed', { conversation_id: null, usage: { output_tokens: 3 } }))
    expect(call.told()).toEqual(['meter output_text_tokens=3'])
    expect(call.asks({ type: 'say', text: 'hi', segmentId: 'seg_1' })).toContain('response.create')
  })
  it.each([
    ['completed', null, 'completed'],
    ['cancelled', { reason: 'turn_detected' }, 'cancelled barge_in'],
    ['cancelled', { reason: 'client_cancelled' }, 'cancelled user'],
    ['cancelled', 'cancelled', 'cancelled server'],
    ['incomplete', { reason: 'max_output_tokens' }, 'incomplete length'],
    ['incomplete', { reason: 'content_filter' }, 'incomplete content_filter'],
    ['failed', { error: { type: 'server_error', code: null, message: 'oops' } }, 'failed server_error'],
    ['failed', { error: { code: 'rate_limit_exceeded' } }, 'failed rate_limited'],
    ['failed', 'failed', 'failed server_error'],
    ['paused', null, 'incomplete unknown'],
  ])('ends as its status says: %s %j', (status, details, end) => {
    const call = converse()
    call.hears('response.done', responseOf('resp_1', status, { status_details: details }))
    expect(call.told()).toEqual(['reply_started resp_1', `reply_ended resp_1 ${end}`])
  })
})

describe('the meter', () => {
  it('adds up, and takes what there is of a usage', () => {
    const call = converse()
    const details = { text_tokens: 4, audio_tokens: 6, cached_tokens: 99 }
    const usage = { input_tokens: 10, output_tokens: 4, input_token_details: details, output_token_details: { audio_tokens: 4 } }
    call.hears('response.done', responseOf('r1', 'completed', { usage }))
    call.hears('response.done', responseOf('r2', 'cancelled', { usage: null }))
    call.hears('response.done', responseOf('r3', 'completed', { usage: { input_tokens: 5, output_tokens: -1, input_token_details: null } }))
    call.hears('conversation.item.input_audio_transcription.completed', transcribed('u', 'x', { type: 'duration', seconds: 2.5 }))
    expect(call.told().filter(line => line.startsWith('meter'))).toEqual([
      'meter input_text_tokens=4 input_audio_tokens=6 cached_tokens=10 output_audio_tokens=4',
      'meter input_text_tokens=9 input_audio_tokens=6 cached_tokens=10 output_audio_tokens=4',
      'meter input_text_tokens=9 input_audio_tokens=6 cached_tokens=10 output_audio_tokens=4 transcription_seconds=2.5',
    ])
  })
})

describe('an error', () => {
  it.each([
    ['invalid_api_key', 'fault key_refused fatal'], ['session_expired', 'fault session_expired fatal'], ['insufficient_quota', 'fault quota_spent fatal'],
    ['rate_limit_exceeded', 'fault rate_limited'], ['upstream_lost', 'fault upstream_lost fatal'], ['invalid_value', 'fault bad_request'], [null, 'fault bad_request'],
    ['response_cancel_not_active', 'notice response_cancel_not_active'], ['item_truncate_invalid_item_id', 'notice item_truncate_invalid_item_id'],
    ['input_audio_buffer_commit_empty', 'notice input_audio_buffer_commit_empty'],
  ])('has its meaning by its code: %s', (code, told) => {
    const call = converse()
    call.hears('error', errorOf(code))
    expect(call.told()).toEqual([told])
  })
  it('about a cut that crossed the end on the wire is no trouble', () => {
    const call = converse()
    call.hears('error', errorOf('invalid_value', 'Audio content of 9800ms is already shorter than 11579ms'))
    expect(call.told()).toEqual(['notice invalid_value'])
  })
  it('before there is a session is why there will be none', () => {
    const call = converse({ opened: false })
    call.hears('error', errorOf('rate_limit_exceeded'))
    expect(call.told()).toEqual(['fault rate_limited fatal'])
  })
})

describe('what the adapter does not know', () => {
  it('says nothing of unknown types, notes those of Kaiwa, and counts the malformed', () => {
    const state = createRealtimeAdapterState()
    expect(receive(state, '{"type":"response.sparkle"}')).toMatchObject({ state, events: [], type: 'response.sparkle', known: false })
    expect(receive(state, '{"type":"mcp_list_tools.completed","item_id":"x"}')).toMatchObject({ events: [], known: true })
    expect(receive(state, '{"type":"kaiwa.limit","message":"Ten minutes left."}')).toMatchObject({ events: [{ type: 'notice', code: 'kaiwa.limit', detail: 'Ten minutes left.' }], known: true })
    expect(receive(state, '{"type":"kaiwa.someday"}')).toMatchObject({ events: [{ code: 'kaiwa.someday' }], known: false })
    expect(receive(state, '{"type":"response.done"}')).toMatchObject({ events: [{ type: 'notice', code: 'invalid_event' }], type: 'response.done', known: false })
  })
})

describe('bounds', () => {
  it('forgets the oldest item beyond the bound', () => {
    const call = converse()
    for (let i = 0; i <= maxItems; i++) call.hears('conversation.item.deleted', { item_id: `item_${i}` })
    expect(call.state.items.size).toBe(maxItems)
    expect(call.state.items.has('item_0')).toBe(false)
  })
  it('drops text beyond the bound', () => {
    const call = converse()
    for (let i = 0; i < 12; i++) call.hears('response.output_text.delta', { ...partOf('r', 'a'), delta: 'x'.repeat(10_000) })
    const item = call.state.items.get('a')
    expect(item?.kind === 'segment' && item.segment.text.length).toBe(maxSegmentChars)
  })
  it('keeps no trace of finished responses', () => {
    const call = converse()
    for (let i = 0; i < 50; i++) {
      call.hears('response.created', responseOf(`x${i}`, 'in_progress', { conversation_id: null }))
      call.hears('response.output_item.done', { response_id: `r${i}`, output_index: 0, item: { id: `f${i}`, type: 'function_call', call_id: `c${i}`, name: 'n', arguments: '{}' } })
    }
    expect(call.state.sideResponses.length).toBeLessThanOrEqual(16)
    expect(call.state.toolGroups.size).toBeLessThanOrEqual(16)
  })
})
