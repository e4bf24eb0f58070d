import { frame, type FrameOptions } from './raw-line.ts'

/**
 * What a client may and may not send, frame by frame. `close`: the code that RFC 6455 asks for (1005: a close without a code).
 * `lives`: the connection is as good as before, and says `answers` (payloads of pongs) on the way.
 */
export type Outcome = { close: number } | { lives: true, pongs?: string[] }
export interface FramingCase { name: string, frames: Buffer[], outcome: Outcome }

const TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10
const named: Record<number, string> = { 0: 'continuation', [TEXT]: 'text', [BINARY]: 'binary', [CLOSE]: 'close', [PING]: 'ping', [PONG]: 'pong' }
const nameOf = (opcode: number) => named[opcode] ?? `opcode ${opcode}`
const filled = (bytes: number) => Buffer.alloc(bytes, 'a')
const text = (said: string | Buffer, more: FrameOptions = {}) => frame({ opcode: TEXT, payload: Buffer.from(said), ...more })
const more = (said: string | Buffer, fin: boolean) => frame({ opcode: 0, fin, payload: Buffer.from(said) })
const broken = (name: string, frames: Buffer[], close = 1002): FramingCase => ({ name, frames, outcome: { close } })
const fine = (name: string, frames: Buffer[], pongs?: string[]): FramingCase => ({ name, frames, outcome: { lives: true, pongs } })

/** An event that the model answers with nothing but itself, in as many bytes as wanted. */
function event(bytes?: number): string {
  const short = '{"type":"input_audio_buffer.clear"}'
  return bytes === undefined ? short : `${short.slice(0, -1)}${' '.repeat(bytes - short.length)}}`
}

const reserved = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap(opcode => [true, false].map(fin =>
  broken(`opcode ${opcode}, ${fin ? 'final' : 'not final'}`, [frame({ opcode, fin, payload: filled(fin ? 0 : 3) })])))

const rsv = [1, 2, 3, 4, 5, 6, 7].flatMap(bits => [TEXT, BINARY, CLOSE, PING, PONG].map(opcode =>
  broken(`RSV bits ${bits.toString(2).padStart(3, '0')} on ${nameOf(opcode)}`, [frame({ opcode, rsv: bits })])))

const unmasked = [TEXT, BINARY, CLOSE, PING, PONG].flatMap(opcode => [0, 5, 125].map(bytes =>
  broken(`unmasked ${nameOf(opcode)} of ${bytes} bytes`, [frame({ opcode, masked: false, payload: filled(bytes) })])))

const fragmentedControl = [CLOSE, PING, PONG].flatMap(opcode => [0, 5, 125].map(bytes =>
  broken(`${nameOf(opcode)} of ${bytes} bytes, not final`, [frame({ opcode, fin: false, payload: filled(bytes) })])))

const longControl = [CLOSE, PING, PONG].flatMap(opcode => [
  ...[126, 127, 1000, 65_536].map(bytes => broken(`${nameOf(opcode)} of ${bytes} bytes`, [frame({ opcode, payload: filled(bytes) })])),
  broken(`${nameOf(opcode)} of 5 bytes, its length in 16 bits`, [frame({ opcode, payload: filled(5), lengthAs: 16 })]),
])

const control: FramingCase[] = [
  ...[0, 1, 124, 125].map(bytes => fine(`ping of ${bytes} bytes`, [frame({ opcode: PING, payload: filled(bytes) })], [filled(bytes).toString()])),
  ...[0, 1, 125].map(bytes => fine(`pong of ${bytes} bytes that nobody asked for`, [frame({ opcode: PONG, payload: filled(bytes) })])),
  fine('ping of bytes that are no text', [frame({ opcode: PING, payload: Buffer.from([0xFF, 0xFE, 0]) })]),
  fine('ten pings at once', Array.from({ length: 10 }, (_, n) => frame({ opcode: PING, payload: Buffer.from(`p${n}`) })), Array.from({ length: 10 }, (_, n) => `p${n}`)),
]

const e = event()
const cut = (pieces: number) => Array.from({ length: pieces }, (_, n) => e.slice(Math.floor(n * e.length / pieces), Math.floor((n + 1) * e.length / pieces)))
const fragments = (pieces: string[]) => pieces.map((piece, n) => n === 0 ? text(piece, { fin: pieces.length === 1 }) : more(piece, n === pieces.length - 1))
const fragmentation: FramingCase[] = [
  ...[2, 3, 5, e.length].map(pieces => fine(`text in ${pieces} fragments`, fragments(cut(pieces)))),
  fine('text with empty fragments', [text('', { fin: false }), more('', false), more(e, false), more('', true)]),
  fine('a ping between fragments', [text(e.slice(0, 9), { fin: false }), frame({ opcode: PING, payload: Buffer.from('mid') }), more(e.slice(9), true)], ['mid']),
  fine('a pong between fragments', [text(e.slice(0, 9), { fin: false }), frame({ opcode: PONG }), more(e.slice(9), true)]),
  broken('a close between fragments', [text(e.slice(0, 9), { fin: false }), frame({ opcode: CLOSE, payload: Buffer.from([3, 232]) })], 1000),
  ...[true, false].flatMap(fin => [0, 5].map(bytes => broken(`continuation of ${bytes} bytes without a start, ${fin ? 'final' : 'not final'}`, [frame({ opcode: 0, fin, payload: filled(bytes) })]))),
  ...[TEXT, BINARY].flatMap(first => [TEXT, BINARY].flatMap(second => [true, false].map(fin => broken(
    `${nameOf(second)}, ${fin ? 'final' : 'not final'}, in the middle of ${nameOf(first)} in fragments`,
    [frame({ opcode: first, fin: false, payload: filled(3) }), frame({ opcode: second, fin, payload: filled(3) })],
  )))),
  broken('a continuation after the last fragment', [...fragments(cut(2)), more('x', true)]),
  broken('RSV bits on a continuation', [text('{', { fin: false }), frame({ opcode: 0, rsv: 4, payload: filled(1) })]),
  broken('an unmasked continuation', [text('{', { fin: false }), frame({ opcode: 0, masked: false, payload: filled(1) })]),
]

/** The RFC binds who writes a length to the shortest form, and names no answer to a longer one: read as what it says. */
const lengths: FramingCase[] = [
  ...([16, 64] as const).map(bits => fine(`a length of ${e.length} in ${bits} bits`, [text(e, { lengthAs: bits })])),
  fine('a length of 200 in 64 bits', [text(event(200), { lengthAs: 64 })]),
  ...[125, 126, 127, 128, 65_535].map(bytes => fine(`text of ${bytes} bytes`, [text(event(bytes))])),
  fine('a mask of zeros', [Buffer.concat([Buffer.from([0x81, 0x80 | e.length, 0, 0, 0, 0]), Buffer.from(e)])]),
  fine('a byte at a time', [...text(e)].map(byte => Buffer.from([byte]))),
  fine('twenty events in one packet', [Buffer.concat(Array.from({ length: 20 }, () => text(e)))]),
  ...[90 * 1024 * 1024, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 1].map(said => broken(`a header that promises ${said} bytes`, [frame({ lengthSaid: said, lengthAs: 64 })], 1009)),
  ...[[0x80, 0, 0, 0, 0, 0, 0, 1], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0, 0x20, 0, 0, 0, 0, 0, 0]].map(bytes =>
    broken(`a 64-bit length of ${Buffer.from(bytes).toString('hex')}`, [Buffer.from([0x81, 0xFF, ...bytes, 1, 2, 3, 4])], 1009)),
]

const codeBytes = (code: number, reason: string | Buffer = '') => Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)])
const close = (payload: Buffer) => [frame({ opcode: CLOSE, payload })]
const closes: FramingCase[] = [
  broken('a close without a code', close(Buffer.alloc(0)), 1005),
  broken('a close of one byte', close(Buffer.from([3]))),
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map(code => broken(`a close with ${code}`, close(codeBytes(code)), code)),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(code => broken(`a close with ${code}, which may not be sent`, close(codeBytes(code)))),
  broken('a close with a reason of 123 bytes', close(codeBytes(1000, filled(123))), 1000),
  broken('a close with a reason of 124 bytes', close(codeBytes(1000, filled(124)))),
  broken('a close with a reason beyond ASCII', close(codeBytes(1000, 'à bientôt 👋')), 1000),
]

const badUtf8: [string, number[]][] = [
  ['a lone continuation byte', [0x80]], ['FF', [0xFF]], ['FE', [0xFE]], ['an overlong slash', [0xC0, 0xAF]], ['an overlong NUL', [0xE0, 0x80, 0x80]],
  ['a surrogate', [0xED, 0xA0, 0x80]], ['beyond U+10FFFF', [0xF4, 0x90, 0x80, 0x80]], ['five bytes', [0xF8, 0x88, 0x80, 0x80, 0x80]], ['a character cut short', [0xE2, 0x82]],
  ['two starts in a row', [0xC3, 0xC3]],
]
const utf8: FramingCase[] = [
  ...badUtf8.flatMap(([name, bytes]) => [
    broken(`text with ${name}`, [text(Buffer.from([0x22, ...bytes, 0x22]))], 1007),
    broken(`text in fragments with ${name}`, [text('"', { fin: false }), ...bytes.map(byte => more(Buffer.from([byte]), false)), more('"', true)], 1007),
    broken(`a close whose reason has ${name}`, close(codeBytes(1000, Buffer.from(bytes))), 1007),
  ]),
  fine('a character split over fragments', splitCharacter()),
]

function splitCharacter(): Buffer[] {
  const bytes = Buffer.from('{"event_id":"👋","type":"input_audio_buffer.clear"}')
  const at = bytes.indexOf(0xF0) + 2
  return [text(bytes.subarray(0, at), { fin: false }), more(bytes.subarray(at), true)]
}

const after = [text(e), frame({ opcode: PING, payload: filled(3) }), text(filled(70_000)), frame({ opcode: 3 }),
  frame({ opcode: CLOSE, payload: codeBytes(4999) })]
const afterClose: FramingCase[] = after.map((late, n) => broken(`data after close (${['text', 'ping', 'long text', 'a reserved opcode', 'another close'][n]}) is ignored`, [frame({ opcode: CLOSE, payload: codeBytes(1000) }), late], 1000))

export const framingCases: FramingCase[] = [
  ...reserved, ...rsv, ...unmasked, ...fragmentedControl, ...longControl, ...control, ...fragmentation, ...lengths, ...closes, ...utf8, ...afterClose,
]
