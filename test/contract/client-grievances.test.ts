import { describe, expect, it } from 'vitest'
import { livekitGrievances, pipecatGrievances } from './client-grievances.ts'
import type { WireEvent } from './contract-client.ts'

const numbered = (events: WireEvent[]): WireEvent[] => events.map((event, index) => ({ event_id: `event_${index}`, ...event }))
const place = { response_id: 'resp_1', item_id: 'item_1', output_index: 0, content_index: 0 }
const item = { id: 'item_1', type: 'message', status: 'in_progress' }
const call = { id: 'item_1', type: 'function_call', call_id: 'call_1', name: 'ping', arguments: '{}', status: 'completed' }
const response = { object: 'realtime.response', id: 'resp_1', status: 'in_progress', status_details: null, output: [], usage: null }
const usage = { total_tokens: 0, input_tokens: 0, output_tokens: 0, input_token_details: {}, output_token_details: {} }

const created = { type: 'response.created', response }
const added = { type: 'response.output_item.added', response_id: 'resp_1', output_index: 0, item }
const part = { type: 'response.content_part.added', ...place, part: { type: 'audio', transcript: '' } }
const delta = { type: 'response.output_audio.delta', ...place, delta: 'AAAA' }
const done = { type: 'response.done', response: { ...response, status: 'completed', usage } }
const whole = [created, added, part, delta, done]

describe('the grievances of clients in the field', () => {
  it('are none over a turn as it should be', () => {
    expect(livekitGrievances(numbered(whole))).toEqual([])
    expect(pipecatGrievances(numbered(whole))).toEqual([])
  })

  it.each([
    ['an item before its response', [added], 'before response.created'],
    ['a delta of an unknown item', [created, delta], 'itemGeneration is not set'],
    ['a delta before its part', [created, added, delta], 'its part was not told first'],
    ['text where audio was told', [created, added, part, { ...delta, type: 'response.output_text.delta' }], 'its part was not told first'],
    ['a part by its item\'s name', [created, added, { ...part, part: { type: 'output_audio' } }], 'neither audio nor text: output_audio'],
    ['a call with empty arguments', [created, { ...added, type: 'response.output_item.done', item: { ...call, arguments: '' } }], 'a call without id, name or arguments'],
    ['status_details as a word', [{ ...done, response: { ...done.response, status_details: 'cancelled' } }], 'status_details is no object'],
    ['an error it does not expect', [{ type: 'error', error: { message: 'No.' } }], 'No.'],
  ])('LiveKit: %s', (_name, events, grievance) => {
    expect(livekitGrievances(numbered(events)).join()).toContain(grievance)
  })

  it.each([
    ['a type it does not know', [{ type: 'input_audio_buffer.timeout_triggered' }], 'unknown'],
    ['an event without id', [{ ...created, event_id: undefined }], 'no event_id'],
    ['a missing index', [{ ...delta, output_index: undefined }], 'output_index is no number'],
    ['an item of a kind it has no model for', [{ ...added, item: { ...item, type: 'mcp_call' } }], 'an item of type mcp_call'],
    ['a finished response without usage', [{ ...done, response: { ...done.response, usage: null } }], 'usage without its details'],
    ['a failure without a word', [{ ...done, response: { ...done.response, status: 'failed', status_details: {} } }], 'nobody says why'],
    ['no status_details', [{ ...created, response: { ...response, status_details: undefined, output: [] } }].map(event => JSON.parse(JSON.stringify(event)) as WireEvent), 'no status_details'],
    ['a call nobody told of', [{ type: 'response.function_call_arguments.done', ...place, call_id: 'call_1', arguments: '{}' }], 'nobody told of call_1'],
    ['an error that is not harmless', [{ type: 'error', error: { code: 'invalid_value', message: 'No.' } }], 'fatal: No.'],
  ])('pipecat: %s', (_name, events, grievance) => {
    expect(pipecatGrievances(numbered(events)).join()).toContain(grievance)
  })
})
