import { afterEach, describe, expect, it } from 'vitest'
import type { OpenOptions } from '../src/index.ts'
import { createEngine } from '../src/index.ts'
import { createInbox } from '../../../test/contract/contract-client.ts'
import type { WireEvent } from '../../../test/contract/contract-client.ts'
import { ask, typed, updated } from '../../../test/contract/clauses/talk.ts'
import { recording, silence } from '../../../test/contract/recording.ts'
import { createCountedIds } from '../../../test/fakes/engine-options.ts'
import { createFakeStages } from '../../../test/fakes/fake-stages.ts'
import { createManualClock, settled } from '../../../test/fakes/manual-clock.ts'

/** A session whose voice goes to a track, and what that track got. */
function open(options: Partial<OpenOptions> = {}) {
  const clock = createManualClock()
  const inbox = createInbox()
  let given: Int16Array[] = []
  let cleared = 0
  let sentMs = 0
  const clear = () => {
    cleared++
    given = []
    sentMs = 0
  }
  const session = createEngine({ stages: createFakeStages(), clock, ids: createCountedIds() }).openSession(
    { send: text => inbox.push(text), close: (code, reason) => inbox.end(code, reason) },
    { model: 'kaiwa-local', voiceTrack: { play(samples) { given.push(samples) }, clear }, ...options },
  )
  return {
    clock, session,
    ...inbox.client,
    sendBinary: undefined,
    send: (event: object | string) => session.receive(typeof event === 'string' ? event : JSON.stringify(event)),
    close: () => session.close(),
    types: () => inbox.client.events.map(({ type }) => type),
    of: (type: string) => inbox.client.events.filter(event => event.type === type),
    get givenMs() { return given.reduce((sum, { length }) => sum + length, 0) / 24 },
    get cleared() { return cleared },
    /** So much more was sent of what the track holds, and so much time went by. */
    async sendOut(ms: number) {
      sentMs += ms
      session.sent(sentMs * 24)
      await clock.advance(ms)
    },
    async hear(samples: Int16Array) {
      for (let at = 0; at < samples.length; at += 480) session.hear(samples.slice(at, at + 480))
      for (let turn = 0; turn < 20; turn++) await settled()
    },
  }
}

type Talk = ReturnType<typeof open>
let talk: Talk
afterEach(() => talk.close())
const at = (events: readonly WireEvent[], type: string) => events.findIndex(event => event.type === type)

describe('a session that speaks into a track', () => {
  it('gives its voice to the track and never to the wire', async () => {
    talk = open()
    await ask(talk, 'hello')
    expect(talk.givenMs).toBeGreaterThan(500)
    expect(talk.types()).not.toContain('response.output_audio.delta')
    expect(talk.types()).toContain('response.output_audio.done')
  })

  it('tells when the first sound was sent, and when the last one was, after the response is done', async () => {
    talk = open()
    const { response } = await ask(talk, 'hello')
    expect(talk.types()).not.toContain('output_audio_buffer.started')
    await talk.sendOut(20)
    expect(talk.of('output_audio_buffer.started')).toEqual([expect.objectContaining({ response_id: response.id })])
    await talk.sendOut(talk.givenMs - 40)
    expect(talk.types()).not.toContain('output_audio_buffer.stopped')
    await talk.sendOut(20)
    expect(talk.of('output_audio_buffer.stopped')).toEqual([expect.objectContaining({ response_id: response.id })])
    expect(at(talk.events, 'output_audio_buffer.stopped')).toBeGreaterThan(at(talk.events, 'response.done'))
  })

  it('stays at most ten seconds ahead of what was sent', async () => {
    talk = open()
    talk.send(typed('tell me a story'))
    talk.send({ type: 'response.create' })
    await talk.clock.advance(100)
    expect(talk.givenMs).toBeGreaterThan(9_000)
    expect(talk.givenMs).toBeLessThan(10_400)
    await talk.clock.advance(5_000)
    expect(talk.givenMs, 'a track that stands still').toBeLessThan(10_400)
    await talk.sendOut(5_000)
    expect(talk.givenMs).toBeGreaterThan(14_000)
  })

  it('cuts at what was sent when the user speaks over it: cancelled, cleared, truncated', async () => {
    talk = open()
    talk.send(typed('tell me a story'))
    talk.send({ type: 'response.create' })
    await talk.clock.advance(100)
    await talk.sendOut(1_740)
    await talk.hear(recording('go-forward.wav', { tailMs: 0 }))
    const [cut] = talk.of('conversation.item.truncated')
    expect(cut).toMatchObject({ audio_end_ms: 1740, content_index: 0 })
    expect(talk.of('output_audio_buffer.cleared')).toHaveLength(1)
    expect(talk.of('response.done')[0]!.response).toMatchObject({ status: 'cancelled', status_details: { reason: 'turn_detected' } })
    expect(talk.cleared).toBe(1)
    expect(talk.types()).not.toContain('output_audio_buffer.stopped')
    talk.send({ type: 'conversation.item.retrieve', item_id: cut!.item_id })
    expect(talk.of('conversation.item.retrieved')[0]!.item).toMatchObject({ content: [{ type: 'output_audio', transcript: '' }] })
  })

  it('also clears an answer that is all made and still being sent', async () => {
    talk = open()
    await ask(talk, 'hello')
    await talk.sendOut(400)
    await talk.hear(recording('go-forward.wav', { tailMs: 0 }))
    expect(talk.of('conversation.item.truncated')).toEqual([expect.objectContaining({ audio_end_ms: 400 })])
    expect(talk.of('output_audio_buffer.cleared')).toHaveLength(1)
  })

  it('leaves alone what was heard to its end', async () => {
    talk = open()
    await ask(talk, 'hello')
    await talk.sendOut(talk.givenMs)
    await talk.hear(recording('go-forward.wav', { tailMs: 0 }))
    expect(talk.types()).toContain('input_audio_buffer.speech_started')
    expect(talk.types()).not.toContain('conversation.item.truncated')
    expect(talk.types()).not.toContain('output_audio_buffer.cleared')
  })

  it('clears when the client asks, and drops what the response still makes', async () => {
    talk = open()
    talk.send(typed('tell me a story'))
    talk.send({ type: 'response.create' })
    await talk.clock.advance(100)
    await talk.sendOut(500)
    talk.send({ type: 'output_audio_buffer.clear' })
    expect(talk.of('output_audio_buffer.cleared')).toHaveLength(1)
    expect(talk.of('conversation.item.truncated')).toEqual([expect.objectContaining({ audio_end_ms: 500 })])
    await talk.clock.advance(20_000)
    await talk.next('response.done')
    expect(talk.givenMs).toBe(0)
    await ask(talk, 'hello')
    expect(talk.givenMs, 'the next answer').toBeGreaterThan(500)
    await talk.sendOut(20)
    expect(talk.of('output_audio_buffer.started').at(-1)!.response_id).toBe(talk.of('response.done').at(-1)!.response.id)
  })

  it('sends one answer after the other, however they were made', async () => {
    talk = open()
    const { response: first } = await ask(talk, 'hello')
    const { response: second } = await ask(talk, 'and again', { conversation: 'none' })
    const firstMs = talk.givenMs
    await talk.sendOut(firstMs)
    const secondMs = talk.givenMs - firstMs
    expect(secondMs).toBeGreaterThan(500)
    await talk.sendOut(secondMs)
    const told = talk.events.filter(({ type }) => type.startsWith('output_audio_buffer.')).map(({ type, response_id: id }) => [type, id])
    expect(told).toEqual([
      ['output_audio_buffer.started', first.id], ['output_audio_buffer.stopped', first.id],
      ['output_audio_buffer.started', second.id], ['output_audio_buffer.stopped', second.id],
    ])
  })

  it('hears samples as it hears appended audio', async () => {
    talk = open()
    talk.send(updated({ audio: { input: { transcription: { model: 'any' } } } }))
    await talk.hear(recording('go-forward.wav'))
    expect(talk.of('conversation.item.input_audio_transcription.completed')).toEqual([expect.objectContaining({ transcript: 'go forward ten meters' })])
  })

  it('takes what was said between clear and commit, while the microphone is always on', async () => {
    talk = open()
    talk.send(updated({ audio: { input: { turn_detection: null, transcription: { model: 'any' } } } }))
    await talk.hear(silence(30_000))
    talk.send({ type: 'input_audio_buffer.clear' })
    await talk.hear(recording('go-forward.wav', { leadMs: 0, tailMs: 0 }))
    talk.send({ type: 'input_audio_buffer.commit' })
    const done = await talk.next('conversation.item.input_audio_transcription.completed')
    expect(done).toMatchObject({ transcript: 'go forward ten meters' })
    expect(done.usage.seconds).toBeLessThan(5)
  })

  it('over a socket, refuses to clear a buffer that it doesn’t have', () => {
    talk = open({ voiceTrack: undefined })
    talk.send({ type: 'output_audio_buffer.clear' })
    expect(talk.of('error')).toHaveLength(1)
  })
})
