import { afterEach, describe, expect, it } from 'vitest'
import { createEngine } from '../src/index.ts'
import type { ResponderTurn, Stages } from '../src/index.ts'
import { connectEngine } from '../../../test/contract/engine-client.ts'
import type { ContractClient } from '../../../test/contract/contract-client.ts'
import { ofType, orderFrom, typed, updated } from '../../../test/contract/clauses/talk.ts'
import { recording, samplesOf, silence, speak } from '../../../test/contract/recording.ts'
import { createCountedIds } from '../../../test/fakes/engine-options.ts'
import { createFakeStages } from '../../../test/fakes/fake-stages.ts'
import { createManualClock, settled } from '../../../test/fakes/manual-clock.ts'

let client: ContractClient
function open(stages: Partial<Stages> = {}) {
  const clock = createManualClock()
  client = connectEngine(createEngine({ stages: createFakeStages(stages), clock, ids: createCountedIds() }))
  return clock
}
afterEach(() => client.close())

const last = (type: string) => ofType(client, type).at(-1)
const detection = (fields: object) => updated({ audio: { input: { turn_detection: { type: 'server_vad', ...fields } } } })
const hear = async (audio = recording('go-forward.wav')) => {
  await speak(client, audio)
  for (let turn = 0; turn < 20; turn++) await settled()
}
const answer = async () => {
  client.send(typed('hello'))
  client.send({ type: 'response.create' })
  await settled()
  return samplesOf(ofType(client, 'response.output_audio.delta')).length / 24
}

describe('idle_timeout_ms', () => {
  it('counts from the end of playback, then turns the silence into a user turn and answers it', async () => {
    const clock = open()
    client.send(detection({ idle_timeout_ms: 5000 }))
    client.send(updated({ audio: { input: { transcription: { model: 'any' } } } }))
    const spokenMs = await answer()
    await speak(client, silence(spokenMs))
    await clock.advance(spokenMs)
    await speak(client, silence(5000))
    await clock.advance(4_990)
    expect(last('input_audio_buffer.timeout_triggered')).toBeUndefined()
    await clock.advance(20)
    const triggered = last('input_audio_buffer.timeout_triggered')!
    expect(triggered.audio_start_ms).toBe(Math.round(spokenMs))
    expect(triggered.audio_end_ms).toBe(Math.round(spokenMs + 5000))
    expect(last('input_audio_buffer.committed')!.item_id).toBe(triggered.item_id)
    expect(last('conversation.item.input_audio_transcription.completed')).toMatchObject({ item_id: triggered.item_id, transcript: '' })
    expect(orderFrom(client, triggered).slice(0, 5)).toEqual([
      'input_audio_buffer.timeout_triggered', 'input_audio_buffer.committed', 'conversation.item.added', 'conversation.item.done', 'response.created',
    ])
  })

  it('tells the responder that nobody spoke', async () => {
    const seen: ResponderTurn[][] = []
    const clock = open({ responder: { async* respond({ turns }) {
      seen.push(turns)
      yield 'Hello.'
    } } })
    client.send(detection({ idle_timeout_ms: 5000 }))
    await answer()
    await clock.advance(6_000)
    expect(seen[1]).toMatchObject([{ role: 'user', text: 'hello' }, { role: 'assistant' }, { role: 'user', text: '', silent: true }])
  })

  it('waits while the user speaks, and after that for the answer', async () => {
    const clock = open()
    client.send(detection({ idle_timeout_ms: 5000 }))
    await clock.advance(await answer())
    await hear()
    expect(last('input_audio_buffer.speech_started')).toBeDefined()
    await clock.advance(4_900)
    expect(ofType(client, 'input_audio_buffer.timeout_triggered')).toEqual([])
  })

  it('asks nothing when nobody asked for it, nor before the first response', async () => {
    const clock = open()
    client.send(detection({ idle_timeout_ms: 5000 }))
    await clock.advance(60_000)
    client.send(detection({ idle_timeout_ms: null }))
    await answer()
    await clock.advance(60_000)
    expect(ofType(client, 'input_audio_buffer.timeout_triggered')).toEqual([])
  })

  it('only tells when create_response is off', async () => {
    const clock = open()
    client.send(detection({ idle_timeout_ms: 5000, create_response: false }))
    await answer()
    await clock.advance(30_000)
    expect(ofType(client, 'input_audio_buffer.timeout_triggered')).toHaveLength(1)
    expect(ofType(client, 'response.created')).toHaveLength(1)
  })
})

describe('create_response and interrupt_response', () => {
  it.each([
    [true, true, 'cancelled', 2], [true, false, undefined, 1], [false, true, 'cancelled', 1], [false, false, undefined, 1],
  ] as const)('create %s, interrupt %s', async (create, interrupt, ended, responses) => {
    open()
    client.send(detection({ create_response: create, interrupt_response: interrupt }))
    client.send(typed('story'))
    client.send({ type: 'response.create' })
    await settled()
    await hear()
    expect(last('input_audio_buffer.committed')).toBeDefined()
    expect(ofType(client, 'response.done')[0]?.response.status).toBe(ended)
    expect(ofType(client, 'response.created')).toHaveLength(responses)
    const refused = ofType(client, 'error').map(event => event.error.code)
    expect(refused).toEqual(create && !interrupt ? ['conversation_already_has_active_response'] : [])
  })
})

it('waits longer for a less eager semantic turn detection', async () => {
  const endOf = async (eagerness: string) => {
    open()
    client.send(updated({ audio: { input: { turn_detection: { type: 'semantic_vad', eagerness } } } }))
    await hear(recording('go-forward.wav', { tailMs: 3000 }))
    const end = last('input_audio_buffer.speech_stopped')!.audio_end_ms as number
    client.close()
    return end
  }
  const [high, medium, low] = [await endOf('high'), await endOf('medium'), await endOf('low')]
  expect(high).toBeLessThan(medium)
  expect(medium).toBeLessThan(low)
})

it('refuses another speed while it answers, and speaks faster after that', async () => {
  const clock = open()
  const slow = await answer()
  client.send(typed('story'))
  client.send({ type: 'response.create' })
  await settled()
  client.send(updated({ audio: { output: { speed: 1.5 } } }))
  expect(last('error')!.error).toMatchObject({ code: 'invalid_value', param: 'session.audio.output.speed' })
  client.send({ type: 'response.cancel' })
  client.send(updated({ audio: { output: { speed: 1.5 } } }))
  expect(last('session.updated')!.session.audio.output.speed).toBe(1.5)
  const before = samplesOf(ofType(client, 'response.output_audio.delta')).length / 24
  expect((await answer() - before) * 1.4).toBeLessThan(slow)
  await clock.advance(1)
})
