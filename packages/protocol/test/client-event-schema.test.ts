import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientEventTypes } from '../src/client-events.ts'
import { checkClientEvent, MAX_EVENT_CHARS, parseClientEvent } from '../src/client-event-schema.ts'

const refusal = (event: unknown) => {
  const parsed = parseClientEvent(typeof event === 'string' ? event : JSON.stringify(event))
  return parsed.ok ? 'accepted' : `${parsed.error.code} ${parsed.error.param}`
}
const session = (fields: object) => ({ type: 'session.update', session: { type: 'realtime', ...fields } })
const item = (fields: object) => ({ type: 'conversation.item.create', item: fields })

describe('a client event at the border', () => {
  it.each([
    ['an append', { type: 'input_audio_buffer.append', audio: 'AAAA' }],
    ['a commit with an id', { type: 'input_audio_buffer.commit', event_id: 'e' }],
    ['an update with nothing in it', session({})],
    ['a transcription session', { type: 'session.update', session: { type: 'transcription', audio: { input: { transcription: { model: 'whisper-1' } } } } }],
    ['clearing with null', session({ tracing: null, prompt: null, include: null, audio: { input: { transcription: null, noise_reduction: null, turn_detection: null } } })],
    ['semantic turn detection', session({ audio: { input: { turn_detection: { type: 'semantic_vad', eagerness: 'high' } } } })],
    ['a voice by id', session({ audio: { output: { voice: { id: 'voice_1' } } } })],
    ['G.711, which is the protocol\'s if not every server\'s', session({ audio: { input: { format: { type: 'audio/pcmu' } } } })],
    ['retention', session({ truncation: { type: 'retention_ratio', retention_ratio: 0.8, token_limits: { post_instructions: 8000 } } })],
    ['tracing with a name', session({ tracing: { workflow_name: 'x', metadata: { a: 1 } } })],
    ['a user message of text, audio and image', item({ type: 'message', role: 'user', content: [
      { type: 'input_text', text: 'x' }, { type: 'input_audio', audio: 'AAAA' }, { type: 'input_image', image_url: 'data:image/png;base64,AAAA' }] })],
    ['a function call without ids', item({ type: 'function_call', name: 'f', arguments: '{}' })],
    ['a response with a context of its own', { type: 'response.create', response: { conversation: 'none', input: [{ type: 'item_reference', id: 'item_1' }], metadata: { a: 'b' } } }],
    ['a response of nothing but the type', { type: 'response.create' }],
  ])('accepts %s', (_what, event) => {
    expect(refusal(event)).toBe('accepted')
  })

  it.each([
    [session({ output_modalities: ['audio', 'text'] }), 'invalid_value session.output_modalities'],
    [session({ max_output_tokens: 0 }), 'invalid_value session.max_output_tokens'],
    [session({ max_output_tokens: 'lots' }), 'invalid_value session.max_output_tokens'],
    [session({ tools: [{ type: 'function' }] }), 'missing_required_parameter session.tools[0].name'],
    [session({ tools: [{ type: 'mcp' }] }), 'missing_required_parameter session.tools[0].server_label'],
    [session({ tools: [{ type: 'mcp', server_label: 'x', allowed_tools: 'all' }] }), 'invalid_type session.tools[0].allowed_tools'],
    [session({ tools: [{ type: 'mcp', server_label: 'x', require_approval: 'often' }] }), 'invalid_value session.tools[0].require_approval'],
    [session({ audio: { input: { turn_detection: { silence_duration_ms: 3 } } } }), 'missing_required_parameter session.audio.input.turn_detection.type'],
    [session({ audio: { input: { turn_detection: { type: 'semantic_vad', threshold: 0.5 } } } }), 'unknown_parameter session.audio.input.turn_detection.threshold'],
    [session({ audio: { output: { voice: { name: 'x' } } } }), 'missing_required_parameter session.audio.output.voice.id'],
    [session({ audio: { input: { format: { type: 'audio/pcm', rate: 16000 } } } }), 'invalid_value session.audio.input.format.rate'],
    [{ type: 'session.update', session: 'x' }, 'invalid_type session'],
    [{ type: 'session.update', session: { type: 'translation' } }, 'invalid_value session.type'],
    [{ type: 'session.update', session: { type: 'transcription', instructions: 'x' } }, 'unknown_parameter session.instructions'],
    [session({ audio: { input: { turn_detection: { type: 'server_vad', idle_timeout_ms: 100 } } } }), 'invalid_value session.audio.input.turn_detection.idle_timeout_ms'],
    [item({ type: 'message', role: 'robot', content: [] }), 'invalid_value item.role'],
    [item({ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'a' }, { type: 'input_text' }] }), 'missing_required_parameter item.content[1].text'],
    [{ type: 'response.create', response: { metadata: { ['k'.repeat(65)]: 'v' } } }, `invalid_value response.metadata.${'k'.repeat(46)}…`],
    [{ type: 'response.create', response: { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, 'v'])) } }, 'invalid_value response.metadata'],
    [{ type: 'input_audio_buffer.commit', extra: 1 }, 'unknown_parameter extra'],
    [{ type: 'input_audio_buffer.commit', event_id: 7 }, 'invalid_type event_id'],
  ])('refuses %j', (event, expected) => {
    expect(refusal(event)).toBe(expected)
  })

  it('turns a function\'s bare name into a tool choice, because some clients send that', () => {
    const parsed = checkClientEvent(session({ tool_choice: 'get_weather' }))
    expect(parsed).toMatchObject({ ok: true, event: { session: { tool_choice: { type: 'function', name: 'get_weather' } } } })
  })

  it('writes what a value should have been as the API does', () => {
    const message = (event: object) => {
      const parsed = checkClientEvent(event)
      return parsed.ok ? '' : parsed.error.message
    }
    expect(message(session({ audio: { output: { speed: 'fast' } } }))).toBe('Invalid type for \'session.audio.output.speed\': expected a decimal, but got a string instead.')
    expect(message(session({ max_output_tokens: 5000 }))).toBe('Invalid \'session.max_output_tokens\': integer above maximum value. Expected a value <= 4096, but got 5000 instead.')
    expect(message(item({ id: 'x'.repeat(36), type: 'message', role: 'user', content: [] })))
      .toBe('Invalid \'item.id\': string too long. Expected a string with maximum length 32, but got a string with length 36 instead.')
  })

  it('repeats no more than a few characters of what it was sent', () => {
    for (const event of [{ type: 'x'.repeat(5000) }, session({ ['y'.repeat(5000)]: 1 }), session({ truncation: 'z'.repeat(5000) })]) {
      const parsed = checkClientEvent(event)
      expect(parsed.ok ? '' : JSON.stringify(parsed.error).length).toBeLessThan(1000)
    }
  })

  it('refuses __proto__ wherever it stands, and leaves no prototype changed', () => {
    expect(refusal('{"type":"session.update","session":{"type":"realtime","tools":[{"type":"function","name":"f","parameters":{"__proto__":{"polluted":1}}}]}}'))
      .toBe('unknown_parameter session.tools[0].parameters.__proto__')
    expect('polluted' in {}).toBe(false)
  })

  it('refuses what is too long, too deep or too many, without choking on it', () => {
    expect(refusal(`{"type":"${'x'.repeat(MAX_EVENT_CHARS)}"}`)).toBe('invalid_event null')
    expect(refusal(`{"type":"session.update","session":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`)).toBe('invalid_event null')
    expect(refusal({ type: 'session.update', session: { type: 'realtime', include: Array.from({ length: 60_000 }, () => 'x') } })).toBe('invalid_event null')
  })

  it('answers any text at all, with an error that has every key', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), text => {
      const parsed = parseClientEvent(text)
      if (!parsed.ok) expect(Object.keys(parsed.error)).toEqual(['type', 'code', 'message', 'param', 'event_id'])
    }), { numRuns: 500 })
  })

  it('answers any fields of any event type', () => {
    fc.assert(fc.property(fc.constantFrom(...clientEventTypes), fc.dictionary(fc.constantFrom('session', 'item', 'audio', 'response', 'item_id', 'event_id', 'x'), fc.jsonValue()), (type, fields) => {
      const parsed = checkClientEvent({ ...fields, type })
      if (!parsed.ok) expect(parsed.error.type).toBe('invalid_request_error')
    }), { numRuns: 500 })
  })
})
