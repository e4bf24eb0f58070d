import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { wireErrors } from '@kaiwa/protocol/errors'
import { createNumbers } from '../../../../server/numbers/numbers.ts'
import { errorCodes, faultCodes, refusalCodes } from '../../../../server/numbers/labels.ts'
import { AudioFlow } from '../../../../server/relay/audio-flow.ts'
import type { UsageAmount } from '../../../../shared/calls.ts'

/** Samples of a Prometheus text, `name{labels}` → value. */
function samples(text: string): Map<string, number> {
  return new Map(text.split('\n').filter(line => line && !line.startsWith('#')).map(line => {
    const at = line.lastIndexOf(' ')
    return [line.slice(0, at), Number(line.slice(at + 1))]
  }))
}

function start(options: { models?: string[] } = {}) {
  let nowMs = 0
  const numbers = createNumbers({ nowMs: () => nowMs, processMetrics: false, ...options })
  return { numbers, pass: (ms: number) => { nowMs += ms }, read: async () => samples(await numbers.text()) }
}

const amount = (over: Partial<UsageAmount> = {}): UsageAmount => ({
  usd: 0.5, transcription_seconds: 0, output_tokens: { text: 20, audio: 300 },
  input_tokens: { text: 100, audio: 400, image: 0, cached_text: 60, cached_audio: 0, cached_image: 0 }, ...over,
})

describe('the numbers of calls', () => {
  it('count calls by who answers and who calls, while they last and when they end', async () => {
    const { numbers, read } = start()
    const one = numbers.observe({ brain: 'openai', from: 'page' })
    numbers.observe({ brain: 'openai', from: 'page' })
    numbers.observe({ brain: 'local', from: 'client' }).ended('client')
    one.ended('fault', 'call_idle')
    one.ended('upstream')
    const seen = await read()
    expect(seen.get('kaiwa_calls_started_total{brain="openai",from="page"}')).toBe(2)
    expect(seen.get('kaiwa_calls_live{brain="openai",from="page"}')).toBe(1)
    expect(seen.get('kaiwa_calls_live{brain="local",from="client"}')).toBe(0)
    expect(seen.get('kaiwa_calls_ended_total{by="fault",fault="call_idle"}')).toBe(1)
    expect(seen.get('kaiwa_calls_ended_total{by="client",fault="none"}')).toBe(1)
    expect(seen.has('kaiwa_calls_ended_total{by="upstream",fault="none"}'), 'a call ends once').toBe(false)
  })

  it('count what passes in events and bytes each way, and say the same when they are read again', async () => {
    const { numbers, read } = start()
    for (let call = 0; call < 3; call++) {
      const watch = numbers.observe({ brain: 'openai', from: 'page' })
      for (let message = 0; message < 100; message++) watch.clientEvent('input_audio_buffer.append', 6400)
      watch.passed('response.output_audio.delta', 12_900)
      watch.dropped()
      watch.refused('event_not_allowed')
    }
    await read()
    const seen = await read()
    expect(seen.get('kaiwa_events_total{from="client"}')).toBe(300)
    expect(seen.get('kaiwa_bytes_total{from="client"}')).toBe(300 * 6400)
    expect(seen.get('kaiwa_bytes_total{from="model"}')).toBe(3 * 12_900)
    expect(seen.get('kaiwa_upstream_babble_total')).toBe(3)
    expect(seen.get('kaiwa_events_refused_total{code="event_not_allowed"}')).toBe(3)
  })

  it.each([
    ['opened', undefined], ['unreachable', 'upstream_unreachable'], ['refused', 'upstream_refused'], ['resting', 'upstream_resting'], ['abandoned', 'signed_out'],
  ])('file a dial that was %s, with what it took', async (result, fault) => {
    const { numbers, pass, read } = start()
    const watch = numbers.observe({ brain: 'openai', from: 'page' })
    pass(250)
    if (fault === undefined) watch.opened(250)
    watch.ended('fault', fault ?? 'call_idle')
    const seen = await read()
    expect(seen.get(`kaiwa_upstream_dial_seconds_count{result="${result}"}`)).toBe(1)
    expect(seen.get(`kaiwa_upstream_dial_seconds_sum{result="${result}"}`)).toBeCloseTo(0.25)
  })

  it('file how long messages took, each way', async () => {
    const { numbers, read } = start()
    const watch = numbers.observe({ brain: 'openai', from: 'page' })
    for (let message = 0; message < 10; message++) watch.timed('client', 0.2)
    const seen = await read()
    expect(seen.get('kaiwa_relay_added_seconds_count{from="client"}')).toBe(10)
    expect(seen.get('kaiwa_relay_added_seconds_sum{from="client"}')).toBeCloseTo(0.002)
    expect(seen.get('kaiwa_relay_added_seconds_count{from="model"}') ?? 0).toBe(0)
  })

  it('count the audio that passed whenever they are read, and none of it twice', async () => {
    const { numbers, read } = start()
    const watch = numbers.observe({ brain: 'openai', from: 'page' })
    const flow = new AudioFlow()
    watch.flows(flow)
    const counted = async () => {
      const seen = await read()
      return [seen.get('kaiwa_events_total{from="client"}'), seen.get('kaiwa_bytes_total{from="client"}')]
    }
    Object.assign(flow, { events: 3, messageBytes: 3000 })
    expect(await counted()).toEqual([3, 3000])
    Object.assign(flow, { events: 4, messageBytes: 4000 })
    watch.ended('client')
    expect(await counted()).toEqual([4, 4000])
  })
})

describe('the wait for the first audio', () => {
  function turn() {
    const { numbers, pass, read } = start()
    const watch = numbers.observe({ brain: 'openai', from: 'page' })
    const waits = async () => {
      const seen = await read()
      return [seen.get('kaiwa_first_audio_seconds_count'), seen.get('kaiwa_first_audio_seconds_sum')!]
    }
    return { watch, pass, waits, event: (type: string) => { watch.serverEvent({ type }); watch.passed(type, 300) } }
  }

  it('runs from the end of speech to the first audio delta, once a turn', async () => {
    const { watch, pass, waits, event } = turn()
    for (let round = 0; round < 2; round++) {
      event('input_audio_buffer.speech_started')
      event('input_audio_buffer.speech_stopped')
      pass(200)
      event('input_audio_buffer.committed')
      event('response.created')
      pass(300)
      watch.passed('response.output_audio_transcript.delta', 300)
      for (let delta = 0; delta < 25; delta++) watch.passed('response.output_audio.delta', 12_900)
      event('response.done')
    }
    expect(await waits()).toEqual([2, expect.closeTo(1)])
  })

  it('knows audio by its size where nobody looked for its type', async () => {
    const { watch, pass, waits, event } = turn()
    event('input_audio_buffer.committed')
    event('response.created')
    pass(400)
    watch.passed(undefined, 300)
    watch.passed(undefined, 12_900)
    expect(await waits()).toEqual([1, expect.closeTo(0.4)])
  })

  it('is void when the talker goes on, or the answer has no sound', async () => {
    const { watch, pass, waits, event } = turn()
    event('input_audio_buffer.speech_stopped')
    event('response.created')
    event('input_audio_buffer.speech_started')
    watch.passed('response.output_audio.delta', 12_900)
    event('input_audio_buffer.speech_stopped')
    event('response.created')
    event('response.done')
    pass(5000)
    watch.passed('response.output_audio.delta', 12_900)
    expect(await waits()).toEqual([0, 0])
  })
})

describe('money and tokens', () => {
  it('are added by model, kind and modality; what was cached counts once', async () => {
    const { numbers, read } = start({ models: ['gpt-realtime-2.1', 'whisper-1'] })
    numbers.used({ response_id: 'resp_1', model: 'gpt-realtime-2.1-2026-05-01', response: amount() })
    numbers.used({ response_id: 'resp_2', model: 'gpt-realtime-2.1', response: amount() })
    numbers.used({ response_id: null, model: 'whisper-1', response: amount({ usd: 0.01, transcription_seconds: 90 }) })
    const seen = await read()
    expect(seen.get('kaiwa_money_usd_total{model="gpt-realtime-2.1",kind="response"}')).toBeCloseTo(1)
    expect(seen.get('kaiwa_money_usd_total{model="whisper-1",kind="transcription"}')).toBeCloseTo(0.01)
    expect(seen.get('kaiwa_tokens_total{model="gpt-realtime-2.1",direction="input",modality="text",cached="false"}')).toBe(80)
    expect(seen.get('kaiwa_tokens_total{model="gpt-realtime-2.1",direction="input",modality="text",cached="true"}')).toBe(120)
    expect(seen.get('kaiwa_tokens_total{model="gpt-realtime-2.1",direction="output",modality="audio",cached="false"}')).toBe(600)
    expect(seen.get('kaiwa_transcription_seconds_total{model="whisper-1"}')).toBe(90)
  })

  it('give a model that a caller made up no name of its own', async () => {
    const { numbers } = start({ models: ['my-model'] })
    for (const model of ['invented', 'my-model', 'invented-2026-01-01']) numbers.used({ response_id: 'resp_1', model, response: amount({ usd: null }) })
    const text = await numbers.text()
    expect(text).not.toContain('invented')
    expect(text).toContain('model="my-model"')
  })
})

describe('what is looked up', () => {
  it('is left out as long as nobody tells it', async () => {
    const { numbers, read } = start()
    expect((await read()).has('kaiwa_connections')).toBe(false)
    numbers.watch({ connections: () => 7, trapped: () => 2 })
    numbers.watch({ breakers: () => [{ upstream: 'api.example', state: 'half_open' }, { upstream: 'other.example', state: 'closed' }], short: () => 'memory', loopUtilisation: () => 0.25, waitingTurns: () => undefined })
    const seen = await read()
    expect(seen.get('kaiwa_connections')).toBe(7)
    expect(seen.get('kaiwa_trapped_errors_total')).toBe(2)
    expect(seen.get('kaiwa_event_loop_utilisation')).toBe(0.25)
    expect(seen.has('kaiwa_engine_waiting_turns')).toBe(false)
    expect([...seen].filter(([name, value]) => /breaker|short/.test(name) && value === 1).map(([name]) => name))
      .toEqual(['kaiwa_upstream_breaker{upstream="api.example",state="half_open"}', 'kaiwa_upstream_breaker{upstream="other.example",state="closed"}', 'kaiwa_short{of="memory"}'])
  })
})

describe('labels', () => {
  it('hold nothing that a caller or a model made up, and a thousand calls are as many series as one', async () => {
    const { numbers, read } = start()
    const life = (n: number) => {
      const watch = numbers.observe({ brain: n % 2 ? 'openai' : `brain-${n}`, from: 'page' })
      watch.opened(100)
      watch.clientEvent(`type-${n}`, 10)
      watch.passed(`type-${n}`, 10)
      for (const code of [`canary-${n}`, null, 7, { toString: () => 'canary' }]) watch.serverEvent({ type: 'error', error: { code } })
      watch.serverEvent({ type: 'error' })
      watch.refused(`canary-${n}`)
      watch.ended(`canary-${n}`, `canary-${n}`)
      numbers.refused(`canary-${n}`)
      numbers.used({ response_id: `resp_${n}`, model: `canary-${n}`, response: amount() })
    }
    for (let n = 0; n < 4; n++) life(n)
    const before = (await read()).size
    for (let n = 4; n < 1000; n++) life(n)
    expect((await read()).size).toBe(before)
    expect(await numbers.text()).not.toMatch(/canary|type-/)
    expect((await read()).get('kaiwa_errors_total{code="other"}')).toBe(5000)
  })

  it('know every code with which the server refuses', () => {
    const root = join(process.cwd(), 'server')
    const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(name => /^(realtime|auth|api|routes)\/.*\.ts$/.test(name))
    const codes = sources.flatMap(name => [...readFileSync(join(root, name), 'utf8').matchAll(/(?:refusal\(\s*\d{3},\s*|status: \d{3}, code: )'([a-z_]+)'/g)].map(found => found[1]!))
    expect(codes.length).toBeGreaterThan(10)
    expect(codes.filter(code => !refusalCodes.has(code))).toEqual([])
  })

  it('know every code of the protocol, and every one that the relay and the rules for clients say', () => {
    const folders = ['server/relay', 'server/policy']
    const said = folders.flatMap(folder => readdirSync(join(process.cwd(), folder)).flatMap(name =>
      [...readFileSync(join(process.cwd(), folder, name), 'utf8').matchAll(/\bcode: '([a-z_]+)'/g)].map(found => found[1]!)))
    expect(said.length).toBeGreaterThan(20)
    expect([...Object.keys(wireErrors), ...said].filter(code => !errorCodes.has(code) && !faultCodes.has(code))).toEqual([])
  })
})
