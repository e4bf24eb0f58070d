import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agreedSession, eventRows, eventSize, eventTime, readableJson } from '../../../../app/components/drawer/event-rows.ts'
import type { WireRecord } from '../../../../app/voice/call.ts'

const all = { text: '', direction: 'both' } as const
const records = (...types: string[]): WireRecord[] => types.map((type, index) => {
  const out = type.startsWith('>')
  const name = type.slice(out ? 1 : 0)
  return { seq: index + 1, direction: out ? 'out' : 'in', type: name, atMs: index * 10, bytes: 100, json: JSON.stringify({ type: name, index }), known: true }
})
const shape = (rows: ReturnType<typeof eventRows>) => rows.map(row => `${row.type} ×${row.records.length}`)

describe('rows of the inspector', () => {
  test('a run of audio pieces is one row', () => {
    expect(shape(eventRows(records(...Array(25).fill('response.output_audio.delta')), all))).toEqual(['response.output_audio.delta ×25'])
  })

  test('streams that interleave keep one row each', () => {
    const rows = eventRows(records('response.created', 'response.output_audio.delta', '>input_audio_buffer.append', 'response.output_audio_transcript.delta', 'response.output_audio.delta', '>input_audio_buffer.append'), all)
    expect(shape(rows)).toEqual(['response.created ×1', 'response.output_audio.delta ×2', 'input_audio_buffer.append ×2', 'response.output_audio_transcript.delta ×1'])
  })

  test('an event that is no stream ends the runs before it, also when the filter hides it', () => {
    const some = records('response.output_audio.delta', 'response.done', 'response.output_audio.delta')
    expect(shape(eventRows(some, { ...all, text: 'delta' }))).toEqual(['response.output_audio.delta ×1', 'response.output_audio.delta ×1'])
  })

  test('events that matter one by one are never collapsed', () => {
    expect(eventRows(records('error', 'error'), all)).toHaveLength(2)
  })

  test('the filter looks at names and payloads, and at the direction', () => {
    const some = records('session.created', '>response.cancel')
    expect(eventRows(some, { text: 'SESSION', direction: 'both' })).toHaveLength(1)
    expect(eventRows(some, { text: '"index":1', direction: 'both' })[0]!.type).toBe('response.cancel')
    expect(eventRows(some, { text: '', direction: 'out' })[0]!.type).toBe('response.cancel')
  })

  test('no record is lost and none is doubled', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('a.delta', 'b.delta', '>input_audio_buffer.append', 'x', '>y')), types => {
      const seqs = eventRows(records(...types), all).flatMap(row => row.records.map(record => record.seq)).sort((a, b) => a - b)
      expect(seqs).toEqual(types.map((_, index) => index + 1))
    }))
  })
})

describe('what a row shows', () => {
  test('time, size, and a payload laid out where it is JSON', () => {
    expect(eventTime(62_118)).toBe('1:02.118')
    expect([eventSize(900), eventSize(12_900), eventSize(3_200_000)]).toEqual(['', '12.9 kB', '3.2 MB'])
    expect(readableJson('{"a":1}')).toBe('{\n  "a": 1\n}')
    expect(readableJson('{"a":1… 900 characters more')).toBe('{"a":1… 900 characters more')
  })

  test('the session shown is the last one confirmed, not one asked for', () => {
    const some: WireRecord[] = records('session.created', 'session.updated', '>session.update')
    some[1]!.json = '{"type":"session.updated","session":{"model":"m"}}'
    expect(agreedSession(some)).toBe('{\n  "model": "m"\n}')
    expect(agreedSession([])).toBeUndefined()
  })
})
