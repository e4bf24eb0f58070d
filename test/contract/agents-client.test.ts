import { createEngine, createOfflineResponder } from '@kaiwa/engine'
import { RealtimeAgent, RealtimeSession, tool } from '@openai/agents-realtime'
import type { RealtimeItem, TransportEvent } from '@openai/agents-realtime'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCountedIds, realClock } from '../fakes/engine-options.ts'
import { createFakeStages } from '../fakes/fake-stages.ts'
import { startServer } from '../fakes/running-server.ts'
import type { RunningServer } from '../fakes/running-server.ts'
import { recording } from './recording.ts'
import { brokenLaws } from './wire-laws.ts'
import type { WireEvent } from './contract-client.ts'

/** OpenAI's own client, unchanged, over a real WebSocket, to the embedded engine behind the real door. */

const responder = createOfflineResponder({ now: () => new Date('2026-03-03T15:05:00Z'), timeZone: 'UTC', random: () => 0, evaluate: async () => '84' })
const engine = () => createEngine({ stages: createFakeStages({ responder }), clock: realClock, ids: createCountedIds() })

let server: RunningServer
let session: RealtimeSession
let events: WireEvent[]
let errors: unknown[]
let weatherCalls: unknown[]

const getWeather = tool({
  name: 'get_weather',
  description: 'Get the weather in a city.',
  parameters: { type: 'object', properties: { location: { type: 'string' } }, required: ['location'], additionalProperties: false },
  strict: true,
  async execute(input) {
    weatherCalls.push(input)
    return { temperature_c: 17, condition: `drizzle in ${(input as { location: string }).location}` }
  },
})
const failingTimer = tool({
  name: 'set_timer',
  description: 'Start a countdown timer.',
  parameters: { type: 'object', properties: { minutes: { type: 'integer' } }, required: ['minutes'], additionalProperties: false },
  strict: true,
  async execute() { throw new Error('no clock in this house') },
})

const sent = (type: string) => events.filter(event => event.type === type)
const soon = { timeout: 10_000, interval: 20 }
const until = (type: string, count = 1) => expect.poll(() => sent(type).length, soon).toBeGreaterThanOrEqual(count)
const messages = () => session.history.filter(item => item.type === 'message')
const wordsOf = (item: RealtimeItem | undefined) => item?.type === 'message'
  ? item.content.map(part => 'transcript' in part ? part.transcript ?? '' : 'text' in part ? part.text : '').join('').trim()
  : ''

beforeEach(async () => {
  events = []
  errors = []
  weatherCalls = []
  server = await startServer({ startEngine: async () => ({ engine: engine(), hearing: { able: true, by: 'fake stages' }, close: async () => undefined }) })
  const agent = new RealtimeAgent({ name: 'house', instructions: 'Be kind.', tools: [getWeather, failingTimer] })
  session = new RealtimeSession(agent, { transport: 'websocket', model: 'kaiwa-local' })
  session.on('transport_event', (event: TransportEvent) => events.push(event as WireEvent))
  session.on('error', error => errors.push(error))
  await session.connect({ apiKey: 'unused', model: 'kaiwa-local', url: `ws://127.0.0.1:${server.port}/v1/realtime?model=kaiwa-local` })
  await until('session.updated')
})

afterEach(async () => {
  session.close()
  await server.close()
  expect(errors).toEqual([])
  expect(brokenLaws(events)).toEqual([])
})

describe('@openai/agents-realtime', () => {
  it('connects and configures the session: instructions, tools, turn detection, tracing', async () => {
    await expect.poll(() => sent('session.updated').at(-1)?.session.tracing, soon).toBeTruthy()
    expect(sent('session.updated').at(-1)!.session).toMatchObject({
      model: 'kaiwa-local', instructions: 'Be kind.', tools: [{ type: 'function', name: 'get_weather' }, { name: 'set_timer' }],
      audio: { input: { turn_detection: { type: 'semantic_vad', interrupt_response: true }, transcription: { model: 'gpt-4o-mini-transcribe' } }, output: { format: { type: 'audio/pcm', rate: 24000 } } },
    })
  })

  it('has its tool called and the answer spoken from what the tool returned', async () => {
    session.sendMessage('What is the weather in Tokyo?')
    await until('response.done', 2)
    expect(weatherCalls).toEqual([{ location: 'Tokyo' }])
    expect(messages().map(wordsOf)).toEqual(['What is the weather in Tokyo?', 'Let me look that up.', 'The temperature is 17 degrees Celsius and the condition is drizzle in Tokyo.'])
    expect(session.history.find(item => item.type === 'function_call')).toMatchObject({ name: 'get_weather', status: 'completed', arguments: '{"location":"Tokyo"}' })
    expect(session.usage.outputTokens).toBeGreaterThan(0)
  })

  it('is told when a tool fails', async () => {
    session.sendMessage('Set a timer for five minutes')
    await until('response.done', 2)
    expect(wordsOf(messages().at(-1))).toMatch(/^That didn't work: /)
  })

  it('calls two tools side by side, and hears each result once', async () => {
    session.sendMessage('What is the weather in Oslo and what is the weather in Rome')
    // It asks for a response after each of the two outputs.
    await until('response.done', 3)
    const said = messages().map(wordsOf).join(' ')
    expect(said.match(/drizzle in \w+/g)).toEqual(['drizzle in Oslo', 'drizzle in Rome'])
    expect(weatherCalls).toEqual([{ location: 'Oslo' }, { location: 'Rome' }])
  })

  it('keeps the history in order, spoken turns with their words, and can rewrite it', async () => {
    const audio = recording('go-forward.wav')
    for (let at = 0; at < audio.length; at += 2400) session.sendAudio(audio.slice(at, at + 2400).buffer)
    await until('response.done')
    await expect.poll(() => messages().map(item => [item.role, wordsOf(item).slice(0, 10)]), soon).toEqual([['user', 'go forward'], ['assistant', expect.any(String)]])
    const [first] = messages()
    session.updateHistory(history => history.filter(item => item.itemId !== first!.itemId))
    await until('conversation.item.deleted')
    expect(messages()).toHaveLength(1)
  })

  it('is interrupted by speech: the answer ends, and is cut at what was heard', async () => {
    let interrupted = 0
    session.on('audio_interrupted', () => { interrupted++ })
    session.sendMessage('Tell me a story')
    await until('response.output_audio.delta', 10)
    const audio = recording('go-forward.wav', { leadMs: 0 })
    for (let at = 0; at < audio.length; at += 2400) session.sendAudio(audio.slice(at, at + 2400).buffer)
    await until('conversation.item.truncated')
    await until('response.done', 2)
    expect(interrupted).toBeGreaterThan(0)
    expect(sent('response.done')[0]!.response).toMatchObject({ status: 'cancelled', status_details: { reason: 'turn_detected' } })
    const cut = sent('conversation.item.truncated')[0]!
    expect(cut.item_id).toBe(sent('response.output_audio.delta')[0]!.item_id)
    // It asks for the item then; its own history keeps the words that it had.
    const retrieved = () => sent('conversation.item.retrieved').find(({ item }) => item.id === cut.item_id)
    await expect.poll(() => retrieved()?.item.content[0].transcript, soon).toBe('')
  })

  it('is interrupted by its own button', async () => {
    session.sendMessage('Tell me a story')
    await until('response.output_audio.delta', 10)
    session.interrupt()
    await until('response.done')
    expect(sent('response.done')[0]!.response.status).toBe('cancelled')
    session.sendMessage('Good morning')
    await until('response.done', 2)
    expect(sent('response.done')[1]!.response.status).toBe('completed')
  })
})
