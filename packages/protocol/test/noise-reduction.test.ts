import { send } from '@kaiwa/protocol'
import { describe, expect, it } from 'vitest'
import { converse, sessionOf } from './conversing.ts'

/** The session with this much noise reduction in force. */
function told(noise_reduction: object | null, id = 'sess_1') {
  const { session } = sessionOf({ id })
  return { session: { ...session, audio: { ...session.audio, input: { ...session.audio.input, noise_reduction } } } }
}

function settled(noise_reduction: object | null = null) {
  const line = converse({ opened: false })
  line.hears('session.created', told(null))
  line.hears('session.updated', told(noise_reduction))
  return line
}
/** What is sent; undefined when nothing is. */
const asked = (line: ReturnType<typeof settled>, change: () => string[]) => {
  const before = line.state.sent
  const wire = change()
  return line.state.sent === before ? undefined : wire
}

describe('noise reduction at the other side', () => {
  it('is asked for when it is wished for and not in force', () => {
    const line = settled()
    line.asks({ type: 'change', noiseReduction: 'far_field' })
    expect(line.state.noise.asked).toMatchObject({ wanted: 'far_field' })
    line.hears('session.updated', told({ type: 'far_field' }))
    expect(line.state.noise).toMatchObject({ told: 'far_field', opened: 'off', asked: null })
  })

  it('is left alone when it is so already', () => {
    const line = settled({ type: 'near_field' })
    expect(asked(line, () => line.asks({ type: 'change', noiseReduction: 'near_field' }))).toBeUndefined()
  })

  it('waits for the session\'s own settings', () => {
    const line = converse({ opened: false })
    line.asks({ type: 'change', noiseReduction: 'far_field' })
    line.hears('session.created', told(null))
    expect(line.state.noise.asked).toBeNull()
    line.hears('session.updated', told(null))
    expect(line.state.noise.asked).toMatchObject({ wanted: 'far_field' })
  })

  it('goes back to what the session was opened with', () => {
    const line = settled({ type: 'near_field' })
    line.asks({ type: 'change', noiseReduction: 'off' })
    line.hears('session.updated', told(null))
    line.asks({ type: 'change', noiseReduction: 'as_opened' })
    expect(line.state.noise.asked).toMatchObject({ wanted: 'near_field' })
  })

  it('asks for the last of two quick wishes, one after the other', () => {
    const line = settled()
    line.asks({ type: 'change', noiseReduction: 'far_field' })
    expect(asked(line, () => line.asks({ type: 'change', noiseReduction: 'near_field' }))).toBeUndefined()
    line.hears('session.updated', told({ type: 'far_field' }))
    expect(line.state.noise.asked).toMatchObject({ wanted: 'near_field' })
  })

  it('stays as it was when the server won\'t, which is a notice and is not tried again', () => {
    const line = settled()
    line.asks({ type: 'change', noiseReduction: 'far_field' })
    line.events()
    line.hears('error', { error: { type: 'invalid_request_error', code: 'not_allowed', message: 'No.', param: null, event_id: line.state.noise.asked!.eventId } })
    expect(line.events()).toMatchObject([{ type: 'notice', code: 'not_allowed' }])
    expect(asked(line, () => line.asks({ type: 'change', noiseReduction: 'near_field' }))).toBeUndefined()
  })

  it('is wished for in the next session on the same line too', () => {
    const line = settled()
    line.asks({ type: 'change', noiseReduction: 'far_field' })
    line.hears('session.updated', told({ type: 'far_field' }))
    line.hears('session.created', told(null, 'sess_2'))
    line.hears('session.updated', told(null, 'sess_2'))
    expect(line.state.noise.asked).toMatchObject({ wanted: 'far_field' })
  })

  it('is said in the protocol\'s words', () => {
    const off = send(settled({ type: 'near_field' }).state, { type: 'change', noiseReduction: 'off' })
    expect(off.wire).toMatchObject([{ type: 'session.update', session: { type: 'realtime', audio: { input: { noise_reduction: null } } } }])
    const near = send(settled().state, { type: 'change', noiseReduction: 'near_field' })
    expect(near.wire).toMatchObject([{ type: 'session.update', session: { audio: { input: { noise_reduction: { type: 'near_field' } } } } }])
  })
})
