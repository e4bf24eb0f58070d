import { describe, expect, it } from 'vitest'
import { createGate } from '../../../../server/policy/client-gate.ts'
import { createPace, pageRates, programRates } from '../../../../server/policy/rates.ts'
import { protocolList } from '../../../contract/protocol-list.ts'
import { inWords } from './told-events.ts'

const append = (chars: number) => Buffer.from(`{"type":"input_audio_buffer.append","audio":"${'A'.repeat(chars)}"}`)

describe('a program', () => {
  it('passes every event of the protocol, and any other, as the very bytes that came', () => {
    const gate = createGate({ policy: 'open' })
    const events = [...protocolList.client, ...protocolList.server].map(({ type, required, fieldTypes }) =>
      ({ ...Object.fromEntries(required.map(name => [name, fieldTypes[name] === 'number' ? 1 : fieldTypes[name] === 'string' ? 'x' : {}])), type, strange: ' 1é' }))
    expect(events.length).toBeGreaterThan(50)
    for (const event of [...events, { type: 'session.close' }, { type: '' }, { type: 'kaiwa.x' }]) {
      const texts = [JSON.stringify(event), Buffer.from(JSON.stringify(event, null, 2))]
      for (const text of texts) expect(gate.check(text, 0)).toMatchObject({ do: 'pass', type: event.type })
      for (const text of texts) expect((gate.check(text, 0) as { text: unknown }).text).toBe(text)
    }
  })
  it('passes audio of another format, and a whole recording at once', () => {
    const gate = createGate({ policy: 'open' })
    expect(inWords(gate.check(append(4), 0))).toBe('pass')
    expect(inWords(gate.check(append(20 * 1024 * 1024), 0))).toBe('pass')
  })
  it('passes audio that the other side will refuse, since that is for the other side to say', () => {
    expect(inWords(createGate({ policy: 'open' }).check('{"type":"input_audio_buffer.append","audio":"!"}', 0))).toBe('pass')
  })
  it('is told when a message is no event', () => {
    const words = ['{bad', '', 'null', '[]', '42', '{}', '{"type":null}', '{"type":"input_audio_buffer.append","audio":"AAAA\n"}', Buffer.from([0xFF])]
      .map(text => inWords(createGate({ policy: 'open' }).check(text, 0)))
    expect(words).toEqual(['invalid_json', 'invalid_json', 'invalid_event', 'invalid_event', 'invalid_event', 'invalid_event type', 'invalid_type type', 'invalid_json', 'invalid_json'])
  })
  it('is refused what would be dear to parse before it is parsed', () => {
    const check = (text: string) => inWords(createGate({ policy: 'open' }).check(text, 0))
    const begunMs = performance.now()
    expect(check('['.repeat(20e6))).toBe('invalid_json')
    expect(check(`{"type":"x","a":${'['.repeat(1e6)}${']'.repeat(1e6)}}`)).toBe('invalid_json')
    expect(check(`{"type":"x","a":[${'{},'.repeat(6e6)}{}]}`)).toBe('invalid_json')
    // Parsed, the first alone holds up everyone for seconds.
    expect(performance.now() - begunMs).toBeLessThan(2000)
    expect(check(`{"type":"x","a":"${'[{,\\"'.repeat(200_000)}"}`)).toBe('pass')
  })
})

describe('more than twenty slips in ten seconds', () => {
  for (const [policy, text] of [['locked', '{"type":"no.such.event"}'], ['locked', '{bad'], ['open', '{bad']] as const) {
    it(`ends the call: ${policy}, ${text}`, () => {
      const gate = createGate({ policy })
      for (let n = 0; n < 20; n++) expect(gate.check(text, n * 100).do).toBe('refuse')
      expect(gate.check(text, 9_999)).toEqual({ do: 'end', fault: { code: 'rules_broken', what: 'unknown_events' } })
    })
  }
  it('are not twenty-one in eleven', () => {
    const gate = createGate({ policy: 'locked' })
    for (let n = 0; n < 100; n++) expect(gate.check('{bad', n * 501).do).toBe('refuse')
  })
  it('are not what a page may not do: a client of the API that does not know its place hears it each time', () => {
    const gate = createGate({ policy: 'locked' })
    for (let n = 0; n < 100; n++) expect(gate.check('{"type":"session.update","session":{"type":"realtime","tools":[]}}', n).do).toBe('refuse')
  })
})

describe('how fast', () => {
  const frameChars = 40 * 64
  it('a page may send ten seconds that waited and fifteen that were stuck at once, and go on talking', () => {
    const gate = createGate({ policy: 'locked' })
    for (let ms = 0; ms < 25_000; ms += 40) expect(gate.check(append(frameChars), 0).do).toBe('pass')
    for (let ms = 0; ms < 60_000; ms += 40) expect(gate.check(append(frameChars), ms).do).toBe('pass')
  })
  it('a page may talk for two hours in frames of 20 ms', () => {
    const pace = createPace(pageRates)
    const frames = Array.from({ length: 7_200_000 / 20 }, (_, n) => n * 20)
    expect(frames.some(ms => pace.take(20 * 64 + 49, ms) !== undefined)).toBe(false)
  })
  it('a page that sends a recording five times as fast as it was spoken is cut off', () => {
    const gate = createGate({ policy: 'locked' })
    const verdicts = Array.from({ length: 5000 }, (_, n) => gate.check(append(frameChars), n * 8))
    expect(verdicts.find(({ do: what }) => what !== 'pass')).toEqual({ do: 'end', fault: { code: 'client_too_fast', what: 'bytes' } })
  })
  it('a page that sends a flood of small events is cut off', () => {
    const gate = createGate({ policy: 'locked' })
    const words = Array.from({ length: 1201 }, () => inWords(gate.check('{"type":"response.create"}', 0)))
    expect([words.filter(word => word === 'pass').length, words[1200]]).toEqual([1200, 'client_too_fast'])
    expect(inWords(gate.check('{"type":"response.create"}', 5))).toBe('client_too_fast')
    expect(inWords(gate.check('{"type":"response.create"}', 10))).toBe('pass')
  })
  it('what is refused counts too, before it is looked at', () => {
    const gate = createGate({ policy: 'locked', rates: { ...pageRates, burstEvents: 2 } })
    expect([0, 1, 2].map(() => inWords(gate.check('{bad', 0)))).toEqual(['invalid_json', 'invalid_json', 'client_too_fast'])
  })
  it('a program may send three of the largest appends at once, and no endless flood', () => {
    const gate = createGate({ policy: 'open' })
    const largest = append(20 * 1024 * 1024)
    expect([0, 0, 0, 0, 2_010, 4_600].map(ms => inWords(gate.check(largest, ms)))).toEqual(['pass', 'pass', 'pass', 'client_too_fast', 'pass', 'pass'])
    expect(programRates.burstEvents / programRates.eventsPerSecond).toBe(10)
  })
  it('an hour of silence saves up no more than there was at the start', () => {
    const rates = { bytesPerSecond: 10, burstBytes: 10, eventsPerSecond: 10, burstEvents: 2 }
    const [byBytes, byEvents] = [createPace(rates), createPace(rates)]
    expect([byBytes.take(10, 0), byBytes.take(11, 3_600_000)]).toEqual([undefined, 'bytes'])
    expect([byEvents.take(1, 0), ...[1, 2, 3].map(() => byEvents.take(1, 3_600_000))]).toEqual([undefined, undefined, undefined, 'events'])
  })
  it('a clock that goes back gives nothing and takes nothing', () => {
    const pace = createPace({ bytesPerSecond: 1, burstBytes: 10, eventsPerSecond: 1000, burstEvents: 1000 })
    expect([[10, 5_000], [1, 0], [1, 900], [1, 1_000]].map(([bytes, ms]) => pace.take(bytes!, ms!))).toEqual([undefined, 'bytes', 'bytes', undefined])
  })
})
