import { cut, testsOf, type Defence } from './defence.ts'

const reader = 'server/relay/frame-reader.ts'
const link = 'server/relay/websocket-link.ts'
const doorway = 'server/realtime/door.ts'
const siege = testsOf('test/integration/abuse-framing.test.ts')
const halfOpen = testsOf('test/unit/server/relay/half-open.test.ts')

/** From a page and from a program. */
const fromBoth = (...names: string[]) => siege(...names.flatMap(name => [`framing, from a page ${name}`, `framing, from a program ${name}`]))

/** What a frame may be (RFC 6455). */
export const framing: readonly Defence[] = [
  {
    row: 'unmasked client frame → C1002',
    without: [
      cut(reader, ' || ((second & 0x80) !== 0) !== this.#masked', ''),
      cut(reader, 'const headBytes = (short < 126 ? 2 : short === 126 ? 4 : 10) + (this.#masked ? KEY_BYTES : 0)', 'const isMasked = (second & 0x80) !== 0\n    const headBytes = (short < 126 ? 2 : short === 126 ? 4 : 10) + (isMasked ? KEY_BYTES : 0)'),
      cut(reader, 'if (this.#masked) bufferutil.unmask', 'if (isMasked) bufferutil.unmask'),
    ],
    tests: [fromBoth('unmasked client frame → C1002'), siege('unmasked text of 5 bytes', 'unmasked ping of 5 bytes', 'an unmasked continuation')],
  },
  {
    row: 'RSV bits → C1002',
    without: [cut(reader, '(first & RESERVED) !== 0 || ', '')],
    tests: [fromBoth('RSV bits → C1002'), siege('RSV bits 100 on text', 'RSV bits 010 on text', 'RSV bits 001 on ping', 'RSV bits on a continuation')],
  },
  {
    row: 'reserved opcode → C1002',
    without: [
      cut(reader, 'return opcode <= PONG && (first & 0x80) !== 0', 'return (first & 0x80) !== 0'),
      cut(reader, 'opcode <= BINARY && this.#opcode === 0', 'this.#opcode === 0'),
      cut(reader, 'default:\n        if (!isLast)', 'case CONTINUATION:\n        if (!isLast)'),
    ],
    tests: [fromBoth('reserved opcode → C1002'), siege('opcode 3, final', 'opcode 11, final')],
  },
  {
    row: 'fragmented control frame → C1002',
    without: [cut(reader, 'return opcode <= PONG && (first & 0x80) !== 0 &&', 'return opcode <= PONG &&')],
    tests: [fromBoth('fragmented control frame → C1002'), siege('ping of 5 bytes, not final', 'pong of 5 bytes, not final')],
  },
  {
    row: 'ping of 126 bytes and more → C1002',
    without: [cut(reader, ' && (second & 0x7F) <= MAX_CONTROL_BYTES', '')],
    tests: [fromBoth('ping of 126 bytes → C1002'), siege('RFC 6455 pong of 126 bytes', 'RFC 6455 pong of 1000 bytes')],
  },
  {
    row: 'a message within a message, or none that goes on → C1002',
    without: [cut(reader, 'return opcode === CONTINUATION ? this.#opcode !== 0 : opcode <= BINARY && this.#opcode === 0', 'return opcode <= BINARY')],
    tests: [siege('RFC 6455 text, final, in the middle of text', 'continuation of 5 bytes without a start', 'a continuation after the last fragment')],
  },
  {
    row: 'text that is not UTF-8 → C1007',
    without: [cut(reader, 'else if (isUtf8(message)) this', 'else if (true) this')],
    tests: [fromBoth('invalid UTF-8 → C1007'), siege('text with a surrogate', 'text in fragments with FF')],
  },
  {
    row: 'a close whose reason is not UTF-8 → C1007',
    without: [cut(reader, 'if (!isUtf8(reason)) return this.#break(1007)', '')],
    tests: [siege('a close whose reason has FF')],
  },
  {
    row: 'a close with a code that may not be sent → C1002',
    without: [cut(reader, 'if (payload.length > 0 && !isSendable(code)) return this.#break(1002)', '')],
    tests: [siege('a close with 1005, which may not be sent', 'a close with 5000, which may not be sent')],
  },
  {
    row: 'a close of one byte → C1002',
    without: [cut(reader, 'if (payload.length === 1) return this.#break(1002)', 'if (payload.length === 1) payload = NOTHING')],
    tests: [siege('a close of one byte')],
  },
  {
    row: '64 KiB + 1 from a page → C1009 without buffering it',
    without: [cut(doorway, 'Math.min(maxEventBytes, MAX_PAGE_EVENT_BYTES)', 'maxEventBytes')],
    tests: [siege('64 KiB + 1 from a page → C1009', 'framing, from a page one byte more than the bound'), testsOf('test/integration/relay-endings.test.ts')('a page may send 64 KiB at once and no more')],
  },
  {
    row: '90 MiB frame header, slow body → C1009 at the header; endless fragments → C1009',
    without: [cut(reader, 'if (opcode < CLOSE && length + this.#messageBytes > this.#maxBytes) return this.#break(1009)', '')],
    tests: [fromBoth('90 MiB frame header, slow body', 'endless fragments → C1009', 'one byte more than the bound'), siege('a header that promises 94371840 bytes')],
  },
  {
    row: 'what a header promises takes no memory until it comes',
    without: [cut(reader, 'if (has < headBytes + length) return undefined', 'if (has < headBytes + length) {\n      this.#held = withRoom(this.#held, this.#heldBytes, length, this.#maxBytes + 14).fill(1, this.#heldBytes)\n      return undefined\n    }')],
    tests: [siege('framing, from a program a header within the bound whose body never comes')],
  },
  {
    row: 'deflate bomb → no extension is agreed to',
    without: [cut('server/realtime/client-lines.ts', 'answerHandshake(line, handshake.accept, subprotocol)', 'answerHandshake(line, String(request.headers[\'sec-websocket-extensions\']).includes(\'webkit\') ? `${handshake.accept}\\r\\nSec-WebSocket-Extensions: permessage-deflate` : handshake.accept, subprotocol)')],
    tests: [siege('framing, from a program deflate offered → refused')],
  },
  {
    row: 'ping flood, 10,000 a second → C1008',
    without: [cut(link, 'if (++this.#pings > (this.#beat.maxPings ?? 100)) this.close(1008', 'if (++this.#pings > Infinity) this.close(1008')],
    tests: [fromBoth('flood of pings', 'flood of pongs'), halfOpen('a flood of pings or pongs is closed 1008')],
  },
  {
    row: 'a hundred thousand empty fragments → counted as pings are',
    without: [cut(link, 'emptyPiece() { this.#control() }', 'emptyPiece() { this.#heard() }')],
    tests: [halfOpen('a flood of pieces with nothing in them is closed 1008')],
  },
  {
    row: 'pings of who reads nothing → their pongs don\'t pile up',
    without: [cut(link, ' && this.unreadBytes < MAX_UNREAD_FOR_PONG_BYTES', '')],
    tests: [halfOpen('who doesn\'t read gets no pongs on top of what waits')],
  },
  {
    row: 'binary when text expected → `error` `invalid_event`; the connection lives',
    without: [cut(reader, 'if (opcode === BINARY) this.#listener.binary()', 'if (opcode === BINARY) this.#listener.text(message)')],
    tests: [fromBoth('binary when text expected'), testsOf('test/integration/door.test.ts')('answers a binary frame with an error, and lives')],
  },
  {
    row: 'data after close → ignored; layers: nothing more is read, and the link hears nothing any more',
    without: [
      cut(reader, '    this.stop()\n    this.#listener.goodbye(code, reason.toString())', '    this.#listener.goodbye(code, reason.toString())'),
      cut(link, 'if (this.#phase === \'open\') this.#listener?.message(message)', 'this.#listener?.message(message)'),
    ],
    tests: [fromBoth('data after close → ignored')],
  },
  {
    row: 'data after a close of ours → ignored',
    without: [cut(link, 'if (this.#phase === \'open\') this.#listener?.message(message)', 'this.#listener?.message(message)')],
    tests: [halfOpen('what comes after a close is not heard')],
  },
  {
    row: 'who breaks the rules, or says goodbye, and never hangs up → cut, and the call with it',
    without: [cut(link, '    this.#killAfter(this.#beat.closeWithinMs ?? 2000)\n  }\n\n  #killAfter', '  }\n\n  #killAfter')],
    tests: [fromBoth('who breaks the rules and then never hangs up', 'who says goodbye and then never hangs up', 'who promises too much and then never hangs up')],
  },
  {
    row: 'a line that is reset → an error of that connection, not of the process; layers: the line\'s own listener, and the door\'s or the dial\'s',
    without: [
      cut(link, 'line.on(\'error\', () => line.destroy())', ''),
      cut(doorway, 'socket.on(\'error\', () => undefined)\n    const impatience', 'const impatience'),
    ],
    tests: [siege('8 bytes of a frame, then gone'), testsOf('test/integration/relay-faults.test.ts')('U10: a reset line')],
  },
]
