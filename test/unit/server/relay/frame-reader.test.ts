import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { FrameReader } from '../../../../server/relay/frame-reader.ts'
import { frame, type FrameOptions } from '../../../fakes/raw-line.ts'

/** What a reader makes of bytes, as a list of what it said. */
function reader(maxBytes = 1000) {
  const said: string[] = []
  const frames = new FrameReader({
    text: message => said.push(`text ${message}`),
    binary: () => said.push('binary'),
    ping: payload => said.push(`ping ${payload}`),
    pong: () => said.push('pong'),
    emptyPiece: () => said.push('empty'),
    goodbye: (code, reason) => said.push(`goodbye ${code} ${reason}`),
    broken: code => said.push(`broken ${code}`),
  }, { maxBytes, masked: true })
  return { frames, said }
}
const heard = (...frames: FrameOptions[]) => {
  const { frames: reads, said } = reader()
  for (const options of frames) reads.push(frame(options))
  return said
}
const TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10
const text = (payload: string, more: FrameOptions = {}): FrameOptions => ({ opcode: TEXT, payload: Buffer.from(payload), ...more })

describe('frames', () => {
  it('are messages, in order, whatever stands between the pieces of one', () => {
    expect(heard(text('a'), text('b', { fin: false }), { opcode: PING, payload: Buffer.from('p') }, text('c', { opcode: 0 }), { opcode: PONG }, text('d')))
      .toEqual(['text a', 'ping p', 'text bc', 'pong', 'text d'])
  })

  it('that are long and come in many pieces are copied a few times, not once for each piece', () => {
    const copied = vi.spyOn(Buffer.prototype, 'copy')
    const bytes = frame({ opcode: TEXT, payload: Buffer.alloc(4 * 1024 * 1024, 'x') })
    const { frames, said } = reader(bytes.length)
    for (let at = 0; at < bytes.length; at += 16 * 1024) frames.push(Buffer.from(bytes.subarray(at, at + 16 * 1024)))
    const copiedBytes = copied.mock.results.reduce((sum, { value }) => sum + (value as number), 0)
    copied.mockRestore()
    expect(said).toHaveLength(1)
    expect(copiedBytes).toBeLessThan(4 * bytes.length)
  })

  it('of bytes are told as such, in pieces, too', () => {
    expect(heard({ opcode: BINARY, payload: Buffer.from([255]) }, { opcode: BINARY, fin: false, payload: Buffer.from([1]) }, { opcode: 0 })).toEqual(['binary', 'empty', 'binary'])
  })

  it('come to the same, however they are cut and joined on the way', () => {
    const anyFrame = fc.record({
      opcode: fc.constantFrom(TEXT, BINARY, PING, PONG), size: fc.integer({ min: 0, max: 120 }), pieces: fc.integer({ min: 1, max: 3 }),
    })
    const anyCuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 })
    fc.assert(fc.property(fc.array(anyFrame, { maxLength: 8 }), anyCuts, (wanted, cuts) => {
      const bytes = Buffer.concat(wanted.flatMap(({ opcode, size, pieces }) => {
        const payload = Buffer.alloc(size, 'é')
        const whole = opcode === TEXT ? Buffer.from('x'.repeat(size)) : payload
        if (opcode >= CLOSE) return [frame({ opcode, payload: whole })]
        const piece = (n: number) => whole.subarray(Math.floor(n * size / pieces), Math.floor((n + 1) * size / pieces))
        return Array.from({ length: pieces }, (_, n) => frame({ opcode: n === 0 ? opcode : 0, fin: n === pieces - 1, payload: piece(n) }))
      }))
      const atOnce = reader()
      atOnce.frames.push(Buffer.from(bytes))
      const inPieces = reader()
      for (let at = 0, n = 0; at < bytes.length; n++) {
        const to = Math.min(bytes.length, at + cuts[n % cuts.length]!)
        inPieces.frames.push(Buffer.from(bytes.subarray(at, to)))
        at = to
      }
      expect(inPieces.said).toEqual(atOnce.said)
      expect(atOnce.said.filter(word => /text|binary|ping|pong/.test(word))).toHaveLength(wanted.length)
    }))
  })
})

describe('what a side may not say', () => {
  it.each([
    ['a frame without a mask', [text('a', { masked: false })], 1002],
    ['a bit that no extension gave a meaning', [text('a', { rsv: 4 })], 1002],
    ['an opcode that has none', [{ opcode: 3 }], 1002],
    ['a ping in pieces', [{ opcode: PING, fin: false }], 1002],
    ['a ping of 126 bytes', [{ opcode: PING, payload: Buffer.alloc(126) }], 1002],
    ['a piece of nothing', [{ opcode: 0 }], 1002],
    ['a new message within another', [text('a', { fin: false }), text('b')], 1002],
    ['a goodbye of one byte', [{ opcode: CLOSE, payload: Buffer.from([3]) }], 1002],
    ['a goodbye with a code that is nobody’s to send', [{ opcode: CLOSE, payload: Buffer.from([3, 237]) }], 1002],
    ['a goodbye in no language', [{ opcode: CLOSE, payload: Buffer.from([3, 232, 255]) }], 1007],
    ['text that is none', [{ opcode: TEXT, payload: Buffer.from([0xC3, 0x28]) }], 1007],
    ['more than was allowed, by its header', [{ opcode: TEXT, lengthSaid: 1001, lengthAs: 16 }], 1009],
    ['more than was allowed, in pieces', [text('x'.repeat(600), { fin: false }), text('x'.repeat(401), { opcode: 0 })], 1009],
  ] as [string, FrameOptions[], number][])('%s', (_, frames, code) => {
    expect(heard(...frames, text('afterwards')).at(-1)).toBe(`broken ${code}`)
  })

  it('is a message in pieces of letters cut in half, as long as the whole is text', () => {
    const bytes = Buffer.from('é')
    expect(heard({ opcode: TEXT, fin: false, payload: bytes.subarray(0, 1) }, { opcode: 0, payload: bytes.subarray(1) })).toEqual(['text é'])
  })
})

it('after a goodbye nothing is heard', () => {
  expect(heard({ opcode: CLOSE, payload: Buffer.from([3, 232, 0x6F, 0x6B]) }, text('a'))).toEqual(['goodbye 1000 ok'])
  expect(heard({ opcode: CLOSE })).toEqual(['goodbye 1005 '])
})

it('what comes while nobody listens waits, in order, also the rest of the packet in which somebody stopped listening', () => {
  const said: string[] = []
  const frames: FrameReader = new FrameReader({
    text(message) {
      said.push(message.toString())
      if (said.length === 1) frames.wait()
    },
    binary() {}, ping() {}, pong() {}, emptyPiece() {}, goodbye() {}, broken() {},
  }, { maxBytes: 1000, masked: true })
  const third = frame(text('c'))
  frames.push(Buffer.concat([frame(text('a')), frame(text('b')), third.subarray(0, 3)]))
  frames.push(third.subarray(3))
  expect(said).toEqual(['a'])
  frames.goOn()
  expect(said).toEqual(['a', 'b', 'c'])
})

it('a message keeps its bytes, whatever comes after it', () => {
  const kept: Buffer[] = []
  const nothing = () => undefined
  const frames = new FrameReader({
    text: message => kept.push(message), binary: nothing, ping: nothing, pong: nothing, emptyPiece: nothing, goodbye: nothing, broken: nothing,
  }, { maxBytes: 1000, masked: true })
  for (const byte of Buffer.concat(['one', 'two', 'three'].map(word => frame(text(word))))) frames.push(Buffer.from([byte]))
  expect(kept.map(String)).toEqual(['one', 'two', 'three'])
})
