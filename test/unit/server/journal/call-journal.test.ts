import { describe, expect, it } from 'vitest'
import type { KaiwaUsageEvent } from '../../../../shared/calls.ts'
import { createCallJournal, type CallFacts } from '../../../../server/journal/call-journal.ts'
import { fromLine } from '../../../../server/journal/spool-line.ts'
import { AudioFlow } from '../../../../server/relay/audio-flow.ts'
import type { JournalEntry, StoredItem } from '../../../../server/store/journal-entry.ts'

const facts: CallFacts = {
  callId: 'call_1', conversationId: 'conv_1', owner: 'oidc:ann', from: 'page', transport: 'websocket', brain: 'openai', model: 'test-model', voice: 'marin', persona: null, continues: null, keys: ['sk-canary-1234'],
}

/** One call, whose time passes as the test says. */
function call(more: Partial<CallFacts> = {}) {
  let nowMs = 5000
  const kept: JournalEntry[] = []
  const finals: boolean[] = []
  const lines: string[] = []
  const journal = createCallJournal({
    facts: { ...facts, ...more }, nowMs: () => nowMs, wallMs: () => 1_700_000_000_000 + nowMs,
    spool: {
      append(next, final) {
        lines.push(...next)
        kept.push(...next.map(line => fromLine(line)!))
        finals.push(final)
      },
    },
  })
  const { observer } = journal
  const flow = new AudioFlow()
  observer.flows!(flow)
  const text = (event: object) => Buffer.from(JSON.stringify(event))
  return {
    journal, kept, lines, finals,
    /** At so many milliseconds of the call. */
    at(callMs: number) { nowMs = 5000 + callMs },
    /** A parsed event of the model; returns whether something final was written by the time it would be passed. */
    hears(event: { type: string, [field: string]: unknown }) {
      const before = finals.length
      observer.serverEvent!(event)
      const wasFinal = finals.slice(before).includes(true)
      observer.carried!('model', event.type, text(event))
      return wasFinal
    },
    delta(event: { type: string, [field: string]: unknown }) {
      observer.carried!('model', event.type, text(event))
    },
    says(event: { type: string, [field: string]: unknown }) {
      if (event.type !== 'input_audio_buffer.append') return observer.carried!('client', event.type, text(event))
      flow.append(Buffer.from(String(event.audio), 'base64').length, text(event).length, nowMs)
      observer.clientAudio?.(text(event))
    },
    items: () => kept.flatMap(entry => entry.type === 'item' ? entry.item : []),
    item: (id: string): StoredItem | undefined => kept.flatMap(entry => entry.type === 'item' && entry.item.id === id ? entry.item : []).at(-1),
    of: <T extends JournalEntry['type']>(type: T) => kept.filter((entry): entry is Extract<JournalEntry, { type: T }> => entry.type === type),
  }
}

const session = { type: 'session.updated', session: { audio: { input: { format: { type: 'audio/pcm', rate: 24000 }, transcription: {} }, output: { format: { type: 'audio/pcm', rate: 24000 }, voice: 'marin' } } } }
const typed = (id: string, said: string, previous: string | null = null) =>
  ({ type: 'conversation.item.added', previous_item_id: previous, item: { id, type: 'message', role: 'user', status: 'completed', content: [{ type: 'input_text', text: said }] } })
const answerItem = (id: string, status: string, transcript?: string) => ({ id, type: 'message', role: 'assistant', status, content: transcript === undefined ? [] : [{ type: 'output_audio', transcript }] })
const pcm = (ms: number) => Buffer.alloc(ms * 48).toString('base64')
const append = (ms: number) => ({ type: 'input_audio_buffer.append', audio: pcm(ms) })
const inResponse = { response_id: 'resp_1', item_id: 'item_2', output_index: 0, content_index: 0 }

/** A spoken turn and its spoken answer, with times. */
function turn(one: ReturnType<typeof call>) {
  one.hears(session)
  one.says(append(500))
  for (let ms = 100; ms <= 2000; ms += 100) {
    one.at(ms)
    one.says(append(100))
  }
  one.hears({ type: 'input_audio_buffer.speech_started', item_id: 'item_1', audio_start_ms: 700 })
  one.hears({ type: 'input_audio_buffer.speech_stopped', item_id: 'item_1', audio_end_ms: 1700 })
  one.at(2010)
  one.hears({ type: 'input_audio_buffer.committed', item_id: 'item_1', previous_item_id: null })
  one.hears({ type: 'conversation.item.added', previous_item_id: null, item: { id: 'item_1', type: 'message', role: 'user', status: 'completed', content: [{ type: 'input_audio', transcript: null }] } })
  one.hears({ type: 'response.created', response: { id: 'resp_1', conversation_id: 'conv_x', status: 'in_progress' } })
  one.hears({ type: 'response.output_item.added', response_id: 'resp_1', output_index: 0, item: answerItem('item_2', 'in_progress') })
  one.hears({ type: 'conversation.item.added', previous_item_id: 'item_1', item: answerItem('item_2', 'in_progress') })
  one.at(2100)
  one.delta({ type: 'response.output_audio_transcript.delta', ...inResponse, delta: 'Two ' })
  one.at(2200)
  for (let n = 0; n < 5; n++) one.delta({ type: 'response.output_audio.delta', ...inResponse, delta: pcm(200) })
  one.delta({ type: 'response.output_audio_transcript.delta', ...inResponse, delta: 'words.' })
}

function finish(one: ReturnType<typeof call>) {
  const seen = [
    one.hears({ type: 'response.output_audio.done', ...inResponse }),
    one.hears({ type: 'response.output_audio_transcript.done', ...inResponse, transcript: 'Two words.' }),
    one.hears({ type: 'conversation.item.done', previous_item_id: 'item_1', item: answerItem('item_2', 'completed', 'Two words.') }),
    one.hears({ type: 'response.output_item.done', response_id: 'resp_1', output_index: 0, item: answerItem('item_2', 'completed', 'Two words.') }),
    one.hears({ type: 'response.done', response: { id: 'resp_1', status: 'completed', conversation_id: 'conv_x', output: [answerItem('item_2', 'completed', 'Two words.')], usage: {} } }),
  ]
  return seen
}

describe('what is kept of a spoken turn', () => {
  it('is written before the page is shown it as final: transcript, item, response', () => {
    const one = call()
    turn(one)
    const [audio, transcript, done, outputDone, response] = finish(one)
    expect({ audio, transcript, done, outputDone, response }).toEqual({ audio: false, transcript: true, done: true, outputDone: false, response: true })
    expect(one.hears({ type: 'conversation.item.input_audio_transcription.completed', item_id: 'item_1', transcript: 'How many words?' })).toBe(true)
  })

  it('holds both texts, their chain, their response and when each was spoken by the call\'s clock', () => {
    const one = call()
    turn(one)
    finish(one)
    one.hears({ type: 'conversation.item.input_audio_transcription.completed', item_id: 'item_1', transcript: 'How many words?' })
    // Half a second had been said before the line was up.
    expect(one.item('item_1')).toMatchObject({ afterId: null, role: 'user', medium: 'voice', text: 'How many words?', textState: 'final', span: { fromMs: 200, toMs: 1200 } })
    expect(one.item('item_2')).toMatchObject({ afterId: 'item_1', role: 'assistant', medium: 'voice', text: 'Two words.', textState: 'final', status: 'completed', responseId: 'resp_1', span: { fromMs: 2200, toMs: 3200 } })
  })

  it('begins with the call, numbers every entry, and ends with how it ended', () => {
    const one = call()
    turn(one)
    finish(one)
    one.journal.end('client', null)
    expect(one.kept[0]).toMatchObject({ type: 'call_began', owner: 'oidc:ann', model: 'test-model', seq: 1 })
    expect(one.kept.map(({ seq }) => seq)).toEqual(one.kept.map((_, at) => at + 1))
    expect(one.kept.at(-1)).toMatchObject({ type: 'call_ended', how: 'client', code: null })
  })

  it('tells what each response cost, by the meter', () => {
    const one = call()
    const usage = { usd: 0.25 } as KaiwaUsageEvent['response']
    turn(one)
    one.journal.used({ response_id: 'resp_1', model: 'priced-model', response: usage, prices_of: '2026-05-01' })
    finish(one)
    expect(one.of('response')).toMatchObject([{ responseId: 'resp_1', status: 'completed', model: 'priced-model', usage, pricesOf: '2026-05-01' }])
  })

  it('tells of a transcription that is billed apart, by its item', () => {
    const one = call()
    turn(one)
    one.journal.used({ response_id: null, model: 'transcriber', response: { usd: 0.01 } as KaiwaUsageEvent['response'], prices_of: null })
    one.hears({ type: 'conversation.item.input_audio_transcription.completed', item_id: 'item_1', transcript: 'Hello' })
    expect(one.of('transcription_usage')).toMatchObject([{ itemId: 'item_1', model: 'transcriber', usage: { usd: 0.01 } }])
  })

  it('tells how long the answer took, as it is told', () => {
    const one = call()
    turn(one)
    const latency = { responseId: 'resp_1', speechEndMs: 1200, committedMs: 810, firstTextMs: 900, firstAudioMs: 1000, firstHeardMs: 1150, relayMs: 0.2 }
    one.journal.took(latency)
    expect(one.of('turn_latency').map(entry => entry.latency)).toEqual([latency])
  })
})

describe('a call whose sound goes another way', () => {
  it('tells when each voice was heard as the model\'s side tells it, by when it tells it', () => {
    const one = call({ transport: 'webrtc' })
    one.hears(session)
    one.at(1000)
    one.hears({ type: 'input_audio_buffer.speech_started', item_id: 'item_1', audio_start_ms: 900 })
    one.at(2000)
    one.hears({ type: 'input_audio_buffer.speech_stopped', item_id: 'item_1', audio_end_ms: 1800 })
    one.hears({ type: 'input_audio_buffer.committed', item_id: 'item_1', previous_item_id: null })
    one.hears({ type: 'response.created', response: { id: 'resp_1', conversation_id: 'conv_x' } })
    one.hears({ type: 'conversation.item.added', previous_item_id: 'item_1', item: answerItem('item_2', 'in_progress') })
    one.delta({ type: 'response.output_audio_transcript.delta', ...inResponse, delta: 'Two ' })
    one.at(2300)
    one.hears({ type: 'output_audio_buffer.started', response_id: 'resp_1' })
    finish(one)
    one.at(4300)
    expect(one.hears({ type: 'output_audio_buffer.stopped', response_id: 'resp_1' })).toBe(true)
    one.journal.end('client', null)
    expect(one.item('item_1')).toMatchObject({ span: { fromMs: 1000, toMs: 2000 } })
    expect(one.item('item_2')).toMatchObject({ text: 'Two words.', status: 'completed', span: { fromMs: 2300, toMs: 4300 } })
  })
})

describe('a turn that went otherwise', () => {
  it('cut: so much was heard, and the words stay', () => {
    const one = call()
    turn(one)
    finish(one)
    one.at(2600)
    expect(one.hears({ type: 'conversation.item.truncated', item_id: 'item_2', content_index: 0, audio_end_ms: 400 })).toBe(true)
    one.hears({ type: 'conversation.item.done', previous_item_id: 'item_1', item: answerItem('item_2', 'completed', '') })
    expect(one.item('item_2')).toMatchObject({ text: 'Two words.', cutAtMs: 400, span: { fromMs: 2200, toMs: 2600 } })
  })

  it('broken off: what was said of it by then is all there will be', () => {
    const one = call()
    turn(one)
    one.journal.observer.cutOff!(['resp_1'])
    expect(one.item('item_2')).toMatchObject({ text: 'Two words.', textState: 'final', status: 'incomplete', span: { fromMs: 2200, toMs: 3200 } })
  })

  it('charged by estimate, because nobody reported: the response is there all the same', () => {
    const one = call()
    turn(one)
    one.journal.observer.cutOff!(['resp_1'])
    one.journal.used({ response_id: 'resp_1', model: 'test-model', response: { usd: 0.1 } as KaiwaUsageEvent['response'], prices_of: null })
    one.journal.end('upstream', 'upstream_lost')
    expect(one.of('response')).toMatchObject([{ responseId: 'resp_1', status: 'unreported', usage: { usd: 0.1 } }])
  })

  it('deleted: it is removed, also when it was never kept', () => {
    const one = call()
    turn(one)
    expect(one.hears({ type: 'conversation.item.deleted', item_id: 'item_1' })).toBe(true)
    one.hears({ type: 'conversation.item.deleted', item_id: 'item_of_yore' })
    expect(one.of('item_removed').map(({ itemId }) => itemId)).toEqual(['item_1', 'item_of_yore'])
  })

  it('without a transcript, or with one that failed: there will be no text', () => {
    const one = call()
    turn(one)
    one.hears({ type: 'conversation.item.input_audio_transcription.failed', item_id: 'item_1', error: {} })
    expect(one.item('item_1')).toMatchObject({ text: '', textState: 'unavailable' })
    const other = call()
    other.hears({ ...session, session: { audio: { input: { transcription: null } } } })
    other.hears({ type: 'input_audio_buffer.committed', item_id: 'item_1', previous_item_id: null })
    other.hears(typed('item_2', 'Hi', 'item_1'))
    expect(other.item('item_1')).toMatchObject({ textState: 'unavailable' })
  })

  it('beside the conversation: its cost is kept and its words aren\'t', () => {
    const one = call()
    one.hears(typed('item_1', 'Hello'))
    one.hears({ type: 'response.created', response: { id: 'resp_9', conversation_id: null } })
    one.hears({ type: 'response.output_item.added', response_id: 'resp_9', item: answerItem('item_9', 'in_progress') })
    one.hears({ type: 'response.output_text.done', response_id: 'resp_9', item_id: 'item_9', text: 'A title' })
    one.hears({ type: 'response.output_item.done', response_id: 'resp_9', item: answerItem('item_9', 'completed', 'A title') })
    one.hears({ type: 'response.done', response: { id: 'resp_9', status: 'completed', conversation_id: null, output: [answerItem('item_9', 'completed', 'A title')] } })
    expect(one.items().map(({ id }) => id)).toEqual(['item_1'])
    expect(one.of('response')).toMatchObject([{ responseId: 'resp_9' }])
  })

  it('a tool\'s call and its result are kept with what joins them', () => {
    const one = call()
    one.hears({ type: 'conversation.item.done', previous_item_id: null, item: { id: 'item_1', type: 'function_call', status: 'completed', name: 'weather', call_id: 'call_x', arguments: '{"city":"Kyoto"}' } })
    one.hears({ type: 'conversation.item.added', previous_item_id: 'item_1', item: { id: 'item_2', type: 'function_call_output', status: 'completed', call_id: 'call_x', output: 'Rain' } })
    expect(one.items()).toMatchObject([
      { kind: 'function_call', name: 'weather', toolCallId: 'call_x', text: '{"city":"Kyoto"}', textState: 'final', medium: 'text' },
      { kind: 'function_call_output', toolCallId: 'call_x', text: 'Rain', textState: 'final' },
    ])
  })
})

describe('what isn\'t kept', () => {
  it('a call in which nothing was said', () => {
    const one = call()
    one.hears({ type: 'session.created', session: {} })
    one.hears(session)
    one.says(append(100))
    one.journal.end('client', null)
    expect(one.lines).toEqual([])
  })

  it('the same twice, as servers tell it', () => {
    const one = call()
    one.hears(typed('item_1', 'Hello'))
    const before = one.items().length
    one.hears({ ...typed('item_1', 'Hello'), type: 'conversation.item.done' })
    expect(one.items()).toHaveLength(before)
  })

  it('items that the model was told anew, but what becomes of them', () => {
    const one = call({ restored: ['item_1'] })
    one.hears(typed('item_1', 'Hello'))
    one.hears({ ...typed('item_2', 'Again'), previous_item_id: undefined })
    one.hears({ type: 'conversation.item.deleted', item_id: 'item_1' })
    expect(one.items()).toMatchObject([{ id: 'item_2', afterId: 'item_1' }])
    expect(one.of('item_removed')).toHaveLength(1)
  })

  it('keys, what opens doors, and sound, in items and events', () => {
    const one = call()
    one.hears({ type: 'session.created', session: { client_secret: { value: 'ek_canary' }, tools: [{ type: 'mcp', authorization: 'Bearer canary', headers: { 'x-key': 'canary' } }] } })
    one.hears({ type: 'conversation.item.done', previous_item_id: null, item: { id: 'item_1', type: 'message', role: 'user', content: [{ type: 'input_audio', audio: pcm(100), transcript: 'My key is sk-canary-1234' }] } })
    one.says({ type: 'conversation.item.create', item: { content: [{ type: 'input_image', image_url: `data:image/png;base64,${'A'.repeat(3000)}` }] } })
    one.journal.end('client', null)
    expect(one.lines.join('')).not.toMatch(/canary|AAAAAAAA/)
  })

  it('anything more once the conversation was deleted', () => {
    const one = call()
    one.hears(typed('item_1', 'Hello'))
    one.journal.mute()
    const before = one.lines.length
    one.hears(typed('item_2', 'Secret', 'item_1'))
    one.journal.end('client', null)
    expect(one.lines).toHaveLength(before)
  })
})

describe('events for the inspector', () => {
  it('are some hundred, of both directions, without deltas and appends, each a few kB at most', () => {
    const one = call()
    turn(one)
    one.says({ type: 'response.create' })
    for (let n = 0; n < 600; n++) one.hears({ type: 'rate_limits.updated', rate_limits: [], filler: 'あ'.repeat(5000), list: Array.from({ length: 900 }, (_, at) => at * 1000) })
    const events = one.of('wire_event')
    expect(events).toHaveLength(400)
    expect(events.some(({ direction, eventType }) => direction === 'out' && eventType === 'response.create')).toBe(true)
    expect(events.some(({ eventType }) => /delta|append/.test(eventType))).toBe(false)
    for (const { payload } of events) {
      expect(payload.length).toBeLessThan(6000)
      expect(() => JSON.parse(payload) as unknown).not.toThrow()
    }
  })

  it('may be nested as deep as a program likes', () => {
    const one = call()
    turn(one)
    one.journal.observer.carried!('client', 'session.update', `{"type":"session.update","session":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)
    one.says({ type: 'response.create', response: { metadata: { topic: { of: ['deep', 'things'] } } } })
    const payloads = one.of('wire_event').map(({ payload }) => payload)
    expect(payloads.some(payload => payload.includes('[deeper]'))).toBe(true)
    expect(payloads.at(-1)).toContain('{"of":["deep","things"]}')
  })
})

describe('an upstream of another mind', () => {
  it('disturbs nothing with ids, items and numbers that are none', () => {
    const one = call()
    turn(one)
    const odd = [undefined, null, 7, '', {}, [], NaN, 'x'.repeat(200)]
    const types = ['conversation.item.added', 'conversation.item.done', 'conversation.item.truncated', 'conversation.item.deleted', 'response.created', 'response.done', 'response.output_item.done',
      'input_audio_buffer.committed', 'input_audio_buffer.speech_started', 'input_audio_buffer.speech_stopped', 'session.updated', 'response.output_audio_transcript.done',
      'conversation.item.input_audio_transcription.completed']
    for (const type of types) {
      for (const value of odd) {
        one.hears({
          type, item: value, item_id: value, response: value, response_id: value, previous_item_id: value, audio_end_ms: value,
          audio_start_ms: value, transcript: value, session: value,
        })
        one.hears({ type, item: { id: 'item_7', content: value, status: value, type: value }, response: { id: 'resp_7', output: value, status: value } })
      }
    }
    one.journal.observer.carried!('model', 'response.output_text.delta', '{"delta": broken}')
    one.journal.observer.carried!('model', 'response.output_audio.delta', '{"delta":}')
    one.journal.end('client', null)
    expect(one.kept.at(-1)?.type).toBe('call_ended')
  })
})
