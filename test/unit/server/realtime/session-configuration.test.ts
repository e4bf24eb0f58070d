import { checkClientEvent } from '@kaiwa/protocol/client-event-schema'
import { describe, expect, it } from 'vitest'
import type { Persona } from '../../../../server/personas/persona.ts'
import { defaultPersona } from '../../../../server/personas/default-persona.ts'
import { modelOf, openingEvents, sessionConfiguration, turnDetectionOf } from '../../../../server/realtime/session-configuration.ts'

const openai = { kind: 'openai', model: 'gpt-realtime-2.1', voice: 'marin' } as const
const azure = { kind: 'azure', model: 'my-deployment', voice: 'marin' } as const
const local = { kind: 'local', model: 'kaiwa-local', voice: 'marin' } as const
const persona = (changes: Partial<Persona> = {}): Persona => ({ ...defaultPersona, ...changes })
const ids = (prefix: string) => `${prefix}_1`

describe('the configuration of a page\'s session', () => {
  it('is whole: nothing hangs on an upstream\'s defaults', () => {
    expect(sessionConfiguration(persona({ voice: 'cedar', speed: 0.9, noiseReduction: { type: 'near_field' } }), openai)).toEqual({
      type: 'realtime', output_modalities: ['audio'], instructions: defaultPersona.instructions, tools: [], tool_choice: 'auto', max_output_tokens: 'inf', truncation: 'auto', reasoning: { effort: 'low' },
      audio: {
        input: {
          format: { type: 'audio/pcm', rate: 24000 }, transcription: { model: 'gpt-transcribe' }, noise_reduction: { type: 'near_field' },
          turn_detection: { type: 'server_vad', threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 500, idle_timeout_ms: null, create_response: true, interrupt_response: true },
        },
        output: { format: { type: 'audio/pcm', rate: 24000 }, voice: 'cedar', speed: 0.9 },
      },
    })
  })

  it.each([
    ['gpt-realtime-2', true], ['gpt-realtime-2.1', true], ['gpt-realtime-2.1-mini', true], ['gpt-realtime-1.5', false], ['gpt-realtime', false],
    ['gpt-realtime-2025-08-28', false], ['gpt-4o-realtime-preview', false], ['somebody-elses', false],
  ])('%s is told how hard to think: %s', (model, told) => { expect('reasoning' in sessionConfiguration(persona({ model }), openai)).toBe(told) })

  it.each([
    [openai, {}, { model: 'gpt-transcribe' }], [azure, {}, { model: 'whisper-1' }], [local, {}, {}],
    [openai, { languages: ['ja'] }, { model: 'gpt-transcribe', language: 'ja' }], [openai, { languages: ['en', 'ja'] }, { model: 'gpt-transcribe', languages: ['en', 'ja'] }],
    [azure, { languages: ['en', 'ja'] }, { model: 'whisper-1' }], [local, { languages: ['en'] }, { language: 'en' }], [local, { transcription: 'gpt-transcribe' }, {}],
    [openai, { transcription: 'whisper-1', languages: ['en', 'ja'] }, { model: 'whisper-1' }], [openai, { transcription: null }, null], [local, { transcription: null }, null],
  ] as const)('with %o, %o is written down by %o', (brain, said, transcription) => {
    expect(sessionConfiguration(persona(said as Partial<Persona>), brain).audio!.input!.transcription).toEqual(transcription)
  })

  it('leaves an upstream\'s model to upstreams', () => {
    expect([openai, local].map(brain => modelOf({ model: 'gpt-realtime-1.5' }, brain))).toEqual(['gpt-realtime-1.5', 'kaiwa-local'])
  })

  it('gives turn detection back as it was', () => {
    expect([persona(), persona({ turnDetection: null })].map(turnDetectionOf)).toEqual([defaultPersona.turnDetection, null])
  })

  it.each([openai, azure, local])('is understood by the protocol\'s own schema (%o)', brain => {
    const events = openingEvents(brain, { persona: persona({ greeting: 'Say hello.', languages: ['en'] }), session: undefined }, ids)
    for (const event of events) expect(checkClientEvent(JSON.parse(event))).toMatchObject({ ok: true })
  })

  it('opens the conversation where the persona does, in character', () => {
    const [, greeting] = openingEvents(openai, { persona: persona({ instructions: 'You are Mika.', greeting: 'Say hello.' }), session: undefined }, ids)
    expect(JSON.parse(greeting!)).toEqual({ type: 'response.create', event_id: 'event_1', response: { instructions: 'You are Mika.\n\n# Now\nSay hello.' } })
  })

  it('leaves a program its own settings', () => {
    const session = { type: 'realtime', instructions: 'Mine.' } as const
    expect(openingEvents(openai, { session }, ids).map(event => JSON.parse(event).session)).toEqual([session])
    expect(openingEvents(local, { session }, ids)).toEqual([])
    expect(openingEvents(openai, { session: undefined }, ids)).toEqual([])
  })
})
