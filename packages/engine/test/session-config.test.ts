import { describe, expect, it } from 'vitest'
import type { RealtimeSession, SessionUpdate } from '@kaiwa/protocol'
import { defaultSession, updateSession } from '../src/session-config.ts'

const fresh = () => defaultSession({ id: 'sess_1', model: 'local', voice: 'slt', expiresAtMs: 3_600_000 })
const update = (fields: object): SessionUpdate => ({ type: 'realtime', ...fields }) as SessionUpdate

function changed(current: RealtimeSession, fields: object, voiceLocked = false): RealtimeSession {
  const change = updateSession(current, update(fields), { voiceLocked })
  if (!change.ok) throw new Error(change.error.message)
  return change.session
}
const refused = (current: RealtimeSession, fields: object, voiceLocked = false) => {
  const change = updateSession(current, update(fields), { voiceLocked })
  return change.ok ? undefined : change.error
}

describe('session configuration', () => {
  it('has every key of the protocol, in the order it is served', () => {
    expect(Object.keys(fresh())).toEqual(['type', 'object', 'id', 'model', 'output_modalities', 'instructions', 'tools', 'tool_choice', 'max_output_tokens', 'tracing', 'truncation', 'prompt', 'expires_at', 'audio', 'include'])
    expect(fresh().expires_at).toBe(3600)
  })

  it('changes only what an update names, and never the session it was given', () => {
    const before = fresh()
    const after = changed(before, { instructions: 'Be brief.', audio: { output: { speed: 1.5 } } })
    expect(after).toEqual({ ...fresh(), instructions: 'Be brief.', audio: { ...fresh().audio, output: { ...fresh().audio.output, speed: 1.5 } } })
    expect(before).toEqual(fresh())
  })

  it('merges turn detection of one type, and starts from the defaults of another', () => {
    const longer = changed(fresh(), { audio: { input: { turn_detection: { type: 'server_vad', silence_duration_ms: 900 } } } })
    const quieter = changed(longer, { audio: { input: { turn_detection: { type: 'server_vad', threshold: 0.8 } } } })
    expect(quieter.audio.input.turn_detection).toMatchObject({ silence_duration_ms: 900, threshold: 0.8 })
    const semantic = changed(quieter, { audio: { input: { turn_detection: { type: 'semantic_vad' } } } })
    expect(semantic.audio.input.turn_detection).toEqual({ type: 'semantic_vad', eagerness: 'auto', create_response: true, interrupt_response: true })
    const off = changed(semantic, { audio: { input: { turn_detection: null } } })
    expect(off.audio.input.turn_detection).toBeNull()
    expect(changed(off, { audio: { input: { turn_detection: { type: 'server_vad' } } } }).audio.input.turn_detection).toEqual(fresh().audio.input.turn_detection)
  })

  it('accepts and echoes what it has no use for', () => {
    const fields = {
      tracing: 'auto', truncation: { type: 'retention_ratio', retention_ratio: 0.8 }, prompt: { id: 'pmpt_1' }, include: [],
      tools: [{ type: 'function', name: 'now', parameters: { type: 'object' } }], tool_choice: { type: 'function', name: 'now' },
    }
    expect(changed(fresh(), fields)).toMatchObject(fields)
    const transcription = changed(fresh(), { audio: { input: { transcription: { model: 'whisper-1', language: 'en' }, noise_reduction: { type: 'near_field' } } } })
    expect(transcription.audio.input).toMatchObject({ transcription: { model: 'whisper-1', language: 'en' }, noise_reduction: { type: 'near_field' } })
    expect(changed(transcription, { audio: { input: { transcription: { language: 'ja' } } } }).audio.input.transcription).toEqual({ model: 'whisper-1', language: 'ja' })
  })

  it('keeps the model, and takes the same one for no change', () => {
    expect(changed(fresh(), { model: 'local' }).model).toBe('local')
    expect(refused(fresh(), { model: 'other' })).toMatchObject({ code: 'invalid_value', param: 'session.model' })
  })

  it('keeps the voice once it was heard, and takes the same one for no change', () => {
    expect(changed(fresh(), { audio: { output: { voice: 'rms' } } }).audio.output.voice).toBe('rms')
    expect(refused(fresh(), { audio: { output: { voice: 'rms' } } }, true)).toMatchObject({ code: 'cannot_update_voice' })
    expect(changed(fresh(), { audio: { output: { voice: 'slt' } } }, true).audio.output.voice).toBe('slt')
  })

  it('keeps tracing once it is on', () => {
    const traced = changed(fresh(), { tracing: 'auto' })
    expect(refused(traced, { tracing: null })).toMatchObject({ param: 'session.tracing' })
    expect(changed(traced, { tracing: 'auto' }).tracing).toBe('auto')
  })

  it('takes any format of the protocol, each way by itself', () => {
    const telephone = changed(fresh(), { audio: { input: { format: { type: 'audio/pcmu' } } } })
    expect(telephone.audio.input.format).toEqual({ type: 'audio/pcmu' })
    expect(telephone.audio.output.format).toEqual({ type: 'audio/pcm', rate: 24000 })
    expect(changed(telephone, { audio: { input: { format: { type: 'audio/pcm' } } } }).audio.input.format).toEqual({ type: 'audio/pcm', rate: 24000 })
    expect(changed(telephone, { instructions: 'x', audio: { input: { turn_detection: null } } }).audio.input.format).toEqual({ type: 'audio/pcmu' })
  })

  it('keeps the speed while a response is in progress', () => {
    const change = (speed: number) => updateSession(fresh(), update({ audio: { output: { speed } } }), { voiceLocked: false, responding: true })
    expect(change(1.2)).toMatchObject({ ok: false, error: { code: 'invalid_value', param: 'session.audio.output.speed' } })
    expect(change(1)).toMatchObject({ ok: true })
  })

  it('refuses log probabilities, because no recogniser here knows any', () => {
    expect(refused(fresh(), { include: ['item.input_audio_transcription.logprobs'] })).toMatchObject({ code: 'invalid_value', param: 'session.include' })
  })

  it('wants a named tool to exist', () => {
    expect(refused(fresh(), { tool_choice: { type: 'function', name: 'now' } })).toMatchObject({ code: 'invalid_value', param: 'session.tool_choice' })
  })
})
