import { describe, expect, it } from 'vitest'
import { glanceAt, withoutKeys } from '../../../../server/relay/server-event.ts'

const delta = 'response.output_audio.delta'

describe('a glance at an event of the model', () => {
  it.each([
    ['the type first', `{"type":"${delta}","event_id":"event_1","delta":"AAAA"}`],
    ['the id first', `{"event_id":"event_1","type":"${delta}","delta":"AAAA"}`],
    ['with spaces, as Python writes', `{ "event_id": "event_1", "type": "${delta}", "delta": "AAAA"}`],
  ])('knows a delta unparsed: %s', (_name, text) => {
    expect(glanceAt(text)).toEqual({ kind: 'delta', type: delta })
    expect(glanceAt(Buffer.from(text))).toEqual({ kind: 'delta', type: delta })
  })

  it('parses what it can\'t tell by its head: the type last, or in the middle', () => {
    const text = `{"delta":"AAAA","item_id":"item_1","type":"${delta}"}`
    expect(glanceAt(text)).toMatchObject({ kind: 'event', event: { type: delta, item_id: 'item_1' } })
  })

  it('parses every other event, however long', () => {
    const text = JSON.stringify({ type: 'response.done', response: { id: 'resp_1', note: 'x'.repeat(100_000) } })
    expect(glanceAt(Buffer.from(text))).toMatchObject({ kind: 'event', event: { response: { id: 'resp_1' } } })
  })

  it('isn\'t led astray by a delta\'s name elsewhere', () => {
    expect(glanceAt(`{"type":"error","message":"{\\"type\\":\\"${delta}\\""}`)).toMatchObject({ kind: 'event' })
    expect(glanceAt(`{"event_id":"\\"type\\":\\"${delta}\\"","type":"error"}`)).toMatchObject({ event: { type: 'error' } })
  })

  it.each(['', '{', 'null', '[]', '42', '"x"', '{"no":"type"}', '{"type":7}', `{"type":"${delta}","delta":"cut`, `[{"type":"${delta}"}]`])('takes %j for rubbish', text => {
    expect(glanceAt(text)).toEqual({ kind: 'rubbish' })
    expect(glanceAt(Buffer.from(text))).toEqual({ kind: 'rubbish' })
  })
})

describe('keys', () => {
  const key = 'sk-canary-1234567890'
  it.each([[false], [true]])('are cut out of bytes and text (in an error: %s)', isError => {
    for (const text of [`{"a":"${key}"}`, Buffer.from(`{"a":"${key}"}`)]) {
      for (const given of [key, Buffer.from(key)]) expect(withoutKeys(text, [given], isError).toString()).not.toContain('canary')
    }
  })

  it('nothing to cut: the very same object goes on', () => {
    const text = Buffer.from('{"a":1}')
    expect(withoutKeys(text, [Buffer.from(key)], false)).toBe(text)
  })
})
