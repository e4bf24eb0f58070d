import { describe, expect, it } from 'vitest'
import { cancelled, converse, responseOf, sessionOf } from './conversing.ts'
import type { Conversing } from './conversing.ts'

const heard = (heardMs: number, receivedMs = heardMs) => ({ segmentId: 'a1', heardMs, receivedMs })

/** An answer over WebRTC whose voice is being sent. */
function sounding(call: Conversing): void {
  call.hears('response.created', responseOf('resp_1'))
  call.hears('response.output_item.added', { response_id: 'resp_1', item: { id: 'a1', type: 'message', role: 'assistant', status: 'in_progress', content: [] } })
  call.hears('response.content_part.added', { response_id: 'resp_1', item_id: 'a1', content_index: 0, part: { type: 'audio', transcript: '' } })
  call.hears('response.output_audio_transcript.delta', { response_id: 'resp_1', item_id: 'a1', content_index: 0, delta: 'One two three.' })
  call.hears('output_audio_buffer.started', { response_id: 'resp_1' })
}

describe('a voice that the transport carries', () => {
  it('is told from when it is sent to when all of it was, with the segment that it speaks', () => {
    const call = converse({ media: true })
    sounding(call)
    call.hears('response.done', responseOf('resp_1', 'completed'))
    call.hears('output_audio_buffer.stopped', { response_id: 'resp_1' })
    expect(call.told().filter(word => word.startsWith('voice'))).toEqual(['voice_began a1', 'voice_over resp_1'])
  })

  it('is never told of a line whose voice comes as events', () => {
    const call = converse()
    sounding(call)
    expect(call.told().filter(word => word.startsWith('voice'))).toEqual([])
  })

  it('is stopped by cancelling the response, then clearing what is ready; the server cuts by itself', () => {
    const call = converse({ media: true })
    sounding(call)
    call.told()
    expect(call.asks({ type: 'stop_speaking', by: 'user', heard: heard(900) })).toEqual(['response.cancel resp_1', 'output_audio_buffer.clear'])
    expect(call.told()).toContain('interrupted user a1 900')
  })

  it('is cleared also when the response is long made, as it mostly is', () => {
    const call = converse({ media: true })
    sounding(call)
    call.hears('response.done', responseOf('resp_1', 'completed'))
    expect(call.asks({ type: 'stop_speaking', by: 'user', heard: heard(900) })).toEqual(['output_audio_buffer.clear'])
  })

  it('asks for nothing when the server itself heard the interruption', () => {
    const call = converse({ media: true })
    sounding(call)
    call.hears('input_audio_buffer.speech_started', { item_id: 'u2', audio_start_ms: 4000 })
    call.hears('output_audio_buffer.cleared', { response_id: 'resp_1' })
    expect(call.asks({ type: 'stop_speaking', by: 'barge_in', heard: heard(900) })).toEqual([])
    call.hears('response.done', cancelled('resp_1', 'turn_detected'))
    expect(call.asks({ type: 'stop_speaking', by: 'user' })).toEqual([])
  })

  it('takes the server’s figure of where it was cut', () => {
    const call = converse({ media: true })
    sounding(call)
    call.asks({ type: 'stop_speaking', by: 'user', heard: heard(900) })
    call.told()
    call.hears('conversation.item.truncated', { item_id: 'a1', content_index: 0, audio_end_ms: 1040 })
    expect(call.events()).toMatchObject([{ type: 'segment', segment: { cut: { by: 'user', heardMs: 1040 } } }])
  })

  it('isn’t cut when all of it had been heard', () => {
    const call = converse({ media: true })
    sounding(call)
    call.hears('output_audio_buffer.stopped', { response_id: 'resp_1' })
    call.told()
    call.asks({ type: 'stop_speaking', by: 'user', heard: heard(2000) })
    expect(call.told()).toEqual([])
  })

  it('of the user ends a turn whatever was appended: the other side alone knows how much it heard', () => {
    const call = converse({ media: true, opened: false })
    call.hears('session.created', sessionOf({ turnDetection: null }))
    expect(call.asks({ type: 'end_turn' })).toEqual(['input_audio_buffer.commit', 'response.create'])
  })

  it('can’t be held back, as the capabilities say', () => {
    for (const media of [true, false]) {
      const call = converse({ media, opened: false })
      call.hears('session.created', sessionOf())
      expect(call.events()).toMatchObject([{ type: 'opened', capabilities: { voiceWaits: !media } }])
    }
  })
})

describe('a conversation that goes on over another transport', () => {
  it('ends what the session before was doing, and is opened anew', () => {
    const call = converse({ media: true })
    sounding(call)
    call.told()
    call.moves({ media: false })
    expect(call.told().filter(word => !word.startsWith('segment'))).toEqual(['voice_over resp_1 cut', 'reply_ended resp_1 cancelled server'])
    call.hears('session.created', sessionOf({ id: 'sess_2' }))
    expect(call.told()).toEqual(['opened marin server'])
  })

  it('shows how far the answer under way was heard, and waits for no more of it', () => {
    const call = converse({ media: true })
    sounding(call)
    call.told()
    call.moves({ media: false, heard: heard(900) })
    const segments = call.events().filter(event => event.type === 'segment')
    expect(segments.at(-1)).toMatchObject({ segment: { id: 'a1', open: false, textState: 'final', cut: { by: 'server', heardMs: 900 } } })
  })

  it('takes back a turn that was only announced', () => {
    const call = converse({ media: true })
    call.hears('input_audio_buffer.speech_started', { item_id: 'u1', audio_start_ms: 0 })
    call.told()
    call.moves({ media: false })
    expect(call.told()).toEqual(['segment_removed u1'])
  })

  it('tells the new session what the user said, under the same ids, so that the thread stays as it was', () => {
    const call = converse({ media: true })
    const item = (content: object) => ({ item: { id: 'u1', type: 'message', role: 'user', status: 'completed', content: [content] }, previous_item_id: null })
    call.hears('conversation.item.added', item({ type: 'input_audio', transcript: null }))
    call.hears('conversation.item.input_audio_transcription.completed', { item_id: 'u1', content_index: 0, transcript: 'Hello.', usage: { type: 'duration', seconds: 1 } })
    call.moves({ media: false })
    call.hears('session.created', sessionOf({ id: 'sess_2' }))
    call.told()
    expect(call.asks({ type: 'recall', said: [{ segmentId: 'u1', text: 'Hello.' }] })).toEqual(['conversation.item.create u1'])
    call.hears('conversation.item.added', item({ type: 'input_text', text: 'Hello.' }))
    expect(call.told()).toEqual([])
  })
})
