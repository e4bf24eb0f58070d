import { readdirSync, readFileSync } from 'node:fs'
import { createEngine, type OpenOptions } from '@kaiwa/engine'
import { wireErrors } from '@kaiwa/protocol/errors'
import { describe, expect, it } from 'vitest'
import { createCountedIds, realClock } from '../fakes/engine-options.ts'
import { createFakeMcp } from '../fakes/fake-mcp.ts'
import { createFakeStages } from '../fakes/fake-stages.ts'
import { settled } from '../fakes/manual-clock.ts'
import type { ContractClient } from './contract-client.ts'
import { connectEngine } from './engine-client.ts'
import { placed, protocolList } from './protocol-list.ts'
import type { FieldShape } from './protocol-list.ts'

/** `docs/protocol.md` against the machine list of the protocol, and against the engine. */

interface Row { name: string, status: string, remark: string }

const root = new URL('../../', import.meta.url)
const document = readFileSync(new URL('docs/protocol.md', root), 'utf8')
const tables = Object.fromEntries(document.split(/^## /m).slice(1).map(section => {
  const rows = [...section.matchAll(/^\| `([^`]+)` \| (\w+) \| (.*) \|$/gm)].map(([, name, status, remark]) => ({ name: name!, status: status!, remark: remark!.trim() }))
  return [section.slice(0, section.indexOf('\n')), rows]
})) as Record<string, Row[]>
const namesIn = (title: string) => tables[title]!.map(({ name }) => name)
const fieldName = ({ path, variant }: FieldShape) => variant ? `${path} (${variant})` : path
const itemName = ({ type, fieldTypes }: { type: string, fieldTypes: Record<string, string> }) => fieldTypes.role ? `${type} (${JSON.parse(fieldTypes.role) as string})` : type
const unique = (names: string[]) => [...new Set(names)]

function sourceOf(folder: string): string {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
    .map(file => readFileSync(new URL(`${folder}${file}`, root), 'utf8')).join('\n')
}
const engineSource = sourceOf('packages/engine/src/')
const wireSource = sourceOf('packages/protocol/src/') + engineSource

/** Whether the engine takes an event: by what it answers to it. */
async function takes(event: object, { before = [], ...options }: Pick<Partial<OpenOptions>, 'intent' | 'voiceTrack'> & { before?: object[] } = {}): Promise<boolean> {
  const engine = createEngine({ stages: createFakeStages(), clock: realClock, ids: createCountedIds(), mcp: createFakeMcp() })
  const client: ContractClient = connectEngine(engine, options)
  for (const earlier of before) client.send(earlier)
  // An MCP server's tools are imported by then.
  await settled()
  const errors = client.events.filter(({ type }) => type === 'error').length
  client.send(event)
  client.close()
  return client.events.filter(({ type }) => type === 'error').length === errors
}

describe('the table of the protocol', () => {
  it.each<[string, string[]]>([
    ['Client events', protocolList.client.map(({ type }) => type)],
    ['Server events', protocolList.server.map(({ type }) => type)],
    ['Session fields', unique(protocolList.session.realtime.map(fieldName))],
    ['Transcription session fields', unique(protocolList.session.transcription.map(fieldName))],
    ['response.create fields', unique(protocolList.responseCreate.map(fieldName))],
    ['Response fields', unique(protocolList.response.map(fieldName))],
    ['Items', protocolList.items.map(itemName)],
    ['Content parts', ['input_text', 'input_audio', 'input_image', 'output_text', 'output_audio']],
  ])('%s: has each row of the machine list, and no other', (title, names) => {
    expect(namesIn(title)).toEqual(names)
  })

  it('says why, wherever something is refused or has no effect', () => {
    for (const { name, status, remark } of Object.values(tables).flat()) {
      expect(['yes', 'kept', 'no'], name).toContain(status)
      if (status !== 'yes') expect(remark, name).not.toBe('')
    }
  })

  it.each(tables['Server events']!)('$name: the engine has it in its source, if and only if the table says yes', ({ name, status }) => {
    const said = engineSource.includes(`'${name}'`) || (name === 'error' && wireSource.includes('type: \'error\''))
    expect(said ? 'yes' : 'no').toBe(status)
  })

  it('has every error code there is; those that the engine uses say yes', () => {
    expect(namesIn('Error codes')).toEqual(expect.arrayContaining(Object.keys(wireErrors)))
    for (const { name, status } of tables['Error codes']!) {
      const used = new RegExp(`(wireError|missing)\\(\\s*'${name}'`).test(wireSource)
      expect(used ? 'yes' : 'no', name).toBe(status)
    }
  })
})

/** A right value for every field that a client may send. */
const samples: Record<string, unknown> = {
  audio: {}, 'audio.input': {}, 'audio.output': {}, 'audio.input.noise_reduction': { type: 'near_field' }, 'audio.input.noise_reduction.strength': 0.5,
  'audio.input.noise_reduction.type': 'far_field', 'audio.input.transcription': { model: 'm' }, 'audio.input.transcription.delay': 'low', 'audio.input.transcription.keywords': ['x'],
  'audio.input.transcription.language': 'en', 'audio.input.transcription.languages': ['en'], 'audio.input.transcription.model': 'm', 'audio.input.transcription.prompt': 'x',
  'audio.input.turn_detection': { type: 'server_vad' }, 'audio.input.turn_detection.create_response': false, 'audio.input.turn_detection.interrupt_response': false,
  'audio.input.turn_detection.idle_timeout_ms': 6000, 'audio.input.turn_detection.prefix_padding_ms': 200, 'audio.input.turn_detection.silence_duration_ms': 600,
  'audio.input.turn_detection.threshold': 0.6, 'audio.input.turn_detection.eagerness': 'low', 'audio.output.voice': 'cedar', 'audio.output.voice.id': 'voice_x', 'audio.output.speed': 1.2,
  include: ['item.input_audio_transcription.logprobs'], instructions: 'x', max_output_tokens: 100, model: 'kaiwa-local', output_modalities: ['text'], parallel_tool_calls: true,
  prompt: { id: 'x' }, 'prompt.id': 'x', 'prompt.variables': { a: 'b' }, 'prompt.version': '1', reasoning: { effort: 'low' }, 'reasoning.effort': 'high', tool_choice: 'auto',
  tools: [{ type: 'function', name: 'g' }], tracing: 'auto', 'tracing.group_id': 'x', 'tracing.metadata': { a: 1 }, 'tracing.workflow_name': 'x', truncation: 'auto',
  'truncation.retention_ratio': 0.8, 'truncation.token_limits': { post_instructions: 10 }, 'truncation.token_limits.post_instructions': 10,
  conversation: 'auto', input: [], metadata: { a: 'b' },
}
const choices: Record<string, object> = { function: { type: 'function', name: 'f' }, mcp: { type: 'mcp', server_label: 'x', name: 'f' } }

function sampled(field: FieldShape): object {
  const { path, variant } = field
  if (path.startsWith('tool_choice.')) return { tool_choice: choices[variant!] }
  if (path.endsWith('.format')) return placed(field, { type: 'audio/pcma' })
  if (path.endsWith('.rate')) return placed(field, 24_000)
  if (path.endsWith('.type') && variant) return placed(field, variant)
  expect(samples, path).toHaveProperty([path])
  return placed(field, samples[path])
}

describe('the engine does what the table says', () => {
  const tools = { type: 'session.update', session: { type: 'realtime', tools: [{ type: 'function', name: 'f' }, { type: 'mcp', server_label: 'x', server_url: 'https://example.org/mcp' }] } }
  const statusOf = (title: string, name: string) => tables[title]!.find(row => row.name === name)!.status
  const expected = (taken: boolean, title: string, name: string) => expect(taken ? 'taken' : 'refused', name).toBe(statusOf(title, name) === 'no' ? 'refused' : 'taken')

  it('with the audio that waits to be sent: where the session sends it itself', async () => {
    const clear = { type: 'output_audio_buffer.clear' }
    const voiceTrack = { play: () => {}, clear: () => {} }
    expected(await takes(clear, { voiceTrack }), 'Client events', clear.type)
    expect(await takes(clear)).toBe(false)
  })

  it('with the fields of a session', async () => {
    for (const field of protocolList.session.realtime.filter(({ path }) => path !== 'type')) {
      expected(await takes({ type: 'session.update', session: { type: 'realtime', ...sampled(field) } }, { before: [tools] }), 'Session fields', fieldName(field))
    }
  })

  it('with the fields of a transcription session', async () => {
    for (const field of protocolList.session.transcription.filter(({ path }) => path !== 'type')) {
      expected(await takes({ type: 'session.update', session: { type: 'transcription', ...sampled(field) } }, { intent: 'transcription' }), 'Transcription session fields', fieldName(field))
    }
  })

  it('with what a response is asked to be', async () => {
    for (const field of protocolList.responseCreate) {
      expected(await takes({ type: 'response.create', response: sampled(field) }, { before: [tools] }), 'response.create fields', fieldName(field))
    }
  })

  it('with items and their parts', async () => {
    const message = (role: string, part: object) => ({ type: 'message', role, content: [part] })
    const items: Record<string, object> = {
      'message (system)': message('system', { type: 'input_text', text: 'x' }),
      'message (user)': message('user', { type: 'input_text', text: 'x' }),
      'message (assistant)': message('assistant', { type: 'output_text', text: 'x' }),
      function_call: { type: 'function_call', call_id: 'call_y', name: 'f', arguments: '{}' },
      function_call_output: { type: 'function_call_output', call_id: 'call_x', output: 'x' },
      mcp_approval_request: { type: 'mcp_approval_request', id: 'item_a', server_label: 'x', name: 'f', arguments: '{}' },
      mcp_approval_response: { type: 'mcp_approval_response', id: 'item_b', approval_request_id: 'item_r', approve: true },
      mcp_call: { type: 'mcp_call', id: 'item_c', server_label: 'x', name: 'f', arguments: '{}' },
      mcp_list_tools: { type: 'mcp_list_tools', server_label: 'x', tools: [] },
    }
    const parts: Record<string, object> = {
      input_text: message('user', { type: 'input_text', text: 'x' }),
      input_audio: message('user', { type: 'input_audio', audio: 'AAA=' }),
      input_image: message('user', { type: 'input_image', image_url: 'data:image/png;base64,AAAA' }),
      output_text: message('assistant', { type: 'output_text', text: 'x' }),
      output_audio: message('assistant', { type: 'output_audio', audio: 'AAA=', transcript: 'x' }),
    }
    const call = { type: 'conversation.item.create', item: { type: 'function_call', call_id: 'call_x', name: 'f', arguments: '{}' } }
    const request = { type: 'conversation.item.create', item: { ...items.mcp_approval_request, id: 'item_r' } }
    for (const [title, all] of [['Items', items], ['Content parts', parts]] as const) {
      for (const name of namesIn(title)) expected(await takes({ type: 'conversation.item.create', item: all[name] }, { before: [call, request] }), title, name)
    }
  })
})
