import { afterEach, describe, expect, it } from 'vitest'
import { createEngine, StageError } from '../src/index.ts'
import type { EngineOptions, ResponderRequest, Stages } from '../src/index.ts'
import { connectEngine } from '../../../test/contract/engine-client.ts'
import type { ContractClient } from '../../../test/contract/contract-client.ts'
import { ofType, typed, updated } from '../../../test/contract/clauses/talk.ts'
import { recording, samplesOf, silence, speak } from '../../../test/contract/recording.ts'
import { createCountedIds } from '../../../test/fakes/engine-options.ts'
import { createEnergyVad, createFakeStages } from '../../../test/fakes/fake-stages.ts'
import { createManualClock, settled } from '../../../test/fakes/manual-clock.ts'

const never = new Promise<never>(() => {})
let client: ContractClient

function open(stages: Partial<Stages> = {}, options: Partial<EngineOptions> = {}) {
  const clock = createManualClock()
  const faults: StageError[] = []
  const engine = createEngine({ stages: createFakeStages(stages), clock, ids: createCountedIds(), onStageFault: fault => faults.push(fault), ...options })
  client = connectEngine(engine)
  return { client, clock, faults }
}
afterEach(() => client.close())

const last = (type: string) => ofType(client, type).at(-1)
const transcribing = updated({ audio: { input: { transcription: { model: 'any' } } } })
const hear = async (audio = recording('go-forward.wav')) => {
  await speak(client, audio)
  for (let turn = 0; turn < 20; turn++) await settled()
}

describe('when a stage fails', () => {
  it('turn detection: the client is told, may go on typing, and turns are heard again when it recovers', async () => {
    let opened = 0
    const { faults } = open({ openVad: async () => {
      if (++opened === 1) throw new StageError('vad', 'The model file is missing')
      return createEnergyVad()
    } })
    await speak(client, silence(200))
    await settled()
    expect(last('error')!.error).toMatchObject({ type: 'server_error', code: 'server_error', message: 'Turn detection failed: The model file is missing.' })
    expect(faults).toHaveLength(1)
    await hear()
    expect(last('input_audio_buffer.committed')).toBeDefined()
  })

  it('turn detection, for good: it is given up after three attempts, and audio can still be committed by hand', async () => {
    open({ openVad: () => Promise.reject(new Error('no')) })
    for (let attempt = 0; attempt < 6; attempt++) await hear(silence(200))
    expect(ofType(client, 'error')).toHaveLength(3)
    expect(last('error')!.error.message).toContain('stays off')
    client.send({ type: 'input_audio_buffer.commit' })
    expect(last('input_audio_buffer.committed')).toBeDefined()
  })

  it('turn detection that hangs is noticed', async () => {
    const { clock } = open({ openVad: async () => ({ ...createEnergyVad(), process: () => never }) })
    await hear(silence(500))
    await clock.advance(5_000)
    expect(last('error')!.error.message).toBe('Turn detection failed: vad did not answer within 5000 ms.')
  })

  it('the recogniser: the item says so, and the answer asks back', async () => {
    open({ transcriber: { sampleRate: 16_000, open: () => { throw new StageError('stt', 'The recogniser crashed') } } })
    client.send(transcribing)
    await hear()
    expect(last('conversation.item.input_audio_transcription.failed')).toMatchObject({ content_index: 0, error: { type: 'transcription_error', message: 'The recogniser crashed' } })
    expect(last('response.done')!.response.output[0].content[0].transcript).toContain('did not catch that')
  })

  it('a recogniser that hangs is waited for no longer than 20 s', async () => {
    const { clock } = open({ transcriber: { sampleRate: 16_000, open: () => ({ write() {}, onPartial() {}, finish: () => never, cancel() {} }) } })
    client.send(transcribing)
    await hear()
    expect(last('response.created')).toBeDefined()
    await clock.advance(20_000)
    expect(last('conversation.item.input_audio_transcription.failed')).toBeDefined()
    expect(last('response.done')!.response.status).toBe('completed')
  })

  it('no recogniser at all: an item without words, and an answer', async () => {
    open({ transcriber: undefined })
    client.send(transcribing)
    await hear()
    expect(last('conversation.item.input_audio_transcription.failed')!.error.code).toBe('transcription_unavailable')
    expect(last('response.done')!.response.status).toBe('completed')
  })

  it.each([
    ['the responder', { responder: { respond: () => { throw new Error('boom /secret') } } }, 'responder failed'],
    ['the synthesizer', { synthesizer: { sampleRate: 16_000, synthesize: () => { throw new StageError('tts', 'The voice is missing') } } }, 'The voice is missing'],
  ] as [string, Partial<Stages>, string][])('%s: the response fails with a sentence, the session lives on', async (_who, stages, message) => {
    const { faults } = open(stages)
    client.send(typed('hello'))
    client.send({ type: 'response.create' })
    await settled()
    expect(last('response.done')!.response).toMatchObject({
      status: 'failed', status_details: { type: 'failed', error: { type: 'server_error', code: 'server_error', message } }, usage: { total_tokens: expect.any(Number) },
    })
    expect(faults).toHaveLength(1)
    client.send(updated({}))
    expect(last('session.updated')).toBeDefined()
    client.send({ type: 'response.create' })
    expect(ofType(client, 'response.created')).toHaveLength(2)
  })

  it('a responder or synthesizer that hangs ends its response', async () => {
    const { clock } = open({ synthesizer: { sampleRate: 16_000, synthesize: () => ({ [Symbol.asyncIterator]: () => ({ next: () => never }) }) } })
    client.send(typed('hello'))
    client.send({ type: 'response.create' })
    await clock.advance(15_000)
    expect(last('response.done')!.response).toMatchObject({ status: 'failed', output: [{ status: 'incomplete' }] })
  })
})

describe('a session', () => {
  it('ends at its hour: an error, then the close with the same sentence', async () => {
    const { clock } = open()
    await clock.advance(60 * 60 * 1000)
    expect(last('error')!.error).toMatchObject({ code: 'session_expired', message: 'Your session hit the maximum duration of 60 minutes.' })
    await expect(client.closed).resolves.toEqual({ code: 1001, reason: 'Your session hit the maximum duration of 60 minutes.' })
    const count = client.events.length
    client.send(updated({}))
    expect(client.events).toHaveLength(count)
  })

  it('leaves nothing running when it is closed in the middle of an answer', async () => {
    const { clock } = open()
    client.send(typed('story'))
    client.send({ type: 'response.create' })
    await settled()
    const count = client.events.length
    client.close()
    client.close()
    await clock.advance(60_000)
    expect(clock.pendingTimers).toBe(0)
    expect(client.events).toHaveLength(count)
  })

  it('sends at most ten seconds of an answer ahead of real time', async () => {
    const { clock } = open()
    client.send(typed('story'))
    client.send({ type: 'response.create' })
    await settled()
    const sentMs = () => samplesOf(ofType(client, 'response.output_audio.delta')).length / 24
    expect(sentMs()).toBeGreaterThan(9_500)
    expect(sentMs()).toBeLessThan(10_500)
    await clock.advance(3_000)
    expect(sentMs()).toBeGreaterThan(12_500)
    expect(sentMs()).toBeLessThan(13_500)
    await clock.advance(120_000)
    expect(last('response.done')!.response.status).toBe('completed')
  })

  it('takes a cough for a turn of its own, and lets the responder ask back', async () => {
    open({ transcriber: { sampleRate: 16_000, open: () => ({ write() {}, onPartial() {}, finish: async () => ({ text: '' }), cancel() {} }) } })
    client.send(transcribing)
    await hear()
    expect(last('conversation.item.input_audio_transcription.completed')!.transcript).toBe('')
    expect(last('response.done')!.response.output[0].content[0].transcript).toContain('did not catch that')
  })

  it('tells the responder what was said, by whom, and where it was cut', async () => {
    const requests: ResponderRequest[] = []
    open({ responder: { async* respond(request) {
      requests.push(request)
      yield 'One two three four. Five six seven eight.'
    } } })
    client.send(updated({ instructions: 'Be kind.' }))
    client.send(typed('count'))
    client.send({ type: 'response.create' })
    await settled()
    const { output } = last('response.done')!.response
    client.send({ type: 'conversation.item.truncate', item_id: output[0].id, content_index: 0, audio_end_ms: 700 })
    await hear()
    expect(requests[1]).toMatchObject({ instructions: 'Be kind.', turns: [
      { role: 'user', text: 'count' }, { role: 'assistant', text: 'One two', cut: true }, { role: 'user', text: 'go forward ten meters' }] })
  })

  it('ends a turn sooner under semantic turn detection when the words are whole', async () => {
    const endOf = async (line: string) => {
      const words = { write() {}, onPartial: (listener: (text: string) => void) => listener(line), finish: async () => ({ text: line }), cancel() {} }
      open({ transcriber: { sampleRate: 16_000, open: () => words } })
      client.send(updated({ audio: { input: { turn_detection: { type: 'semantic_vad' } } } }))
      await hear()
      return last('input_audio_buffer.speech_stopped')!.audio_end_ms as number
    }
    const whole = await endOf('go forward ten meters')
    client.close()
    expect(await endOf('go forward and')).toBeGreaterThanOrEqual(whole + 450)
  })

  it.each([
    ['MCP tools', updated({ tools: [{ type: 'mcp', server_label: 'x', server_url: 'https://example.org' }] })],
  ])('says that it has no %s yet', (what, event) => {
    open()
    client.send(event)
    expect(last('error')!.error.code).toBe('invalid_value')
    expect(last('error')!.error.message).toContain(`The embedded engine doesn't have ${what} yet.`)
  })

  it('refuses what belongs to WebRTC', () => {
    open()
    client.send({ type: 'output_audio_buffer.clear' })
    expect(last('error')!.error).toMatchObject({ code: 'invalid_value', param: 'type' })
  })

  it('says when the input audio buffer is full, and goes on after a clear', async () => {
    open()
    client.send(updated({ audio: { input: { turn_detection: null } } }))
    const tenMiB = Buffer.alloc(10 * 1024 * 1024).toString('base64')
    for (let count = 0; count < 4; count++) client.send({ type: 'input_audio_buffer.append', audio: tenMiB })
    expect(ofType(client, 'error').map(event => event.error.code)).toEqual(['input_audio_buffer_full'])
    client.send({ type: 'input_audio_buffer.clear' })
    client.send({ type: 'input_audio_buffer.append', audio: tenMiB })
    expect(ofType(client, 'error')).toHaveLength(1)
  })

  it('refuses a single append above 15 MiB', () => {
    open()
    client.send({ type: 'input_audio_buffer.append', audio: 'A'.repeat(20.5 * 1024 * 1024) })
    expect(last('error')!.error).toMatchObject({ code: 'invalid_value', param: 'audio' })
  })
})
