import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { base64Bytes } from '../../../../server/policy/base64-bytes.ts'
import { canonicalAppend } from '../../../../server/policy/canonical-append.ts'

const audio = Buffer.from(Int16Array.from({ length: 960 }, (_, at) => Math.round(8000 * Math.sin(at / 7))).buffer).toString('base64')
const append = { type: 'input_audio_buffer.append', audio }
const id = { event_id: 'event_1-a.b:c' }

/** Python's `json.dumps`: a space behind each colon and comma. */
const spaced = (event: object) => `{${Object.entries(event).map(([key, value]) => `"${key}": "${String(value)}"`).join(', ')}}`
const asBoth = (text: string) => [text, Buffer.from(text)]

const forms: [string, object][] = [
  ['our page, the openai and agents packages for JavaScript', append],
  ['the same with an id behind', { ...append, ...id }],
  ['an id in front', { ...id, ...append }],
  ['audio in front, as livekit writes it', { audio, type: append.type }],
  ['audio in front, an id behind', { audio, type: append.type, ...id }],
  ['id, audio, type', { ...id, audio, type: append.type }],
]

describe('audio in the form that clients write', () => {
  for (const [who, event] of forms) {
    it(`is known at a glance: ${who}`, () => {
      for (const text of [...asBoth(JSON.stringify(event)), ...asBoth(spaced(event))]) expect(canonicalAppend(text)).toBe(1920)
    })
  }
  it('is known at any length, piece by piece', () => {
    for (const bytes of [0, 1, 2, 3, 49_151, 49_152, 49_153, 49_154, 49_155, 300_000]) {
      for (const text of asBoth(JSON.stringify({ ...append, audio: Buffer.alloc(bytes, 7).toString('base64') }))) expect(canonicalAppend(text)).toBe(bytes)
    }
  })
})

describe('what only looks like it', () => {
  const head = `{"type":"input_audio_buffer.append","audio":"`
  const strange: [string, string][] = [
    ['a repeated key', `${head}","type":"session.update"}`],
    ['a repeated key behind audio', `${head}${audio}","type":"session.update"}`],
    ['a type said twice, and the same', `${head}${audio}","type":"input_audio_buffer.append"}`],
    ['an id said twice', `{"event_id":"a","type":"input_audio_buffer.append","audio":"${audio}","event_id":"b"}`],
    ['another field', `${head}${audio}","session":{}}`],
    ['audio twice', `${head}${audio}","audio":"${audio}"}`],
    ['an escape in the audio', `${head}AAAA\\u0022,AAAA"}`],
    ['an escape in the id', `${head}${audio}","event_id":"a\\",\\"type"}`],
    ['a line break in the audio', `${head}AAA\nAAAA"}`],
    ['a zero byte in the audio', `${head}AAA\0"}`],
    ['spaces in the audio', `${head}AAA AAA "}`],
    ['the URL alphabet', `${head}AA-_"}`],
    ['letters whose low byte is one of base64', `${head}\u0141\u0142AA"}`],
    ['padding inside', `${head}AA==AAAA"}`],
    ['padding of three', `${head}A==="}`],
    ['no whole number of groups', `${head}AAAAA"}`],
    ['no type', `{"audio":"${audio}"}`],
    ['no end', `${head}${audio}`],
    ['something behind the end', `${head}${audio}"}{}`],
    ['no object', `[${JSON.stringify(append)}]`],
    ['half of it', head.slice(0, 20)],
    ['nothing', ''],
  ]
  for (const [what, text] of strange) {
    it(`takes the slow road: ${what}`, () => {
      for (const form of asBoth(text)) expect(canonicalAppend(form)).toBeUndefined()
    })
  }
})

/** Pieces of which an append could be forged. */
const pieces = fc.constantFrom('{', '}', '"', ',', ':', ' ', '\\', '\n', '\0', '=', '==', 'é', '\u0141', 'AAAA', 'audio', '"audio":"', '"type":"input_audio_buffer.append"', '"type":"session.update"',
  '"event_id":"e"', '{"type":"input_audio_buffer.append","audio":"', '"}', '","event_id":"e"}', '","type":"input_audio_buffer.append"}', '__proto__', '-', '_')
const forged = fc.array(fc.oneof({ weight: 4, arbitrary: pieces }, { weight: 1, arbitrary: fc.base64String({ maxLength: 40 }) }), { maxLength: 12 }).map(parts => parts.join(''))
const nearly = fc.tuple(fc.constantFrom(...forms.flatMap(([, event]) => [JSON.stringify({ ...event, audio: 'AAAAAAAA' }), spaced({ ...event, audio: 'AAAAAAAA' })])), fc.nat(), fc.nat({ max: 3 }), pieces)
  .map(([text, at, cut, piece]) => `${text.slice(0, at % text.length)}${piece}${text.slice(at % text.length + cut)}`)

describe('whatever the text', () => {
  it('what is known at a glance parses to an append with nothing else in it', () => {
    let known = 0
    fc.assert(fc.property(fc.oneof(forged, nearly), fc.boolean(), (text, asBytes) => {
      const bytes = canonicalAppend(asBytes ? Buffer.from(text) : text)
      if (bytes === undefined) return
      known++
      const event = JSON.parse(text) as Record<string, unknown>
      expect(Object.hasOwn(event, 'type') && event.type).toBe('input_audio_buffer.append')
      expect(Object.keys(event).filter(key => !['type', 'audio', 'event_id'].includes(key))).toEqual([])
      expect(Buffer.from(event.audio as string, 'base64')).toHaveLength(bytes)
    }), { numRuns: 20_000 })
    expect(known).toBeGreaterThan(50)
  })
  it('bytes that are no UTF-8 are never known at a glance', () => {
    fc.assert(fc.property(fc.nat({ max: 60 }), fc.integer({ min: 0x80, max: 0xFF }), (at, byte) => {
      const bytes = Buffer.from(JSON.stringify({ ...append, audio: 'AAAAAAAA' }))
      bytes[at % bytes.length] = byte
      expect(canonicalAppend(bytes)).toBeUndefined()
    }))
  })
  it('base64 is told from what is not as a pattern would', () => {
    const strict = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
    const letters = fc.array(fc.constantFrom('A', 'z', '9', '+', '/', '=', '-', '_', ' ', '\n', 'é', '\u0141', '\ud83d', '\0', '.'), { maxLength: 12 }).map(list => list.join(''))
    fc.assert(fc.property(fc.oneof(letters, fc.base64String({ maxLength: 24 })), text => {
      expect(base64Bytes(text, 0, text.length)).toBe(strict.test(text) ? Buffer.from(text, 'base64').length : undefined)
      const bytes = Buffer.from(text)
      expect(base64Bytes(bytes, 0, bytes.length) !== undefined).toBe(strict.test(text))
    }), { numRuns: 20_000 })
  })
})
