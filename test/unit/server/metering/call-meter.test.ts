import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { anna, audioBytes, ben, dollars, meteringScene, MODEL, spoken } from './metering-scene.ts'

const [example] = JSON.parse(readFileSync(new URL('../../../fixtures/usage/responses.json', import.meta.url), 'utf8')) as { usage: object }[]
const transcribing = (model: string | null) => ({ audio: { input: { transcription: model === null ? null : { model } } } })

describe('a response that reports its usage', () => {
  it('is charged by it and told with the call\'s and the day\'s sums', () => {
    const { call, charges } = meteringScene()
    const first = call()
    first.answers(100, 'resp_0')
    const second = call()
    second.created()
    second.done(example!.usage)
    second.answers(50, 'resp_2')
    expect(second.usage[0]).toEqual({
      type: 'kaiwa.usage', event_id: expect.stringContaining('event_'), response_id: 'resp_1', model: MODEL, prices_of: expect.stringMatching(/^\d{4}-/),
      response: {
        usd: 0.0072056, transcription_seconds: 0, output_tokens: { text: 30, audio: 91 },
        input_tokens: { text: 119, audio: 13, image: 0, cached_text: 64, cached_audio: 0, cached_image: 0 },
      },
      call: expect.objectContaining({ usd: 0.0072056 }),
      day: expect.objectContaining({ usd: 0.0136056, output_tokens: { text: 30, audio: 191 } }),
    })
    expect(second.usage[1]!.call).toMatchObject({ usd: 0.0104056, output_tokens: { text: 30, audio: 141 } })
    expect(charges.map(({ responseId, estimated }) => [responseId, estimated])).toEqual([['resp_0', false], ['resp_1', false], ['resp_2', false]])
  })

  it('is charged although it was cancelled, out of band, or one of several at a time', () => {
    const { call, spent } = meteringScene()
    const talk = call()
    for (const id of ['a', 'b', 'c']) talk.created(id)
    talk.done(spoken(10), 'b', { status: 'cancelled' })
    talk.done(spoken(20), 'c', { conversation_id: null })
    talk.done(spoken(30), 'a')
    expect(dollars(spent())).toBe(0.00384)
  })

  it('is charged once, however often it is done', () => {
    const { call, charges } = meteringScene()
    const talk = call()
    talk.answers(10)
    talk.done(spoken(10))
    talk.created()
    talk.end()
    expect(charges).toHaveLength(1)
  })

  it('is charged although nobody saw it begin', () => {
    const { call, spent } = meteringScene()
    call().done(spoken(10))
    expect(spent()).toBe(640_000)
  })
})

describe('a response that never reports its usage', () => {
  it('is charged by what passed when the talker leaves mid-answer, once, and marked', () => {
    const { call, charges } = meteringScene()
    const talk = call()
    talk.session({ instructions: 'x'.repeat(400) })
    talk.appended(3000)
    talk.event('input_audio_buffer.committed', { item_id: 'item_1' })
    talk.created()
    talk.speaks(5000)
    for (let word = 0; word < 12; word++) talk.passed('response.output_audio_transcript.delta', 300)
    talk.end()
    talk.end()
    talk.done(spoken(1000))
    expect(charges).toHaveLength(1)
    // 100 tokens of instructions, 3 s said, 5 s spoken.
    const tokens = { input: { text: 100, audio: 30 }, output: { text: 12, audio: 100 } }
    expect(charges[0]).toMatchObject({ estimated: true, amount: { nanoUsd: 100 * 4000 + 30 * 32_000 + 100 * 64_000 + 12 * 24_000, tokens } })
    // For the operator's numbers; the page is gone.
    expect(talk.usage.map(({ response_id, response }) => [response_id, response.output_tokens])).toEqual([['resp_1', { text: 12, audio: 100 }]])
  })

  it('is charged with the last response\'s input, its answer, and what was said since', () => {
    const { call, charges } = meteringScene()
    const talk = call()
    talk.created('resp_0')
    talk.done(example!.usage, 'resp_0')
    talk.event('input_audio_buffer.speech_started', { item_id: 'item_2', audio_start_ms: 10_000 })
    talk.appended(60_000)
    talk.event('input_audio_buffer.speech_stopped', { item_id: 'item_2', audio_end_ms: 12_000 })
    talk.event('input_audio_buffer.committed', { item_id: 'item_2' })
    talk.created()
    talk.done(null, 'resp_1', { status: 'cancelled' })
    expect(charges[1]!.amount.tokens)
      .toEqual({ input: { text: 119 + 30, audio: 13 + 91 + 20, image: 0 }, cached: { text: 64, audio: 0, image: 0 }, output: { text: 0, audio: 0 } })
    expect(talk.usage[1]!.response.usd).toBeGreaterThan(0)
  })

  it('does not pay for what the one before it has reported', () => {
    const { call, charges } = meteringScene()
    const talk = call()
    talk.created('a')
    talk.speaks(10_000)
    talk.done(spoken(200), 'a')
    talk.created('b')
    talk.speaks(1000)
    talk.end()
    expect(charges[1]!.amount.tokens.output.audio).toBe(20)
  })

  it('does not pay for one beside it either', () => {
    const { call, charges } = meteringScene()
    const talk = call()
    talk.created('a')
    talk.created('b')
    talk.speaks(10_000)
    talk.done(spoken(180), 'a')
    talk.end()
    expect(charges[1]!.amount.tokens.output.audio).toBe(20)
  })

  it('costs nothing when it failed before anything came', () => {
    const { call, charges } = meteringScene()
    const talk = call()
    talk.created()
    talk.done(null, 'resp_1', { status: 'failed' })
    talk.end()
    expect(charges).toEqual([])
  })

  it.each([['audio/pcmu', 8], ['audio/pcm', 48]])('is measured in the session\'s own format: %s', (type, bytesPerMs) => {
    const { call, charges } = meteringScene()
    const talk = call()
    talk.session({ audio: { output: { format: { type } } } })
    talk.created()
    for (let second = 0; second < 10; second++) talk.passed(undefined, 1000 * bytesPerMs * 4 / 3 + 160)
    talk.end()
    expect(charges[0]!.amount.tokens.output.audio).toBeCloseTo(200, -1)
  })
})

describe('transcription', () => {
  it('is charged apart, by its own model, by tokens and by time', () => {
    const { call, charges } = meteringScene()
    const talk = call()
    talk.session(transcribing('gpt-4o-transcribe'))
    talk.event('input_audio_buffer.committed', { item_id: 'item_1' })
    talk.event('conversation.item.input_audio_transcription.completed', { item_id: 'item_1', usage: { type: 'tokens', input_tokens: 17, output_tokens: 9 } })
    talk.session(transcribing('gpt-live-transcribe'))
    talk.event('input_audio_buffer.committed', { item_id: 'item_2' })
    talk.event('conversation.item.input_audio_transcription.completed', { item_id: 'item_2', usage: { type: 'duration', seconds: 6 } })
    expect(charges.map(({ model, responseId, amount }) => [model, responseId, amount.nanoUsd])).toEqual([['gpt-4o-transcribe', null, 132_500], ['gpt-live-transcribe', null, 1_700_000]])
    expect(talk.usage[1]).toMatchObject({ response_id: null, model: 'gpt-live-transcribe', response: { usd: 0.0017, transcription_seconds: 6 }, call: { usd: 0.0018325 } })
  })

  it('that is still under way when the call ends is charged by how long was spoken; a failed one isn\'t', () => {
    const { call, charges, ledger } = meteringScene()
    const talk = call()
    talk.session(transcribing('gpt-transcribe'))
    for (const id of ['item_1', 'item_2']) {
      talk.appended(4000)
      talk.event('input_audio_buffer.committed', { item_id: id })
    }
    expect(ledger.reserved('everyone', '')).toBe(600_000)
    talk.event('conversation.item.input_audio_transcription.failed', { item_id: 'item_1' })
    talk.end()
    expect(charges.map(({ amount, estimated }) => [amount.nanoUsd, estimated])).toEqual([[300_000, true]])
    expect(ledger.reserved('everyone', '')).toBe(0)
  })

  it('is not charged when there is none', () => {
    const { call, charges } = meteringScene()
    const talk = call()
    talk.session(transcribing(null))
    talk.appended(4000)
    talk.event('input_audio_buffer.committed', { item_id: 'item_1' })
    talk.end()
    expect(charges).toEqual([])
  })
})

describe('what has no price', () => {
  it('shows tokens and no money; the embedded engine shows zero', () => {
    const unpriced = meteringScene().call({ model: 'own' })
    unpriced.answers(10)
    expect(unpriced.usage[0]).toMatchObject({ prices_of: null, response: { usd: null, output_tokens: { audio: 10 } }, call: { usd: null }, day: { usd: null } })
    const local = meteringScene({}, 'free').call({ model: 'kaiwa-local' })
    local.answers(10)
    expect(local.usage[0]).toMatchObject({ response: { usd: 0 }, call: { usd: 0 }, day: { usd: 0 } })
  })

  it('is known before a call begins', () => {
    const { metering } = meteringScene()
    expect([MODEL, `${MODEL}-2026-01-01`, 'own'].map(model => metering.isPriced(model))).toEqual([true, true, false])
  })
})

describe('the operator\'s numbers', () => {
  it('are today\'s, model by model, with what is reserved', () => {
    const { call, metering, wait } = meteringScene({ perDayUsd: 5 })
    call().answers(100)
    const other = call({ person: ben, model: 'gpt-realtime-2.1-mini' })
    other.answers(100)
    other.created('resp_2')
    expect(metering.totals()).toMatchObject({
      day: '2026-11-22', budgetUsd: 5, all: { usd: 0.0084 },
      models: [{ model: MODEL, amount: { usd: 0.0064, output_tokens: { audio: 100 } } }, { model: 'gpt-realtime-2.1-mini', amount: { usd: 0.002 } }],
    })
    expect(metering.totals().reservedUsd).toBeGreaterThan(0)
    wait(86_400_000)
    expect(metering.totals()).toMatchObject({ day: '2026-11-23', all: { usd: null }, models: [] })
  })
})

describe('whatever an upstream says', () => {
  it('the meter does not throw, and charges no one for it', () => {
    const { call, charges } = meteringScene({ perCallUsd: 1 })
    const talk = call({ person: anna })
    const odd: unknown[] = [null, undefined, 5, '', [], {}, { id: 5 }, { id: 'x', usage: [] }, Number.NaN]
    for (const value of odd) {
      talk.event('session.updated', { session: value })
      talk.event('session.updated', { session: { audio: value, instructions: value } })
      talk.event('session.updated', { session: { audio: { input: value, output: value } } })
      talk.event('response.done', { response: value })
      for (const type of ['input_audio_buffer.speech_started', 'input_audio_buffer.speech_stopped', 'input_audio_buffer.committed']) talk.event(type, { item_id: value, audio_start_ms: value, audio_end_ms: value })
      talk.event('conversation.item.input_audio_transcription.completed', { item_id: value, usage: value })
    }
    talk.event('session.updated', { session: transcribing(null) })
    expect(charges.every(({ amount }) => amount.nanoUsd === 0)).toBe(true)
  })

  it('forgets the oldest of more responses than can be under way, charging it', () => {
    const { call, charges, ledger } = meteringScene()
    const talk = call()
    for (let number = 0; number < 100; number++) talk.created(`resp_${number}`)
    expect(charges).toHaveLength(36)
    talk.passed('response.output_audio.delta', audioBytes(1000))
    talk.end()
    expect(charges).toHaveLength(100)
    expect(ledger.reserved('everyone', '')).toBe(0)
  })
})
